"""What a run of the archive would do, counted before anything is changed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, Engine, and_, func, select

from app import reading
from jobs.recruiting.archive.rule import UNDER_WAY, eligible, kept_because, silent
from jobs.recruiting.schema import applications, archive_changes, positions

LARGEST_SHARE = 0.25


@dataclass(frozen=True, slots=True)
class Candidacy:
    """An application to archive as it was seen: it is left alone if it changes before."""

    id: int
    position: str
    last_activity_at: datetime
    updated_at: datetime

    def reason(self, now: datetime) -> str:
        days = (now - self.last_activity_at).days
        return f"no activity since {self.last_activity_at:%Y-%m-%d} ({days} days)"


@dataclass(frozen=True)
class ArchivePlan:
    """`taken` by id. `open` counts the applications under way, `done` what an earlier attempt of
    the same run archived already; `kept` counts, by reason, silent ones that stay."""

    taken: Sequence[Candidacy]
    open: int
    done: int
    kept: Mapping[str, int]

    @property
    def share(self) -> float:
        """Which part of the applications that were open before the run it takes in all."""
        before = self.open + self.done
        return (len(self.taken) + self.done) / before if before else 0.0

    @property
    def too_many(self) -> bool:
        return self.share > LARGEST_SHARE

    def by_position(self) -> dict[str, int]:
        return dict(Counter(each.position for each in self.taken).most_common())


def make_plan(engine: Engine, now: datetime, days: int, run_id: str) -> ArchivePlan:
    """Look at everything that is under way."""
    with reading(engine) as connection:
        taken = (
            select(
                applications.c.id,
                positions.c.title,
                applications.c.last_activity_at,
                applications.c.updated_at,
            )
            .join(positions, positions.c.id == applications.c.position_id)
            .where(eligible(now, days))
            .order_by(applications.c.id)
        )
        return ArchivePlan(
            taken=[Candidacy(*row) for row in connection.execute(taken)],
            open=_count(connection, applications.c.status == UNDER_WAY),
            done=_done(connection, run_id),
            kept={
                reason: number
                for reason, kept in kept_because(now, days).items()
                if (number := _count(connection, and_(silent(now, days), kept)))
            },
        )


def _count(connection: Connection, condition: object) -> int:
    query = select(func.count()).select_from(applications).where(condition)  # type: ignore[arg-type]  # any condition on applications
    return int(connection.execute(query).scalar_one())


def _done(connection: Connection, run_id: str) -> int:
    query = select(func.count()).where(
        archive_changes.c.run_id == run_id, archive_changes.c.action == "archive"
    )
    return int(connection.execute(query).scalar_one())
