"""What the daily summary says."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.message import EmailMessage
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, func, select

from jobs.recruiting.letters import Grid, Part, letter
from jobs.recruiting.schema import (
    applications,
    candidates,
    positions,
    summarised_applications,
)
from jobs.recruiting.summary.window import Window

MOST_LISTED = 100
# Imported history is no news: counted, not listed.
HISTORY = timedelta(days=7)


@dataclass(frozen=True)
class Arrival:
    """An application that is told of."""

    name: str
    position: str
    source: str
    status: str
    applied_at: datetime


@dataclass(frozen=True)
class Arrivals:
    """The applications of a window: the newest listed, all counted. `older` were made more than
    7 days before the window and came late, by an import say."""

    listed: tuple[Arrival, ...]
    by_position: Counter[str]
    by_source: Counter[str]
    older: int

    @property
    def total(self) -> int:
        return sum(self.by_position.values())


def load_arrivals(connection: Connection, window: Window) -> Arrivals:
    """Read what a window tells of; people who were anonymised meanwhile are left out."""
    border = window.since - HISTORY
    query = (
        select(
            candidates.c.name,
            positions.c.title,
            applications.c.source,
            applications.c.status,
            applications.c.applied_at,
        )
        .join(
            summarised_applications,
            summarised_applications.c.application_id == applications.c.id,
        )
        .join(candidates, candidates.c.id == applications.c.candidate_id)
        .join(positions, positions.c.id == applications.c.position_id)
        .where(
            summarised_applications.c.summary_id == window.id,
            candidates.c.anonymised_at.is_(None),
        )
    )
    older = query.where(applications.c.applied_at < border).subquery()
    rows = connection.execute(
        query.where(applications.c.applied_at >= border).order_by(
            positions.c.title, applications.c.applied_at, applications.c.id
        )
    ).all()
    found = [
        Arrival(row.name, row.title, row.source or "unknown", row.status, row.applied_at)
        for row in rows
    ]
    return Arrivals(
        listed=tuple(found[:MOST_LISTED]),
        by_position=Counter(each.position for each in found),
        by_source=Counter(each.source for each in found),
        older=connection.execute(select(func.count()).select_from(older)).scalar_one(),
    )


def write_summary(arrivals: Arrivals, window: Window, where: ZoneInfo) -> EmailMessage:
    """Return the mail, with times in the organisation's zone."""
    span = f"{_moment(window.since, where)} to {_moment(window.until, where)} ({where.key})"
    day = f"{window.until.astimezone(where):%Y-%m-%d}"
    if not arrivals.total:
        parts: list[Part] = [f"No new applications arrived from {span}."]
    else:
        parts = [
            f"{_counted(arrivals.total)} arrived from {span}.",
            Grid(
                ("Position", "New"),
                [(name, f"{count:,}") for name, count in arrivals.by_position.most_common()],
            ),
            Grid(
                ("Source", "New"),
                [(name, f"{count:,}") for name, count in arrivals.by_source.most_common()],
            ),
            Grid(
                ("Candidate", "Position", "Source", "Applied", "Status"),
                [
                    (each.name, each.position, each.source, _moment(each.applied_at, where),
                     each.status)
                    for each in arrivals.listed
                ],
            ),
        ]  # fmt: skip
    if arrivals.total > len(arrivals.listed):
        parts.append(f"… and {arrivals.total - len(arrivals.listed):,} more.")
    if arrivals.older:
        parts.append(
            f"{_counted(arrivals.older)} made more than 7 days before came in as well, by an "
            "import say; they are not listed."
        )
    parts.append("You get this mail because RECRUITER_EMAILS names your address.")
    return letter(f"{_counted(arrivals.total)}, {day}", *parts)


def _counted(number: int) -> str:
    return f"{number:,} new application{'' if number == 1 else 's'}"


def _moment(instant: datetime, where: ZoneInfo) -> str:
    return f"{instant.astimezone(where):%Y-%m-%d %H:%M}"
