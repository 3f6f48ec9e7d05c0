"""How the whole stands: processes, queues, problems; and when tasks fire next."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from redis import Redis
from rq.utils import utcformat

from app import actions, keys, reads
from app.errors import Invalid, Unknown
from app.events import Event
from app.incarnation import recognise
from app.reconcile import reconcile
from app.records.database import writing
from app.records.history import record
from app.system import System
from app.views import Problem
from tests.engine.stage import held
from tests.fixtures import OPERATOR, open_system, release

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)


def problems(system: System, now: datetime) -> dict[str, str]:
    return {problem.kind: problem.text for problem in reads.overview(system, now).problems}


def scheduler_says(redis: Redis, at: datetime, leads: bool = True) -> None:
    redis.hset(keys.SCHEDULERS, "one", json.dumps({"at": at.isoformat(), "leads": leads}))


def worker_says(redis: Redis, at: datetime, queues: str = "high,default,low") -> None:
    redis.sadd(keys.WORKERS, keys.worker("w"))
    fields: dict[Any, Any] = {"hostname": "h", "pid": "1", "queues": queues, "state": "idle"}
    redis.hset(keys.worker("w"), mapping=fields | {"last_heartbeat": utcformat(at)})


def test_with_scheduler_and_worker_all_is_well(system: System) -> None:
    scheduler_says(system.redis, NOW)
    worker_says(system.redis, NOW)
    overview = reads.overview(system, NOW)
    assert (overview.status, overview.problems) == ("ok", ())
    assert overview.scheduler["leader"] == "one"
    assert overview.workers == {"total": 1, "busy": 0, "idle": 1}
    assert [(queue.name, queue.workers) for queue in overview.queues] == [
        ("default", 1),
        ("high", 1),
        ("low", 1),
    ]


def test_without_a_scheduler_nothing_fires_and_that_is_told(sqlite_system: System) -> None:
    worker_says(sqlite_system.redis, NOW)
    assert "nothing fires" in problems(sqlite_system, NOW)["scheduler"]
    assert reads.overview(sqlite_system, NOW).status == "down"


def test_a_scheduler_that_fell_silent_is_none(sqlite_system: System) -> None:
    worker_says(sqlite_system.redis, NOW)
    scheduler_says(sqlite_system.redis, NOW - timedelta(seconds=16))
    assert "scheduler" in problems(sqlite_system, NOW)


def test_without_a_worker_runs_wait_and_that_is_told(sqlite_system: System) -> None:
    scheduler_says(sqlite_system.redis, NOW)
    assert "runs wait in their queues" in problems(sqlite_system, NOW)["workers"]
    worker_says(sqlite_system.redis, NOW - timedelta(seconds=31))
    assert "workers" in problems(sqlite_system, NOW)


def test_a_queue_that_nobody_listens_on_is_told(sqlite_system: System) -> None:
    now = datetime.now(UTC)
    scheduler_says(sqlite_system.redis, now)
    worker_says(sqlite_system.redis, now, queues="high")
    actions.trigger(sqlite_system, OPERATOR, "greet", now=now - timedelta(seconds=5))
    assert "1 run waits in default" in problems(sqlite_system, now)["queue"]
    depths = {queue.name: queue.depth for queue in reads.overview(sqlite_system, now).queues}
    assert depths == {"high": 0, "default": 1, "low": 0}


def test_what_was_set_aside_is_told(sqlite_system: System) -> None:
    sqlite_system.redis.hset(keys.QUARANTINE, "x", "{}")
    assert "1 broken or foreign" in problems(sqlite_system, NOW)["quarantine"]


def test_failures_and_missed_fire_times_are_told(sqlite_system: System) -> None:
    def write(run_id: str, status: str) -> None:
        static = {"task_id": "greet", "trigger": "schedule", "at": NOW.timestamp() * 1000}
        with writing(sqlite_system.database) as connection:
            record(connection, [Event("", run_id, status, 1, 1, NOW, static, {"reason": "so"})])

    write("greet--1", "missed")
    write("greet--2", "failed")
    told = problems(sqlite_system, NOW)
    assert told["missed"] == "1 fire time was missed, and each task has run since."
    assert told["run"] == "Greet: the last run failed: so."
    counts = reads.overview(sqlite_system, NOW).runs_24h
    assert (counts["total"], counts["failed"], counts["missed"]) == (2, 1, 1)
    assert reads.overview(sqlite_system, NOW + timedelta(hours=25)).runs_24h["total"] == 0


def missed_problem(system: System) -> Problem:
    [found] = [each for each in reads.overview(system, NOW).problems if each.kind == "missed"]
    return found


def write_run(system: System, status: str, minutes_ago: int) -> None:
    at = NOW - timedelta(minutes=minutes_ago)
    static = {"task_id": "greet", "trigger": "schedule", "at": at.timestamp() * 1000}
    run_id = f"greet--{int(at.timestamp())}"
    with writing(system.database) as connection:
        record(connection, [Event("", run_id, status, 1, 1, at, static, {})])


def test_missed_fire_times_need_nobody_once_the_task_has_run(sqlite_system: System) -> None:
    write_run(sqlite_system, "missed", 60)
    write_run(sqlite_system, "missed", 30)
    before = reads.frame(sqlite_system, NOW).problems
    open_one = missed_problem(sqlite_system)
    assert open_one.text == "Greet: 2 fire times were missed, and it has not run since."
    assert open_one.task_id == "greet"
    write_run(sqlite_system, "succeeded", 20)
    calm = missed_problem(sqlite_system)
    assert (calm.severity, calm.since, calm.until) == (
        "note", NOW - timedelta(minutes=60), NOW - timedelta(minutes=30),
    )  # fmt: skip
    assert reads.frame(sqlite_system, NOW).problems == before - 1


def test_missed_fire_times_are_put_aside_until_further_ones(sqlite_system: System) -> None:
    write_run(sqlite_system, "missed", 60)
    actions.dismiss_missed(sqlite_system, OPERATOR, now=NOW - timedelta(minutes=45))
    assert "missed" not in problems(sqlite_system, NOW)
    write_run(sqlite_system, "missed", 30)
    assert missed_problem(sqlite_system).since == NOW - timedelta(minutes=30)


@pytest.fixture
def lonely_system(sqlite_url: str, tmp_path: Path) -> Iterator[System]:
    """A system whose Redis nobody ever started."""
    opened = open_system(f"unix://{tmp_path}/nobody.sock", sqlite_url, tmp_path)
    release(opened)
    yield opened
    opened.close()


def test_with_redis_away_it_says_so_and_shows_the_rest(lonely_system: System) -> None:
    overview = reads.overview(lonely_system, NOW)
    assert overview.status == "down"
    assert "Redis is away" in overview.problems[0].text
    assert overview.tasks["total"] == len(lonely_system.catalogue.tasks)
    assert reads.task(lonely_system, "greet", NOW).next_run_at == NOW + timedelta(minutes=30)
    assert reads.today(lonely_system, NOW).lanes
    ready = reads.ready(lonely_system)
    assert ready["database"] == "ok"
    assert ready["redis"] != "ok"


def _scheduler_note(redis: Redis) -> None:
    redis.hset(keys.SCHEDULERS, mapping={"broken": "{", "list": "[]", "late": '{"at": "noon"}'})
    redis.hset(keys.SCHEDULERS, b"\xff", "{}")


def _worker_hash(redis: Redis) -> None:
    redis.sadd(keys.WORKERS, keys.worker("broken"), b"\xff", "rq:worker:text")
    redis.hset(keys.worker("broken"), "last_heartbeat", "noon")
    redis.set("rq:worker:text", "text")


def _queue_names(redis: Redis) -> None:
    redis.sadd(keys.QUEUES, b"rq:queue:\xff", "no-prefix", "rq:queue:text")
    redis.set(keys.queue("text"), "text")


def _oldest_of_a_queue(redis: Redis) -> None:
    redis.rpush(keys.queue("default"), "broken")
    redis.hset(keys.job("broken"), "enqueued_at", "noon")
    redis.rpush(keys.queue("low"), b"\xff")


def _schedule(redis: Redis) -> None:
    redis.hset(keys.schedule("greet"), "nominal", "9" * 30)
    redis.set(keys.schedule("tick"), "text")


GARBAGE: list[Callable[[Redis], None]] = [
    _scheduler_note,
    _worker_hash,
    _queue_names,
    _oldest_of_a_queue,
    _schedule,
]


@pytest.mark.parametrize("spoil", GARBAGE, ids=lambda each: each.__name__.strip("_"))
def test_garbage_in_redis_takes_no_screen_away(
    sqlite_system: System, spoil: Callable[[Redis], None]
) -> None:
    scheduler_says(sqlite_system.redis, NOW)
    worker_says(sqlite_system.redis, NOW)
    spoil(sqlite_system.redis)
    overview = reads.overview(sqlite_system, NOW)
    assert overview.scheduler["leader"] == "one"
    assert overview.workers["total"] == 1
    assert len(reads.tasks(sqlite_system, NOW)) == len(sqlite_system.catalogue.tasks)
    assert reads.today(sqlite_system, NOW).lanes


# --- the version ---------------------------------------------------------------------------------


def test_the_version_changes_with_what_a_screen_shows(sqlite_system: System) -> None:
    recognise(sqlite_system.redis, sqlite_system.database, NOW)
    seen = [reads.version(sqlite_system)]
    actions.trigger(sqlite_system, OPERATOR, "greet")
    seen.append(reads.version(sqlite_system))
    actions.pause(sqlite_system, OPERATOR, "greet", "holiday")
    seen.append(reads.version(sqlite_system))
    sqlite_system.redis.flushall()
    seen.append(reads.version(sqlite_system))
    assert len(set(seen)) == 4
    assert reads.version(sqlite_system) == seen[-1]


# --- tasks and fire times ------------------------------------------------------------------------


def test_a_task_shows_when_it_fires_next(system: System) -> None:
    now = datetime.now(UTC)
    reconcile(system, now)
    task = reads.task(system, "greet", now)
    assert task.next_run_at
    assert int(task.next_run_at.timestamp()) == int(held(system.redis, "greet")["nominal"])
    assert task.schedule
    assert (task.schedule.kind, task.schedule.every_seconds) == ("interval", 1800)
    assert reads.task(system, "fails", now).next_run_at is None
    with pytest.raises(Unknown):
        reads.task(system, "nobody", now)


def test_fire_times_are_in_the_schedule_s_own_zone(sqlite_system: System) -> None:
    found = reads.fire_times(sqlite_system, "morning", 2, after=NOW)
    assert [fire.at.isoformat() for fire in found.fire_times] == [
        "2026-06-01T09:00:00-04:00",
        "2026-06-02T09:00:00-04:00",
    ]


def test_a_schedule_may_be_tried_out_across_a_gap_and_a_repeated_hour(
    sqlite_system: System,
) -> None:
    found = reads.fire_times(
        sqlite_system, "greet", 3, after=datetime(2026, 3, 28, 12, tzinfo=UTC),
        cron="30 2 * * *", timezone="Europe/Berlin",
    )  # fmt: skip
    assert [(fire.at.isoformat(), fire.note) for fire in found.fire_times] == [
        ("2026-03-29T03:00:00+02:00", "gap"),
        ("2026-03-30T02:30:00+02:00", None),
        ("2026-03-31T02:30:00+02:00", None),
    ]
    found = reads.fire_times(
        sqlite_system, "greet", 2, after=datetime(2026, 10, 24, 12, tzinfo=UTC),
        cron="30 2 * * *", timezone="Europe/Berlin",
    )  # fmt: skip
    assert [(fire.at.isoformat(), fire.note) for fire in found.fire_times] == [
        ("2026-10-25T02:30:00+02:00", "repeat"),
        ("2026-10-26T02:30:00+01:00", None),
    ]


def test_a_task_without_a_schedule_says_so(sqlite_system: System) -> None:
    found = reads.fire_times(sqlite_system, "fails")
    assert (found.fire_times, found.text) == ((), "Runs only by hand")


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"cron": "61 * * * *"}, "cron"),
        ({"cron": "0 9 * * *", "timezone": "Berlin"}, "cron"),
        ({"every": "soon"}, "every"),
        ({"every": "5m", "cron": "0 9 * * *"}, "cron"),
        ({"timezone": "Europe/Berlin"}, "cron"),
        ({"n": 0}, "n"),
        ({"n": 101}, "n"),
    ],
)
def test_what_is_no_schedule_is_refused_with_the_reason(
    sqlite_system: System, given: dict[str, object], field: str
) -> None:
    with pytest.raises(Invalid) as refused:
        reads.fire_times(sqlite_system, "greet", **given)  # type: ignore[arg-type]  # mixed on purpose
    assert field in refused.value.fields
