"""When the code changed: marks on every drawing that has time along an axis."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Select, select

from app.records.schema import releases

MOST = 50


def deploys_since(start: datetime) -> Select[Any]:
    """Return the read of the newest releases after `start`, newest first."""
    return (
        select(releases.c.at)
        .where(releases.c.at > start)
        .order_by(releases.c.sequence.desc())
        .limit(MOST)
    )
