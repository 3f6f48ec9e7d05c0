"""The recruiting tables. Migrations create them; this module is how code names them."""

from __future__ import annotations

from jobs.recruiting.tables.applying import (
    APPLICATION_STATUSES,
    POSITION_STATUSES,
    applications,
    positions,
)
from jobs.recruiting.tables.metadata import metadata, one_of
from jobs.recruiting.tables.people import candidates
from jobs.recruiting.tables.sheets import sheet_leases, sheet_rows

__all__ = [
    "APPLICATION_STATUSES",
    "POSITION_STATUSES",
    "applications",
    "candidates",
    "metadata",
    "one_of",
    "positions",
    "sheet_leases",
    "sheet_rows",
]
