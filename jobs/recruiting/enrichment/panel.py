"""The panel that shows where enrichment stands."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, func, select

from app import Figure, Panel, PanelContent, PanelTable, current_database, reading
from jobs.recruiting.schema import ENRICHMENT_STATUSES, enrichments, resumes

# Art. 14(3)(a) GDPR: within a month of obtaining the data.
NOTICE_WITHIN = timedelta(days=30)
SHOWN = ("matched", "low_confidence", "no_match", "invalid", "unavailable")


def _render() -> PanelContent:
    now = datetime.now(UTC)
    with reading(current_database()) as connection:
        return content(connection, now)


def content(connection: Connection, now: datetime) -> PanelContent:
    """Return counts by status and provider, and whom a notice is overdue for."""
    statuses = _counts(connection)
    overdue, waiting = _notices(connection, now)
    return PanelContent(
        figures=(
            *(
                Figure(status.replace("_", " ").capitalize(), f"{statuses[status]:,}", "résumés")
                for status in ENRICHMENT_STATUSES
                if statuses.get(status)
            ),
            Figure(
                "Overdue notices",
                f"{overdue:,}",
                f"candidates not told within 30 days where data came from; {waiting:,} more wait",
            ),
        ),
        table=PanelTable(
            columns=("provider", *(name.replace("_", " ") for name in SHOWN), "last fetched"),
            rows=[_line(row) for row in _by_provider(connection)],
        ),
        note="" if statuses else "No résumé with a profile link yet: an import brings them.",
        as_of=now,
    )


def _counts(connection: Connection) -> dict[str, int]:
    status = resumes.c.enrichment_status
    found = connection.execute(select(status, func.count()).group_by(status))
    return {row[0]: row[1] for row in found}


def _notices(connection: Connection, now: datetime) -> tuple[int, int]:
    late = enrichments.c.obtained_at < now - NOTICE_WITHIN
    people = func.count(enrichments.c.candidate_id.distinct())
    query = select(people.filter(late), people).where(
        enrichments.c.obtained_at.is_not(None), enrichments.c.notice_sent_at.is_(None)
    )
    overdue, open_notices = connection.execute(query).one()
    return overdue, open_notices - overdue


def _by_provider(connection: Connection) -> Sequence[Row[Any]]:
    counts = (
        func.count().filter(enrichments.c.outcome == outcome).label(outcome) for outcome in SHOWN
    )
    latest = func.max(enrichments.c.fetched_at).label("latest")
    query = select(enrichments.c.provider, *counts, latest).group_by(enrichments.c.provider)
    return connection.execute(query.order_by(enrichments.c.provider)).all()


def _line(row: Row[Any]) -> list[str]:
    latest = f"{row.latest:%Y-%m-%d %H:%M} UTC" if row.latest else "–"
    return [row.provider, *(f"{getattr(row, outcome):,}" for outcome in SHOWN), latest]


enrichment_panel = Panel(
    name="enrichment",
    title="Enrichment",
    description="Where the look-ups of applicants' profiles stand.",
    render=_render,
    filled_by="daily_resume_enrichment",
)
