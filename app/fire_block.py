"""One schedule's verdict and run as the block of values that the `fire` script takes. Pure."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from app.definitions import Definition, parsed
from app.due import DueSchedule
from app.misfire import Missed, Verdict, judge
from app.run_jobs import NewRun, fire_run_id, job_pairs, milliseconds

# A block computed before its fire time holds only while the run is on time.
ON_TIME = timedelta(seconds=1)


@dataclass(frozen=True)
class Block:
    """The values for one schedule, and from when to when (UTC) the verdict in them holds."""

    row: DueSchedule
    values: Sequence[Any]
    holds_from: datetime
    holds_until: datetime

    def holds(self, now: datetime) -> bool:
        """Tell whether the verdict is right at `now`."""
        return self.holds_from <= now <= self.holds_until


def block_of(row: DueSchedule, now: datetime) -> Block:
    """Judge a schedule at `now` and write what follows.

    Raises ValueError, KeyError, TypeError, OverflowError or RecursionError for a broken one.
    """
    if not row.definition or not row.nominal:
        raise ValueError("it has no definition of ours (see `python -m app adopt`)")
    schedule_id = row.schedule_id.decode()
    definition = parsed(row.definition.decode())
    nominal = _nominal(row)
    if nominal > now:
        raise ValueError(f"it is due, but its fire time, {nominal.isoformat()}, is to come")
    verdict = _verdict(definition, row, nominal, now)
    values = _values(schedule_id, definition, row, verdict)
    # Clocks are read a little apart.
    return Block(row, values, nominal - ON_TIME, _holds_until(definition, nominal, verdict, now))


def block_in_advance(row: DueSchedule) -> Block:
    """Judge a schedule as it will stand when it is due, on time. Raises as `block_of` does."""
    return block_of(row, _nominal(row))


def _nominal(row: DueSchedule) -> datetime:
    try:
        return datetime.fromtimestamp(int(row.nominal), UTC)
    except OSError as error:
        # So says the C library of a year beyond its own; to the loop it would look like an outage.
        raise ValueError(f"its fire time, {int(row.nominal)}, is beyond the calendar") from error


def _verdict(definition: Definition, row: DueSchedule, nominal: datetime, now: datetime) -> Verdict:
    most = definition.schedule.max_runs
    if most is not None and int(row.fired or 0) >= most:
        return Verdict(None, (), nominal, None)
    return judge(definition.schedule, nominal, now, definition.misfire, definition.grace_seconds)


def _holds_until(
    definition: Definition, nominal: datetime, verdict: Verdict, now: datetime
) -> datetime:
    if verdict.fire != nominal or definition.grace_seconds == 0:
        return now
    late = nominal + ON_TIME
    return late if verdict.next is None else min(late, verdict.next - timedelta.resolution)


def _values(
    schedule_id: str, definition: Definition, row: DueSchedule, verdict: Verdict
) -> Sequence[Any]:
    run = _run(schedule_id, definition, verdict.fire or verdict.passed)
    most = definition.schedule.max_runs
    if most is not None:
        run = replace(run, fired=int(row.fired or 0) + 1, fired_since=int(row.fired_since))
    static = run.static()
    return (
        schedule_id,
        definition.task_id,
        row.nominal,
        row.revision,
        _epoch(verdict.fire),
        _epoch(verdict.passed),
        _epoch(verdict.next),
        _due(schedule_id, definition, verdict),
        run.run_id,
        run.queue,
        definition.overlap,
        static,
        missed_json(schedule_id, definition, verdict.missed),
        "" if run.fired is None else run.fired,
        int(run.fired == most),
        *job_pairs(run, static=static),
    )


def _epoch(value: datetime | None) -> int | str:
    return "" if value is None else int(value.timestamp())


def _due(schedule_id: str, definition: Definition, verdict: Verdict) -> int | str:
    if verdict.next is None:
        return ""
    return int(definition.schedule.jittered(schedule_id, verdict.next).timestamp())


def _run(schedule_id: str, definition: Definition, fire_time: datetime) -> NewRun:
    return NewRun(
        run_id=fire_run_id(schedule_id, fire_time),
        task_id=definition.task_id,
        path=definition.path,
        queue=definition.queue,
        timeout_seconds=definition.timeout_seconds,
        trigger="schedule",
        at=fire_time,
        arguments=definition.arguments,
        schedule_id=schedule_id,
        fire_time=fire_time,
    )


def missed_json(schedule_id: str, definition: Definition, missed: Sequence[Missed]) -> str:
    """Return what the scripts tell the history of fire times that do not run (`tell_missed`)."""
    if not missed:
        return "[]"
    return json.dumps([_missed(schedule_id, definition, each) for each in missed])


def _missed(schedule_id: str, definition: Definition, missed: Missed) -> list[str | int]:
    run = _run(schedule_id, definition, missed.at)
    reason = missed.reason
    if missed.until is not None:
        reason = f"{missed.counted} fire times up to {missed.until:%Y-%m-%d %H:%M:%S} UTC: {reason}"
    data: dict[str, Any] = {"reason": reason, "ended_at": milliseconds(missed.until or missed.at)}
    newest = int((missed.until or missed.at).timestamp())
    return [run.run_id, run.static(), json.dumps(data), newest]
