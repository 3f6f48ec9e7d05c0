"""A fire time becomes a run: what is due, the verdict on it, one script each."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from redis import Redis

from app import keys, scripts
from app.definitions import Definition, parsed
from app.events import instant
from app.misfire import Missed, Verdict, judge
from app.quarantine import set_aside
from app.run_jobs import NewRun, fire_run_id, job_pairs, milliseconds

log = logging.getLogger("rota.scheduler")

BATCH = 1_000
CHUNK = 50
Call = tuple[bytes, list[str], list[Any]]


@dataclass(frozen=True)
class DueSchedule:
    """A schedule whose time has come, as Redis has it; numbers are text until checked."""

    schedule_id: bytes
    definition: bytes
    revision: bytes
    nominal: bytes
    last: bytes
    fired: bytes
    fired_since: bytes


@dataclass(frozen=True)
class Due:
    """What one look at the schedule found. `now` is the server's clock; times are UTC."""

    now: datetime
    incarnation: str
    leads: bool
    everything_paused: bool
    next_due: datetime | None
    runs: Sequence[tuple[str, str]]
    schedules: Sequence[DueSchedule]


def look(redis: Redis, lock: str, queues: Sequence[str]) -> Due:
    """Ask Redis once what is due."""
    answer = scripts.run("due", redis, [], [lock, BATCH, *queues])
    server_ms, incarnation, leads, paused, next_due, runs, schedules = answer
    now = instant(int(server_ms))
    return Due(
        now=now,
        incarnation=incarnation.decode("utf-8", "replace"),
        leads=bool(leads),
        everything_paused=bool(paused),
        next_due=instant(int(next_due)) if next_due else None,
        runs=list(_readable(redis, runs, now)),
        schedules=[DueSchedule(row[0], *row[2:8]) for row in schedules],
    )


def _readable(
    redis: Redis, runs: Sequence[tuple[bytes, bytes]], now: datetime
) -> Iterator[tuple[str, str]]:
    for queue, run_id in runs:
        try:
            yield queue.decode(), run_id.decode()
        except UnicodeDecodeError:
            # It could never be moved, so it would stay due for ever.
            set_aside(redis, keys.delayed(queue.decode()), run_id, "its id is no text", now)


def fire(redis: Redis, lock: str, due: Due) -> dict[str, int]:
    """Fire every due schedule, in few round trips; return how many ended each way.

    A schedule that cannot be understood is set aside, and its neighbours fire in the same pass.
    While Redis works on one chunk the next is computed.
    """
    outcomes: dict[str, int] = {}
    if len(due.schedules) <= CHUNK:
        calls = _calls(redis, lock, due.schedules, due.now)
        _count(redis, _send(redis, calls), due.now, outcomes)
        return outcomes
    with ThreadPoolExecutor(max_workers=1, thread_name_prefix="fire") as sender:
        sent: Future[list[tuple[bytes, Any]]] | None = None
        for first in range(0, len(due.schedules), CHUNK):
            calls = _calls(redis, lock, due.schedules[first : first + CHUNK], due.now)
            if sent is not None:
                _count(redis, sent.result(), due.now, outcomes)
            sent = sender.submit(_send, redis, calls)
        if sent is not None:
            _count(redis, sent.result(), due.now, outcomes)
    return outcomes


def _calls(redis: Redis, lock: str, rows: Sequence[DueSchedule], now: datetime) -> list[Call]:
    calls: list[Call] = []
    for row in rows:
        try:
            calls.append((row.schedule_id, *_call(lock, row, now)))
        except (ValueError, KeyError, TypeError, OverflowError, RecursionError) as error:
            set_aside(redis, keys.SCHEDULE, row.schedule_id, f"broken schedule: {error}", now)
    return calls


def _send(redis: Redis, calls: Sequence[Call]) -> list[tuple[bytes, Any]]:
    pipeline = redis.pipeline(transaction=False)
    for _, where, args in calls:
        scripts.run("fire", pipeline, where, args)
    answers = pipeline.execute(raise_on_error=False) if calls else []
    return [(call[0], answer) for call, answer in zip(calls, answers, strict=True)]


def _count(
    redis: Redis, answers: Sequence[tuple[bytes, Any]], now: datetime, outcomes: dict[str, int]
) -> None:
    for schedule_id, answer in answers:
        if isinstance(answer, Exception):
            set_aside(redis, keys.SCHEDULE, schedule_id, f"cannot fire: {answer}", now)
            continue
        outcome = answer.decode()
        outcomes[outcome] = outcomes.get(outcome, 0) + 1


def _call(lock: str, row: DueSchedule, now: datetime) -> tuple[list[str], list[Any]]:
    if not row.definition or not row.nominal:
        raise ValueError("it has no definition of ours (see `python -m app adopt`)")
    schedule_id = row.schedule_id.decode()
    definition = parsed(row.definition.decode())
    nominal = datetime.fromtimestamp(int(row.nominal), UTC)
    most, fired = definition.schedule.max_runs, int(row.fired or 0)
    if most is not None and fired >= most:
        verdict = Verdict(None, (), nominal, None)
    else:
        verdict = judge(
            definition.schedule, nominal, now, definition.misfire, definition.grace_seconds
        )
    run = _run(schedule_id, definition, verdict.fire or verdict.passed)
    if most is not None:
        run = replace(run, fired=fired + 1, fired_since=int(row.fired_since))
    static = run.static()
    args: list[Any] = [
        schedule_id,
        definition.task_id,
        row.nominal,
        row.revision,
        lock,
        _epoch(verdict.fire),
        _epoch(verdict.passed),
        _epoch(verdict.next),
        _due(schedule_id, definition, verdict),
        run.run_id,
        run.queue,
        definition.overlap,
        static,
        json.dumps([_missed(schedule_id, definition, missed) for missed in verdict.missed]),
        "" if run.fired is None else run.fired,
        int(run.fired == most),
        *job_pairs(run, static=static),
    ]
    where = [keys.schedule(schedule_id), keys.job(run.run_id), keys.live(definition.task_id)]
    return where, args


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


def _missed(schedule_id: str, definition: Definition, missed: Missed) -> list[str]:
    run = _run(schedule_id, definition, missed.at)
    reason = missed.reason
    if missed.until is not None:
        reason = f"{missed.counted} fire times up to {missed.until:%Y-%m-%d %H:%M:%S} UTC: {reason}"
    data: dict[str, Any] = {"reason": reason, "ended_at": milliseconds(missed.until or missed.at)}
    return [run.run_id, run.static(), json.dumps(data)]
