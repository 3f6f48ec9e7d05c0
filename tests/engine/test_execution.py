"""One execution, by a real worker in a process of its own, and how it ended."""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime, timedelta

from rq.job import Job, JobStatus
from rq.serializers import JSONSerializer

from app import actions, keys, reads
from app.system import System
from tests.engine.executing import ends_system, retry_now, run_now, work  # noqa: F401 - a fixture
from tests.engine.stage import fire_due, lead, make_due, statuses
from tests.fixtures import OPERATOR


def test_a_run_that_succeeds(ends_system: System) -> None:
    run = run_now(ends_system, "greet", name="Ada", times=2)
    assert (run.status, run.attempt, run.error) == ("succeeded", 1, None)
    assert run.result == {"greeted": 2, "words": ["Ada", "Ada"]}
    assert run.arguments == {"name": "Ada", "times": 2}
    assert run.queued_at
    assert run.started_at
    assert run.ended_at
    assert run.queued_at <= run.started_at <= run.ended_at
    assert [(one.attempt, one.outcome) for one in run.attempts] == [(1, "succeeded")]
    assert [status for _, status in statuses(ends_system.redis)][-1] == "succeeded"


def test_rq_sees_the_result_of_a_run(ends_system: System) -> None:
    run = run_now(ends_system, "later", seconds=0.5)
    job = Job.fetch(run.run_id, connection=ends_system.redis, serializer=JSONSerializer)
    assert job.get_status() == JobStatus.FINISHED
    assert job.return_value() == "awaited 0.5"


def test_rq_sees_the_traceback_of_a_run(ends_system: System) -> None:
    run = run_now(ends_system, "leaves_by_exit")
    job = Job.fetch(run.run_id, connection=ends_system.redis, serializer=JSONSerializer)
    assert job.get_status() == JobStatus.FAILED
    result = job.latest_result()
    assert result
    assert "sys.exit(code)" in str(result.exc_string)


def test_nothing_of_an_ended_run_stays_among_the_living(ends_system: System) -> None:
    redis = ends_system.redis
    run = run_now(ends_system, "greet")
    assert redis.zcard(keys.LIVENESS) == 0
    assert redis.zcard(keys.started("default")) == 0
    assert redis.scard(keys.live("greet")) == 0
    assert redis.hget(keys.job(run.run_id), "rota_execution") is None
    assert 0 < int(str(redis.ttl(keys.job(run.run_id)))) <= 24 * 3600


def test_a_failed_run_is_retried_as_often_as_its_task_says(ends_system: System) -> None:
    run = run_now(ends_system, "fails", message="no such luck")
    assert (run.status, run.attempt) == ("scheduled", 1)
    assert run.reason == "attempt 1 failed; retry 1 of 1 follows"
    assert run.error
    assert (run.error.type, run.error.message) == ("ValueError", "no such luck")
    retry_now(ends_system, run.run_id)
    work(ends_system)
    run = reads.run(ends_system, run.run_id)
    assert (run.status, run.attempt) == ("failed", 2)
    assert [(one.attempt, one.outcome) for one in run.attempts] == [(1, "failed"), (2, "failed")]
    assert run.error
    assert "raise ValueError(message)\nValueError: no such luck" in run.error.traceback


def test_a_run_that_ends_its_process_fails(ends_system: System) -> None:
    run = run_now(ends_system, "exits", code=3)
    assert run.status == "failed"
    assert run.error
    assert run.error.type == "Exited"
    assert "exit code 3" in run.error.message


def test_a_process_that_ends_well_before_its_task_returned_is_a_failure_too(
    ends_system: System,
) -> None:
    assert run_now(ends_system, "exits", code=0).status == "failed"


def test_sys_exit_in_a_task_is_a_failure_of_the_task(ends_system: System) -> None:
    run = run_now(ends_system, "leaves_by_exit")
    assert run.error
    assert (run.status, run.error.type) == ("failed", "SystemExit")


def test_a_killed_child_says_which_signal_killed_it(ends_system: System) -> None:
    run = run_now(ends_system, "kills_itself")
    assert run.error
    assert (run.status, run.error.type) == ("failed", "Killed")
    assert "SIGKILL (out of memory?)" in run.error.message


def test_a_time_out_ends_a_run(ends_system: System) -> None:
    run = run_now(ends_system, "sleeps")
    assert run.error
    assert (run.status, run.error.type) == ("failed", "TimedOut")
    assert run.duration_seconds
    assert 2 <= run.duration_seconds < 3


def test_a_time_out_ends_a_task_that_swallows_every_exception(ends_system: System) -> None:
    run = run_now(ends_system, "sleeps", stubborn=True)
    assert run.error
    assert (run.status, run.error.type) == ("failed", "TimedOut")
    assert "did not let itself end" in run.error.message
    assert run.duration_seconds
    assert 7 <= run.duration_seconds < 9


def test_a_task_may_skip_its_run(ends_system: System) -> None:
    run = run_now(ends_system, "skips")
    assert (run.status, run.reason) == ("skipped", "not configured: set GREETING")
    assert run.error is None


def test_a_run_that_no_worker_took_in_time_expires(ends_system: System) -> None:
    long_ago = datetime.now(UTC) - timedelta(seconds=6)
    accepted = actions.trigger(ends_system, OPERATOR, "hurries", now=long_ago)
    work(ends_system)
    run = reads.run(ends_system, accepted.run_id)
    assert (run.status, run.reason) == ("expired", "no worker took it within 5 s")
    assert run_now(ends_system, "hurries").status == "succeeded"


def test_a_run_of_a_task_that_this_code_lacks_is_parked_without_using_an_attempt(
    ends_system: System,
) -> None:
    run_id = actions.trigger(ends_system, OPERATOR, "greet").run_id
    work(ends_system, modules=("tests.engine.ends",))
    run = reads.run(ends_system, run_id)
    assert (run.status, run.attempt) == ("scheduled", 0)
    assert run.reason == "this worker's code has no task greet; tried again"
    retry_now(ends_system, run_id)
    work(ends_system)
    run = reads.run(ends_system, run_id)
    assert (run.status, run.attempt) == ("succeeded", 1)


def test_a_run_that_no_worker_knows_for_ten_minutes_is_quarantined(ends_system: System) -> None:
    run_id = actions.trigger(ends_system, OPERATOR, "greet").run_id
    ends_system.redis.hset(keys.job(run_id), "rota_parked_since", str(time.time() - 601))
    work(ends_system, modules=("tests.engine.ends",))
    run = reads.run(ends_system, run_id)
    assert run.status == "quarantined"
    assert run.error
    assert run.error.message == "No worker knows the task greet: it was renamed or removed."


def test_a_result_that_is_too_large_is_left_out_visibly(ends_system: System) -> None:
    run = run_now(ends_system, "returns_too_much")
    assert (run.status, run.result) == ("succeeded", None)
    assert run.reason == "its result of 300,002 bytes was left out (limit 262,144)"


def test_a_result_that_is_no_json_is_left_out_visibly(ends_system: System) -> None:
    run = run_now(ends_system, "returns_no_json")
    assert (run.status, run.result) == ("succeeded", None)
    assert "not JSON" in str(run.reason)


def test_a_task_may_ask_about_its_run(ends_system: System) -> None:
    run = run_now(ends_system, "tells_its_run")
    assert run.result == {
        "run_id": run.run_id,
        "task_id": "tells_its_run",
        "attempt": 1,
        "fire_time": None,
        "minutes_left": 10,
        "stop_requested": False,
    }


def test_a_run_by_schedule_keeps_its_fire_time_through_to_the_history(ends_system: System) -> None:
    due = make_due(ends_system, "morning")
    fire_due(ends_system, lead(ends_system))
    work(ends_system)
    run = reads.run(ends_system, f"morning--{int(due.timestamp())}")
    assert (run.status, run.trigger, run.fire_time, run.at) == ("succeeded", "schedule", due, due)
    assert run.result == "morning"


def test_wrong_arguments_in_the_job_fail_the_run_by_name(ends_system: System) -> None:
    # Accepted by older code, whose parameters were others.
    run_id = actions.trigger(ends_system, OPERATOR, "greet", {"times": 1}).run_id
    call = json.dumps(["tests.samples.basic.greet", None, [], {"times": "many"}])
    ends_system.redis.hset(keys.job(run_id), "data", call)
    work(ends_system)
    run = reads.run(ends_system, run_id)
    assert run.error
    assert (run.status, run.error.type) == ("failed", "Invalid")
    assert "times:" in run.error.message
