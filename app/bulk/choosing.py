"""Which runs a bulk act would act on, and which it leaves out and why."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, and_, func, literal, not_, select

from app.records.bulk_schema import bulk_runs
from app.records.schema import runs
from app.views import ENDED

# What each act takes: runs in these states.
ACTS: Mapping[str, tuple[str, ...]] = {
    "cancel": ("queued", "scheduled"),
    "stop": ("running",),
    "retry": tuple(sorted(ENDED - {"succeeded"})),
    "again": tuple(sorted(ENDED)),
}
WANTED = {
    "cancel": "only what waits can be cancelled",
    "stop": "only what runs can be stopped",
    "retry": "only what ended without success can be retried",
    "again": "only what has ended can be run again",
}
# Both start a task, so the code must still have it.
STARTING = ("retry", "again")
MOST_COUNTED = 10_000
SAMPLE = 10

Conditions = Sequence[ColumnElement[bool]]


@dataclass(frozen=True)
class Choice:
    """What an act may touch: `known` are the code's tasks, `reached` those the actor may act on."""

    act: str
    found: Conditions
    known: Collection[str]
    reached: Collection[str] | None = None

    @property
    def fitting(self) -> ColumnElement[bool]:
        """Return what a run meets that the act takes."""
        needed = [runs.c.status.in_(ACTS[self.act])]
        if self.act in STARTING:
            needed.append(runs.c.task_id.in_(sorted(self.known)))
        if self.reached is not None:
            needed.append(runs.c.task_id.in_(sorted(self.reached)))
        return and_(*needed)

    def why_not(self, status: str, task_id: str) -> str:
        """Say why such a run is left out."""
        if self.reached is not None and task_id not in self.reached:
            return f"{task_id} is not within your reach"
        if status not in ACTS[self.act]:
            return f"{status}: {WANTED[self.act]}"
        return f"the task {task_id} is gone from the code"


@dataclass(frozen=True)
class Sample:
    """One run of many."""

    run_id: str
    task_id: str
    status: str
    at: datetime


@dataclass(frozen=True)
class LeftOut:
    """How many runs an act would leave as they are, and why."""

    runs: int
    reason: str


@dataclass(frozen=True)
class Plan:
    """What an act would do: how many runs, the first of them, what is left out.

    Counting stops at 10,000: `capped` and `left_out_capped` tell that there are more.
    """

    act: str
    filter: str
    runs: int
    capped: bool
    sample: tuple[Sample, ...]
    left_out: tuple[LeftOut, ...]
    left_out_capped: bool


def plan(connection: Connection, choice: Choice, text: str) -> Plan:
    """Look, and change nothing."""
    number = _count(connection, select(literal(1)).where(*choice.found, choice.fitting))
    first = (
        select(runs.c.run_id, runs.c.task_id, runs.c.status, runs.c.at)
        .where(*choice.found, choice.fitting)
        .order_by(runs.c.at, runs.c.run_id)
        .limit(SAMPLE)
    )
    left = _left_out(connection, choice)
    together = sum(left.values())
    return Plan(
        act=choice.act,
        filter=text,
        runs=min(number, MOST_COUNTED),
        capped=number > MOST_COUNTED,
        sample=tuple(Sample(*row) for row in connection.execute(first)),
        left_out=tuple(LeftOut(count, reason) for reason, count in left.most_common(SAMPLE)),
        left_out_capped=together > MOST_COUNTED,
    )


def choose(connection: Connection, choice: Choice, bulk_id: str) -> int:
    """Write down the runs that fit at this moment, oldest first; return how many."""
    place = func.row_number().over(order_by=(runs.c.at, runs.c.run_id))
    found = select(literal(bulk_id), place, runs.c.run_id).where(*choice.found, choice.fitting)
    return _write(connection, bulk_id, found)


def choose_done(
    connection: Connection, original: str, bulk_id: str, reached: Collection[str] | None
) -> int:
    """Write down what another bulk act did, to take it back; return how many runs."""
    place = func.row_number().over(order_by=bulk_runs.c.place)
    run_id = func.coalesce(bulk_runs.c.made, bulk_runs.c.run_id)
    found = select(literal(bulk_id), place, run_id).where(
        bulk_runs.c.bulk_id == original, bulk_runs.c.outcome == "done"
    )
    if reached is not None:
        found = found.join(runs, runs.c.run_id == run_id).where(runs.c.task_id.in_(sorted(reached)))
    return _write(connection, bulk_id, found)


def _write(connection: Connection, bulk_id: str, found: Select[Any]) -> int:
    connection.execute(bulk_runs.insert().from_select(["bulk_id", "place", "run_id"], found))
    last = select(func.max(bulk_runs.c.place)).where(bulk_runs.c.bulk_id == bulk_id)
    return connection.execute(last).scalar_one() or 0


def _count(connection: Connection, found: Select[Any]) -> int:
    some = found.limit(MOST_COUNTED + 1).subquery()
    return int(connection.execute(select(func.count()).select_from(some)).scalar_one())


def _left_out(connection: Connection, choice: Choice) -> Counter[str]:
    some = (
        select(runs.c.status, runs.c.task_id)
        .where(*choice.found, not_(choice.fitting))
        .limit(MOST_COUNTED + 1)
        .subquery()
    )
    grouped = select(some.c.status, some.c.task_id, func.count()).group_by(*some.c)
    left: Counter[str] = Counter()
    for status, task_id, number in connection.execute(grouped):
        left[choice.why_not(status, task_id)] += number
    return left
