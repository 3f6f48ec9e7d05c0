"""How executions end, by real workers in processes of their own."""

from __future__ import annotations

import json

from rq.job import Job, JobStatus
from rq.serializers import JSONSerializer

from app import actions, keys, reads
from app.system import System
from app.views import ErrorView, RunView
from tests.engine.executing import Executed, work
from tests.engine.stage import statuses
from tests.fixtures import OPERATOR


def error_of(run: RunView) -> ErrorView:
    assert run.error is not None
    return run.error


def test_a_run_that_succeeds(executed: Executed) -> None:
    run = executed.run("greets")
    assert (run.status, run.attempt, run.error) == ("succeeded", 1, None)
    assert run.result == {"greeted": 2, "words": ["Ada", "Ada"]}
    assert run.arguments == {"name": "Ada", "times": 2}
    assert run.queued_at
    assert run.started_at
    assert run.ended_at
    assert run.queued_at <= run.started_at <= run.ended_at
    assert [(one.attempt, one.outcome) for one in run.attempts] == [(1, "succeeded")]


def test_a_coroutine_is_a_task_as_well(executed: Executed) -> None:
    assert executed.run("awaits").result == "awaited 0.5"


def test_rq_sees_the_result_of_a_run(executed: Executed) -> None:
    job = rq_job(executed, "awaits")
    assert job.get_status() == JobStatus.FINISHED
    assert job.return_value() == "awaited 0.5"


def test_rq_sees_the_traceback_of_a_run(executed: Executed) -> None:
    job = rq_job(executed, "leaves by exit")
    assert job.get_status() == JobStatus.FAILED
    result = job.latest_result()
    assert result
    assert "sys.exit(code)" in str(result.exc_string)


def rq_job(executed: Executed, name: str) -> Job:
    redis = executed.system.redis
    return Job.fetch(executed.ids[name], connection=redis, serializer=JSONSerializer)


def test_nothing_of_an_ended_run_stays_among_the_living(executed: Executed) -> None:
    redis = executed.system.redis
    assert redis.zcard(keys.LIVENESS) == 0
    assert redis.zcard(keys.started("default")) == 0
    assert redis.keys("rq:worker:*:executions") == []
    assert redis.keys("rq:execution:*") == []
    assert redis.scard(keys.live("sleeps")) == 0
    assert redis.hget(keys.job(executed.ids["greets"]), "rota_execution") is None
    assert 0 < int(str(redis.ttl(keys.job(executed.ids["greets"])))) <= 24 * 3600


def test_a_failed_run_waits_for_its_retry(executed: Executed) -> None:
    run = executed.first["fails"]
    assert (run.status, run.attempt) == ("scheduled", 1)
    assert run.reason == "attempt 1 failed; retry 1 of 1 follows"
    assert (error_of(run).type, error_of(run).message) == ("ValueError", "no such luck")


def test_a_run_is_tried_as_often_as_its_task_says(executed: Executed) -> None:
    run = executed.run("fails")
    assert (run.status, run.attempt) == ("failed", 2)
    assert [(one.attempt, one.outcome) for one in run.attempts] == [(1, "failed"), (2, "failed")]
    assert "raise ValueError(message)\nValueError: no such luck" in error_of(run).traceback
    assert "app/" not in error_of(run).traceback


def test_a_run_that_ends_its_process_fails(executed: Executed) -> None:
    run = executed.run("exits with 3")
    assert (run.status, error_of(run).type) == ("failed", "Exited")
    assert "exit code 3" in error_of(run).message


def test_a_process_that_ends_well_before_its_task_returned_is_a_failure_too(
    executed: Executed,
) -> None:
    assert executed.run("exits with 0").status == "failed"


def test_sys_exit_in_a_task_is_a_failure_of_the_task(executed: Executed) -> None:
    run = executed.run("leaves by exit")
    assert (run.status, error_of(run).type) == ("failed", "SystemExit")


def test_a_killed_child_says_which_signal_killed_it(executed: Executed) -> None:
    run = executed.run("kills itself")
    assert (run.status, error_of(run).type) == ("failed", "Killed")
    assert "SIGKILL (out of memory?)" in error_of(run).message


def test_a_time_out_ends_a_run(executed: Executed) -> None:
    run = executed.run("times out")
    assert (run.status, error_of(run).type) == ("failed", "TimedOut")
    assert run.duration_seconds
    assert 2 <= run.duration_seconds < 4


def test_a_time_out_ends_a_task_that_swallows_every_exception(executed: Executed) -> None:
    run = executed.run("swallows its time-out")
    assert (run.status, error_of(run).type) == ("failed", "TimedOut")
    assert "did not let itself end" in error_of(run).message
    assert run.duration_seconds
    assert 7 <= run.duration_seconds < 10


def test_a_task_may_skip_its_run(executed: Executed) -> None:
    run = executed.run("skips")
    assert (run.status, run.reason) == ("skipped", "not configured: set GREETING")
    assert run.error is None


def test_a_run_that_no_worker_took_in_time_expires(executed: Executed) -> None:
    run = executed.run("late")
    assert (run.status, run.reason) == ("expired", "no worker took it within 5 s")


def test_a_run_of_a_task_that_this_code_lacks_is_parked_without_using_an_attempt(
    executed: Executed,
) -> None:
    run = executed.first["unknown for a while"]
    assert (run.status, run.attempt) == ("scheduled", 0)
    assert run.reason == "this worker's code has no task greet; tried again"


def test_a_parked_run_runs_where_its_task_is_known(executed: Executed) -> None:
    run = executed.run("unknown for a while")
    assert (run.status, run.attempt) == ("succeeded", 1)


def test_a_run_that_no_worker_knows_for_ten_minutes_is_quarantined(executed: Executed) -> None:
    run = executed.run("unknown for too long")
    assert run.status == "quarantined"
    message = "No worker knows the task greet: it was renamed or removed."
    assert error_of(run).message == message


def test_a_result_that_is_too_large_is_left_out_visibly(executed: Executed) -> None:
    run = executed.run("returns too much")
    assert (run.status, run.result) == ("succeeded", None)
    assert run.reason == "its result of 300,002 bytes was left out (limit 262,144)"


def test_a_result_that_is_no_json_is_left_out_visibly(executed: Executed) -> None:
    run = executed.run("returns no JSON")
    assert (run.status, run.result) == ("succeeded", None)
    assert "not JSON" in str(run.reason)


def test_a_task_may_ask_about_its_run(executed: Executed) -> None:
    run = executed.run("tells its run")
    assert run.result == {
        "run_id": run.run_id,
        "task_id": "tells_its_run",
        "attempt": 1,
        "fire_time": None,
        "minutes_left": 10,
        "stop_requested": False,
    }


def test_a_run_by_schedule_keeps_its_fire_time_into_the_history(executed: Executed) -> None:
    run = executed.run("by schedule")
    assert (run.status, run.trigger, run.at) == ("succeeded", "schedule", run.fire_time)
    assert run.fire_time
    assert run.run_id == f"tick--{int(run.fire_time.timestamp())}"
    assert run.lateness_seconds is not None


def test_every_event_of_a_run_is_in_the_order_of_its_life(executed: Executed) -> None:
    run_id = executed.ids["fails"]
    told = [status for run, status in statuses(executed.system.redis) if run == run_id]
    # The recorder trims what it has committed, so the first ones may be gone.
    life = ["queued", "running", "scheduled", "queued", "running", "failed"]
    assert told == life[len(life) - len(told) :]


def test_arguments_that_fit_no_more_fail_the_run_by_name(ends_system: System) -> None:
    # Accepted by older code, whose parameters were others.
    run_id = actions.trigger(ends_system, OPERATOR, "greet").run_id
    call = json.dumps(["tests.samples.basic.greet", None, [], {"times": "many"}])
    ends_system.redis.hset(keys.job(run_id), "data", call)
    work(ends_system)
    run = reads.run(ends_system, run_id)
    assert (run.status, error_of(run).type) == ("failed", "Invalid")
    assert "times:" in error_of(run).message
