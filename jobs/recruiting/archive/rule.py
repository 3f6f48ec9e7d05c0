"""Which applications the archive takes, and what keeps it from one."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import ColumnElement, and_, exists, func, not_, select

from jobs.recruiting.schema import (
    applications,
    archive_changes,
    candidates,
    interviews,
    offers,
)

# Goes up with every change of the rule; each change of a row names the rule it was made by.
VERSION: Final = 1
OPEN_OFFER: Final = ("draft", "sent")
UNDER_WAY: Final = "active"


def silent(now: datetime, days: int) -> ColumnElement[bool]:
    """An application is under way and nothing has happened for more than `days`."""
    return and_(
        applications.c.status == UNDER_WAY,
        applications.c.last_activity_at < now - timedelta(days=days),
    )


def kept_because(now: datetime, days: int) -> dict[str, ColumnElement[bool]]:
    """Return, by reason, when a silent application stays where it is all the same."""
    return {
        "a future interview": _future_interview(now),
        "an open offer": _open_offer(),
        "a legal hold": _on_hold(),
        f"a restore in the last {days} days": _restored_since(now - timedelta(days=days)),
    }


def eligible(now: datetime, days: int) -> ColumnElement[bool]:
    """Return when the archive may take an application."""
    return and_(silent(now, days), *(not_(kept) for kept in kept_because(now, days).values()))


def _future_interview(now: datetime) -> ColumnElement[bool]:
    return exists().where(
        interviews.c.application_id == applications.c.id,
        interviews.c.status == "scheduled",
        interviews.c.end_at >= now,
    )


def _open_offer() -> ColumnElement[bool]:
    """By the latest version: an older one may have been left open by mistake."""
    later = offers.alias("later")
    newest = (
        select(func.max(later.c.version))
        .where(later.c.application_id == offers.c.application_id)
        .scalar_subquery()
    )
    return exists().where(
        offers.c.application_id == applications.c.id,
        offers.c.status.in_(OPEN_OFFER),
        offers.c.version == newest,
    )


def _on_hold() -> ColumnElement[bool]:
    return exists().where(
        candidates.c.id == applications.c.candidate_id, candidates.c.legal_hold.is_(True)
    )


def _restored_since(cutoff: datetime) -> ColumnElement[bool]:
    """Somebody decided to keep it: it is not taken again the next night."""
    return exists().where(
        archive_changes.c.application_id == applications.c.id,
        archive_changes.c.action == "restore",
        archive_changes.c.at >= cutoff,
    )
