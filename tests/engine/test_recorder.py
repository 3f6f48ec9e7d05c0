"""Events become rows, each exactly once, whoever records and however often."""

from __future__ import annotations

import json
import threading
from datetime import UTC, datetime
from typing import Any

from redis import Redis

from app import actions, keys, reads
from app.events import Event
from app.incarnation import recognise
from app.quarantine import entries
from app.recorder import BATCH, Recorder
from app.records.database import writing
from app.records.history import record
from app.system import System
from app.taking import take
from tests.engine.stage import QUEUES, fire_due, lead, make_due, record_all, rows
from tests.fixtures import OPERATOR

STATIC: dict[str, Any] = {
    "task_id": "greet", "schedule_id": None, "trigger": "api", "triggered_by": "olga",
    "parent_run_id": None, "queue": "default", "at": 1_800_000_000_000, "fire_time": None,
    "arguments": {},
}  # fmt: skip


def emit(redis: Redis, run: str, status: str, revision: int, **fields: Any) -> bytes:
    """Write an event as the scripts do."""
    entry: dict[Any, Any] = {
        "run": run, "status": status, "revision": revision, "attempt": 1, "at": 1_800_000_000_000,
        "static": json.dumps(STATIC), "data": "{}",
    } | fields  # fmt: skip
    answer: Any = redis.xadd(keys.EVENTS, entry)
    return bytes(answer)


def status_of(system: System, run_id: str) -> str | None:
    found = rows(system, "SELECT status FROM runs WHERE run_id = :id", id=run_id)
    return found[0]["status"] if found else None


def position(system: System) -> str:
    return str(rows(system, "SELECT position FROM recorder")[0]["position"])


def test_rows_and_position_are_there_together(system: System) -> None:
    recognise(system.redis, system.database, datetime.now(UTC))
    last = emit(system.redis, "greet--m1", "queued", 1)
    assert position(system) == "0-0"
    assert Recorder(system.redis, system.database).step() == 1
    assert status_of(system, "greet--m1") == "queued"
    assert position(system) == last.decode()


def test_nothing_is_recorded_of_a_redis_that_was_not_recognised(sqlite_system: System) -> None:
    recorder = Recorder(sqlite_system.redis, sqlite_system.database)
    emit(sqlite_system.redis, "greet--m1", "queued", 1)
    assert recorder.step() == 0
    recognise(sqlite_system.redis, sqlite_system.database, datetime.now(UTC))
    sqlite_system.redis.set(keys.INCARNATION, "another")
    assert recorder.step() == 0
    assert status_of(sqlite_system, "greet--m1") is None


def test_a_run_from_its_fire_time_to_its_end(system: System) -> None:
    due = make_due(system, "greet")
    fire_due(system, lead(system))
    record_all(system)
    run_id = f"greet--{int(due.timestamp())}"
    run = reads.run(system, run_id)
    assert (run.status, run.task_id, run.trigger, run.at) == ("queued", "greet", "schedule", due)
    take(system.redis, system.catalogue, "w", QUEUES)
    record_all(system)
    run = reads.run(system, run_id)
    assert (run.status, run.worker, run.attempt) == ("running", "w", 1)
    assert [(one.attempt, one.outcome) for one in run.attempts] == [(1, None)]


def test_the_newest_fire_time_of_a_schedule_is_kept(system: System) -> None:
    make_due(system, "greet", periods=3)
    fire_due(system, lead(system))
    record_all(system)
    last = rows(system, "SELECT last_fire_time FROM schedules WHERE schedule_id = 'greet'")
    newest = rows(system, "SELECT max(fire_time) AS at FROM runs WHERE schedule_id = 'greet'")
    assert last[0]["last_fire_time"] == newest[0]["at"]


def test_recording_the_same_stream_again_changes_nothing(system: System) -> None:
    make_due(system, "greet", periods=3)
    fire_due(system, lead(system))
    actions.trigger(system, OPERATOR, "fails")
    take(system.redis, system.catalogue, "w", QUEUES)
    record_all(system)
    tables = ("runs", "attempts", "schedules")
    before = {table: rows(system, f"SELECT * FROM {table} ORDER BY 1") for table in tables}  # noqa: S608 - names of this test
    with writing(system.database) as connection:
        connection.exec_driver_sql("UPDATE recorder SET position = '0-0'")
    assert record_all(system) > 0
    after = {table: rows(system, f"SELECT * FROM {table} ORDER BY 1") for table in tables}  # noqa: S608 - as above
    assert after == before


def test_an_older_revision_does_not_overwrite_a_newer_one(sqlite_system: System) -> None:
    emit(sqlite_system.redis, "greet--m1", "running", 2, data='{"worker": "w"}')
    emit(sqlite_system.redis, "greet--m1", "succeeded", 3, data='{"result": 5}')
    emit(sqlite_system.redis, "greet--m1", "queued", 1)
    emit(sqlite_system.redis, "greet--m1", "running", 2, data='{"worker": "stale"}')
    record_all(sqlite_system)
    run = reads.run(sqlite_system, "greet--m1")
    assert (run.status, run.result, run.worker) == ("succeeded", 5, "w")


def test_a_late_event_of_an_ended_attempt_does_not_open_it_again(sqlite_system: System) -> None:
    emit(sqlite_system.redis, "greet--m1", "running", 2, data='{"worker": "w", "started_at": 1}')
    ended = '{"outcome": "succeeded", "ended_attempt": 1, "ended_at": 2}'
    emit(sqlite_system.redis, "greet--m1", "succeeded", 3, data=ended)
    emit(sqlite_system.redis, "greet--m1", "running", 2, data='{"worker": "w", "started_at": 1}')
    record_all(sqlite_system)
    (attempt,) = reads.run(sqlite_system, "greet--m1").attempts
    assert attempt.outcome == "succeeded"


def test_two_recorders_at_once_record_every_event_once(system: System) -> None:
    recognise(system.redis, system.database, datetime.now(UTC))
    for number in range(1200):
        emit(system.redis, f"greet--m{number}", "queued", 1)
    totals: list[int] = []

    def record_until_done() -> None:
        recorder = Recorder(system.redis, system.database)
        done = 0
        for _ in range(8):
            done += recorder.step()
        totals.append(done)

    threads = [threading.Thread(target=record_until_done) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(totals) == 1200
    assert rows(system, "SELECT count(*) AS n FROM runs")[0]["n"] == 1200


def test_a_recorder_that_was_overtaken_writes_nothing(sqlite_system: System) -> None:
    recognise(sqlite_system.redis, sqlite_system.database, datetime.now(UTC))
    emit(sqlite_system.redis, "greet--m1", "queued", 1)
    slow = Recorder(sqlite_system.redis, sqlite_system.database)
    original = slow._logs

    def overtaken(events: list[Event]) -> dict[str, tuple[list[Any], int]]:
        assert Recorder(sqlite_system.redis, sqlite_system.database).step() == 1
        return original(events)

    slow._logs = overtaken  # type: ignore[method-assign]  # the moment between reading and writing
    assert slow.step() == 0
    assert status_of(sqlite_system, "greet--m1") == "queued"


def test_what_was_read_of_an_earlier_redis_is_not_counted_for_a_new_one(
    sqlite_system: System,
) -> None:
    redis, database = sqlite_system.redis, sqlite_system.database
    recognise(redis, database, datetime.now(UTC))
    emit(redis, "greet--m1", "queued", 1)
    slow = Recorder(redis, database)
    original = slow._logs

    def replaced(events: list[Event]) -> dict[str, tuple[list[Any], int]]:
        redis.flushall()
        recognise(redis, database, datetime.now(UTC))
        return original(events)

    slow._logs = replaced  # type: ignore[method-assign]  # the moment between reading and writing
    assert slow.step() == 0
    assert position(sqlite_system) == "0-0"


# --- broken events -------------------------------------------------------------------------------

BROKEN: dict[str, dict[str, Any]] = {
    "static is no JSON": {"static": "{"},
    "static is a list": {"static": "[]"},
    "static lacks the task": {"static": "{}"},
    "data is no object": {"data": "5"},
    "revision is text": {"revision": "newest"},
    "accepted at a word": {"static": json.dumps(STATIC | {"at": "soon"})},
    "accepted beyond the calendar": {"static": json.dumps(STATIC | {"at": 10**30})},
    "task is null": {"static": json.dumps(STATIC | {"task_id": None})},
    "task is an object": {"static": json.dumps(STATIC | {"task_id": {"a": 1}})},
    "started at a word": {"data": '{"started_at": "soon"}'},
    "revision beyond the database": {"revision": 10**25},
    "id is no text": {"run": b"\xff"},
    "written beyond the calendar": {"at": "9" * 30},
    "static is nested too deep": {"static": '{"a":' * 2_000 + "1" + "}" * 2_000},
}


def test_broken_events_are_set_aside_and_their_neighbours_are_recorded(system: System) -> None:
    whole, broken = [], {}
    for number, (name, fields) in enumerate(BROKEN.items()):
        whole.append(f"greet--whole{number}")
        emit(system.redis, whole[-1], "queued", 1)
        run: dict[str, Any] = {"run": f"greet--broken{number}", "status": "queued", "revision": 1}
        broken[f"event {emit(system.redis, **(run | fields)).decode()}"] = name
    assert record_all(system) == 2 * len(BROKEN)
    recorded = rows(system, "SELECT run_id FROM runs ORDER BY run_id")
    assert [row["run_id"] for row in recorded] == sorted(whole)
    set_aside = [broken[entry["name"]] for entry in entries(system.redis)]
    assert sorted(set_aside) == sorted(BROKEN)


def test_text_that_postgresql_refuses_stops_nothing(system: System) -> None:
    emit(system.redis, "greet--m1", "failed", 1, data='{"reason": "zero \\u0000"}')
    emit(system.redis, "greet--m2", "succeeded", 1, data='{"result": ["half \\ud800"]}')
    emit(system.redis, "greet--m3", "queued", 1)
    record_all(system)
    assert status_of(system, "greet--m1") == "failed"
    assert status_of(system, "greet--m2") == "succeeded"
    assert status_of(system, "greet--m3") == "queued"
    assert reads.run(system, "greet--m1").reason == "zero \\x00"


# --- logs and trimming ---------------------------------------------------------------------------


def test_the_log_of_an_ended_run_is_kept_with_it(system: System) -> None:
    redis = system.redis
    line = {"at": "2026-01-01T00:00:00.000+00:00", "level": "INFO", "logger": "x", "message": "hi"}
    redis.rpush(keys.log("greet--m1"), json.dumps(line))
    redis.hset(keys.job("greet--m1"), "rota_log_dropped", 7)
    emit(redis, "greet--m1", "succeeded", 1)
    record_all(system)
    redis.delete(keys.log("greet--m1"))
    page = reads.run_log(system, "greet--m1")
    assert ([one.message for one in page.lines], page.dropped) == (["hi"], 7)


def test_a_log_of_garbage_stops_nothing(sqlite_system: System) -> None:
    redis = sqlite_system.redis
    redis.rpush(keys.log("greet--m1"), "{", '{"at": "soon"}', "[]", b"\xff")
    redis.hset(keys.job("greet--m1"), "rota_log_dropped", "many")
    redis.set(keys.log("greet--m2"), "no list")
    for run_id in ("greet--m1", "greet--m2"):
        emit(redis, run_id, "succeeded", 1)
    assert record_all(sqlite_system) == 2
    lines = reads.run_log(sqlite_system, "greet--m1").lines
    assert [line.message for line in lines] == ["(a line that cannot be read)"] * 4
    assert status_of(sqlite_system, "greet--m2") == "succeeded"


def test_the_stream_is_trimmed_below_what_is_committed_and_never_above(
    sqlite_system: System,
) -> None:
    redis = sqlite_system.redis
    recognise(redis, sqlite_system.database, datetime.now(UTC))
    for number in range(2 * BATCH):
        emit(redis, f"greet--m{number}", "queued", 1)
    assert Recorder(redis, sqlite_system.database).step() == BATCH
    found: Any = redis.xrange(keys.EVENTS)
    left = [entry[0].decode() for entry in found]
    committed = position(sqlite_system)
    assert BATCH <= len(left) < BATCH + 200
    assert committed in left
    assert len([one for one in left if _order(one) > _order(committed)]) == BATCH


def _order(stream_id: str) -> tuple[int, int]:
    milliseconds, number = stream_id.split("-")
    return int(milliseconds), int(number)


def test_recording_tells_the_screens(sqlite_system: System) -> None:
    emit(sqlite_system.redis, "greet--m1", "queued", 1)
    recognise(sqlite_system.redis, sqlite_system.database, datetime.now(UTC))
    before = reads.version(sqlite_system)
    Recorder(sqlite_system.redis, sqlite_system.database).step()
    assert reads.version(sqlite_system) != before


def test_an_event_may_come_from_elsewhere_than_redis(sqlite_system: System) -> None:
    now = datetime.now(UTC)
    event = Event("", "greet--m9", "succeeded", 2, 1, now, STATIC, {"result": 1})
    with writing(sqlite_system.database) as connection:
        record(connection, [event])
    assert reads.run(sqlite_system, "greet--m9").result == 1


def test_an_absurd_count_of_dropped_lines_stops_nothing(system: System) -> None:
    recognise(system.redis, system.database, datetime.now(UTC))
    line = {"at": "2026-01-01T00:00:00+00:00", "level": "INFO", "logger": "x", "message": "y"}
    system.redis.rpush(keys.log("greet--m1"), json.dumps(line))
    system.redis.hset(keys.job("greet--m1"), "rota_log_dropped", "9" * 30)
    emit(system.redis, "greet--m1", "succeeded", 3)
    assert Recorder(system.redis, system.database).step() == 1
    assert status_of(system, "greet--m1") == "succeeded"
