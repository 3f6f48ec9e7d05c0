"""Who did what, newest first."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select

from app.masking import mask
from app.reads.cursors import checked_limit, decode_number, encode
from app.records.database import reading
from app.records.schema import audit as table
from app.system import System
from app.views import Json, Page


@dataclass(frozen=True, slots=True)
class AuditRow:
    id: int
    at: datetime
    actor: str
    role: str
    via: str
    address: str | None
    verb: str
    target: str
    outcome: str
    before: Json = None
    after: Json = None


def audit(system: System, limit: int = 50, cursor: str | None = None) -> Page[AuditRow]:
    """Return one page of the audit. Raises Invalid, Unavailable."""
    statement = select(table).order_by(table.c.id.desc())
    if cursor is not None:
        statement = statement.where(table.c.id < decode_number(cursor))
    with reading(system.database) as connection:
        rows = connection.execute(statement.limit(checked_limit(limit) + 1)).all()
    page = rows[:limit]
    return Page(
        tuple(_view(row) for row in page),
        encode(page[-1].at, str(page[-1].id)) if len(rows) > limit else None,
    )


def _view(row: Any) -> AuditRow:
    found = {name: getattr(row, name) for name in AuditRow.__dataclass_fields__}
    return AuditRow(**found | {"before": mask(row.before), "after": mask(row.after)})
