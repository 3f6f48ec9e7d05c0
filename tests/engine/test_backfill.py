"""Past fire times run, once each, a few at a time."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select, update

from app import actions, keys, reads
from app.backfill import feed
from app.errors import Conflict, Invalid, Unknown
from app.incarnation import recognise
from app.recorder import Recorder
from app.records.database import reading, writing
from app.records.schema import runs
from app.system import System
from tests.fixtures import OPERATOR

NOW = datetime(2027, 3, 1, 12, 0, tzinfo=UTC)
START = NOW - timedelta(hours=3)


def _states(system: System) -> dict[str, str]:
    with reading(system.database) as connection:
        rows = connection.execute(select(runs.c.run_id, runs.c.status))
        return {row.run_id: row.status for row in rows}


def _backfill(system: System, **options: object) -> actions.Backfill:
    return actions.backfill(system, OPERATOR, "greet", START, NOW, now=NOW, **options)  # type: ignore[arg-type]  # the options are the caller's


def test_a_dry_run_says_what_would_run_and_changes_nothing(system: System) -> None:
    found = _backfill(system, dry_run=True)
    assert (found.runs, len(found.planned), found.backfill_id) == (6, 6, None)
    assert found.planned[0].fire_time == START + timedelta(minutes=30)
    assert _states(system) == {}
    assert reads.audit(system).items == ()


def test_runs_are_fed_two_at_a_time_oldest_first(system: System) -> None:
    recognise(system.redis, system.database, NOW)
    recorder = Recorder(system.redis, system.database)
    made = _backfill(system, concurrency=2)
    assert feed(system, NOW) == 2
    assert feed(system, NOW) == 0
    ids = [one.run_id.encode() for one in made.planned]
    assert system.redis.lrange(keys.queue("default"), 0, -1) == ids[:2]
    recorder.step()
    with writing(system.database) as connection:
        first = made.planned[0].run_id
        connection.execute(update(runs).where(runs.c.run_id == first).values(status="succeeded"))
    assert feed(system, NOW) == 1
    assert system.redis.lrange(keys.queue("default"), 0, -1) == ids[:3]


def test_what_ran_already_stays_and_what_was_missed_runs_under_its_id(system: System) -> None:
    planned = _backfill(system, dry_run=True).planned
    with writing(system.database) as connection:
        for one, status in zip(planned, ("succeeded", "missed"), strict=False):
            connection.execute(
                runs.insert().values(
                    run_id=one.run_id, task_id="greet", trigger="schedule", status=status,
                    at=one.fire_time, revision=1,
                )
            )  # fmt: skip
    assert _backfill(system).runs == 5
    states = _states(system)
    assert states[planned[0].run_id] == "succeeded"
    assert states[planned[1].run_id] == "scheduled"
    feed(system, NOW)
    assert system.redis.lrange(keys.queue("default"), 0, -1) == [planned[1].run_id.encode()]


def test_force_runs_once_more_under_a_further_id(system: System) -> None:
    first = _backfill(system)
    with writing(system.database) as connection:
        connection.execute(update(runs).values(status="succeeded"))
    with pytest.raises(Conflict, match="has run"):
        _backfill(system)
    again = _backfill(system, force=True)
    assert again.planned[0].run_id == f"{first.planned[0].run_id}-b1"


def test_cancelling_takes_out_what_still_waits(system: System) -> None:
    made = _backfill(system)
    feed(system, NOW)
    assert made.backfill_id is not None
    assert actions.cancel_backfill(system, OPERATOR, made.backfill_id, NOW) == 5
    assert sorted(_states(system).values()) == ["cancelled"] * 5 + ["scheduled"]
    with pytest.raises(Unknown):
        actions.cancel_backfill(system, OPERATOR, "nope", NOW)


def test_a_million_fire_times_and_ranges_in_the_future_are_refused(system: System) -> None:
    years = NOW - timedelta(days=365)
    with pytest.raises(Invalid, match="more than 1,000"):
        actions.backfill(system, OPERATOR, "tick", years, NOW, now=NOW)
    with pytest.raises(Invalid, match="no past range"):
        actions.backfill(system, OPERATOR, "greet", START, NOW + timedelta(days=1), now=NOW)
    with pytest.raises(Invalid, match="no past range"):
        actions.backfill(system, OPERATOR, "greet", NOW, START, now=NOW)
    with pytest.raises(Invalid, match="concurrency=0"):
        _backfill(system, concurrency=0)
    assert _states(system) == {}
