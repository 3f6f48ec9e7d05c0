"""Make the schedules in Redis what SQL decided: at start, after a release, after an act."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import UTC, datetime, timedelta
from typing import Any

from redis import Redis
from sqlalchemy import Row

from app import keys, scripts
from app.definitions import Definition, canonical, parsed
from app.fire_block import missed_json
from app.mending import set_key_aside
from app.mirroring import Decided, mirror_pauses, mirror_skips, read_decided, remove_retired
from app.overtaken import overtaken
from app.records.pauses import EVERYTHING
from app.run_jobs import template_pairs
from app.schedules import Cron, Interval
from app.strangers import set_strangers_aside
from app.system import System

log = logging.getLogger("rota.scheduler")

ATTEMPTS = 5
# No clock of ours is further ahead of another.
WRONG_CLOCK = timedelta(days=1)


@dataclass(frozen=True)
class Held:
    """What Redis holds of a schedule: nothing of it is known where `revision` is None."""

    revision: int | None
    nominal: int | None
    last: int | None
    fired: int | None = None
    fired_since: int | None = None

    def count(self, row: Row[Any]) -> int:
        """Return how many of its counted runs a schedule has started, as SQL or Redis knows."""
        mine = self.fired if self.fired_since == row.fired_since else None
        return max(mine or 0, int(row.fired))


def reconcile(system: System, now: datetime, task_id: str | None = None) -> int:
    """Mirror pauses and schedules of one task, or of all, into Redis; return how many changed.

    Unchanged schedules keep their due, unfired times. What was read from SQL never replaces what
    was decided later. Raises Unavailable when the database is away.
    """
    if task_id is None:
        set_strangers_aside(system, now)
    decided = read_decided(system.database, now, task_id)
    changed, older = _mirror(system.redis, decided, now, force=False)
    for _ in range(ATTEMPTS):
        if not older:
            break
        again = read_decided(system.database, now, task_id)
        # Redis may know a later decision than was read; but where nothing was decided meanwhile,
        # SQL itself has gone back to an earlier state.
        force = again.revision <= decided.revision
        decided = again
        more, older = _mirror(system.redis, decided, now, force=force)
        changed += more
    system.redis.incr(keys.CHANGES)
    return changed


def _mirror(redis: Redis, decided: Decided, now: datetime, *, force: bool) -> tuple[int, bool]:
    """Write what was decided; return how many schedules changed, and whether any of it is older
    than what Redis has."""
    changed, older, rows = 0, False, decided.rows
    for _ in range(ATTEMPTS):
        held = _held(redis, rows, now)
        answers = _define(redis, rows, held, decided, now, force=force)
        changed += sum(answer == b"CHANGED" for answer in answers.values())
        older |= b"OLDER" in answers.values()
        rows = [row for row in rows if answers[row.schedule_id] == b"STALE"]
        if not rows:
            break
    older |= remove_retired(redis, decided, force=force)
    mirror_skips(redis, decided)
    # Last, so that what was resumed has its new fire time before anything may fire again.
    return changed, mirror_pauses(redis, decided, force=force) or older


def plan(
    definition: Definition,
    revision: int,
    held: Held,
    last: int | None,
    resumed_at: datetime | None,
    now: datetime,
) -> datetime | None:
    """Return the next fire time to hold for an active schedule. Pure.

    A new or edited schedule starts after `now`; one that Redis lost goes on after the last fire
    time SQL knows, and the misfire policy judges what that means; none goes back behind the end
    of a pause.
    """
    schedule = definition.schedule
    nominal = _nominal(definition, revision, held, last, now)
    if nominal is not None:
        nominal = _in_its_turn(schedule, nominal, max(last or 0, held.last or 0), now)
    if nominal is None or resumed_at is None or nominal > resumed_at:
        return nominal
    return schedule.next(resumed_at)


def _nominal(
    definition: Definition, revision: int, held: Held, last: int | None, now: datetime
) -> datetime | None:
    schedule = definition.schedule
    behind = last is not None and (held.last is None or held.last < last)
    if held.revision is None or (behind and held.nominal is not None):
        return schedule.next(now if last is None else datetime.fromtimestamp(last, UTC))
    if held.nominal is None:
        return schedule.next(now)
    nominal = datetime.fromtimestamp(held.nominal, UTC)
    if held.revision == revision:
        return nominal
    survives = nominal <= now and schedule.next(nominal - timedelta(seconds=1)) == nominal
    return nominal if survives else schedule.next(now)


def _first_open(schedule: Cron | Interval, held: Held, last: int | None) -> datetime | None:
    """Return the first fire time that nobody has dealt with, as far as is known."""
    if held.nominal is not None:
        return datetime.fromtimestamp(held.nominal, UTC)
    if held.revision is None and last is not None:
        return schedule.next(datetime.fromtimestamp(last, UTC))
    return None


def _in_its_turn(
    schedule: Cron | Interval, nominal: datetime, newest: int, now: datetime
) -> datetime | None:
    """Return `nominal`, unless clocks or strangers put it behind what has fired or too far ahead.

    It would never fire then, or leave out those before it.
    """
    fired = datetime.fromtimestamp(newest, UTC)
    if nominal <= fired:
        return schedule.next(fired)
    following = schedule.next(max(fired, now)) if nominal > now else None
    return nominal if following is None else min(nominal, following)


def _held(redis: Redis, rows: Sequence[Row[Any]], now: datetime) -> list[Held]:
    pipeline = redis.pipeline(transaction=False)
    for row in rows:
        pipeline.hmget(keys.schedule(row.schedule_id), [field.name for field in fields(Held)])
    answers = pipeline.execute(raise_on_error=False) if rows else []
    return [_held_of(redis, *pair, now) for pair in zip(rows, answers, strict=True)]


def _held_of(redis: Redis, row: Row[Any], answer: Any, now: datetime) -> Held:
    schedule_id = row.schedule_id
    try:
        held = Held(*(None if value is None else int(value) for value in answer))
        for epoch in (held.nominal, held.last):
            datetime.fromtimestamp(epoch or 0, UTC)
        latest = max(now, row.last_fire_time or now) + WRONG_CLOCK
        if (held.last or 0) > latest.timestamp():
            raise ValueError("it has fired in the future")
        return held
    except (TypeError, ValueError, OverflowError, OSError):
        # SQL has the truth, so it is written anew.
        reason = f"not a schedule of ours: {answer!r}"
        set_key_aside(redis, keys.schedule(schedule_id), reason)
        return Held(None, None, None)


def _define(
    redis: Redis,
    rows: Sequence[Row[Any]],
    held: Sequence[Held],
    decided: Decided,
    now: datetime,
    *,
    force: bool,
) -> dict[str, bytes]:
    resumed, paused = decided.resumed, decided.paused
    pipeline = redis.pipeline(transaction=False)
    for row, state in zip(rows, held, strict=True):
        last = None if row.last_fire_time is None else int(row.last_fire_time.timestamp())
        definition = parsed(canonical(row.definition))
        fired, most = state.count(row), definition.schedule.max_runs
        over = [resumed[scope] for scope in (row.task_id, EVERYTHING) if scope in resumed]
        pauses = [paused[row.task_id], *over] if row.task_id in paused else over
        nominal, missed = None, "[]"
        if most is None or fired < most:
            first = _first_open(definition.schedule, state, last)
            ones = overtaken(definition.schedule, first, pauses)
            missed = missed_json(row.schedule_id, definition, ones)
            if row.task_id not in paused:
                resumed_at = max((one.resumed_at for one in over), default=None)
                nominal = plan(definition, row.revision, state, last, resumed_at, now)
        due = None if nominal is None else definition.schedule.jittered(row.schedule_id, nominal)
        scripts.run(
            "define",
            pipeline,
            [keys.schedule(row.schedule_id), keys.job(row.schedule_id)],
            [
                row.schedule_id,
                canonical(row.definition),
                row.revision,
                "" if state.nominal is None else state.nominal,
                "" if last is None else last,
                "paused" if row.task_id in paused else "active",
                "" if nominal is None else int(nominal.timestamp()),
                "" if due is None else int(due.timestamp()),
                fired,
                row.fired_since,
                decided.revision,
                int(force),
                missed,
                *template_pairs(row.schedule_id, row.definition, redis),
            ],
        )
    answers = pipeline.execute() if rows else []
    return {row.schedule_id: answer for row, answer in zip(rows, answers, strict=True)}
