"""RQ's observable behaviour, of the stock worker and of ours, side by side.

What differs on purpose:

- A job whose process died says how (signal, exit code, out of memory), in the place where RQ says
  that its work-horse terminated unexpectedly; RQ leaves one that called `os._exit(0)` started.
- While suspended it takes nothing; the stock worker still takes the job it was waiting for.
- SIGTERM and `shutdown` let a run go on for 20 s and then put it back at the front of its queue;
  RQ waits without an end, or fails it where the host signals the whole process group.
- A time-out also ends a job that catches every exception.
- Only functions of the catalogue run, and only jobs in JSON form; others are set aside whole.
  Callbacks, webhooks, `retry=` and `repeat=` written into a job by others are ignored: the task
  declares its own retries.
- Results are kept for a day and failures for 30 days, whatever a job's own TTLs say; a result
  that is no JSON, or larger than 256 KB, is left out with a reason, where RQ stores a fixed text.
- A worker's `current_job` and counts are up to a second old while it is busy.
- `--with-scheduler` and maintenance do nothing: our scheduler moves and recovers jobs.
- Jobs that wait for others (`depends_on`) are left deferred: our worker does not release them.
"""

from __future__ import annotations

import time

import pytest
from rq.command import send_shutdown_command, send_stop_job_command
from rq.serializers import JSONSerializer
from rq.suspension import resume, suspend

from app.system import System
from tests.processes import wait_until
from tests.worker.contract import WORKERS, Contract


@pytest.fixture(params=WORKERS)
def contract(request: pytest.FixtureRequest, worker_system: System) -> Contract:
    return Contract(request.param, worker_system)


def test_a_job_that_succeeds(contract: Contract) -> None:
    job_id = contract.enqueue("behaves", 7)
    contract.burst()
    assert contract.seen(job_id) == {
        "status": "finished",
        "registries": ["FinishedJobRegistry"],
        "waiting": False,
        "executions": 0,
        "times": True,
        "result": {"type": "SUCCESSFUL", "value": 7, "error": []},
    }
    assert contract.job(job_id).return_value() == 7


def test_a_job_that_fails(contract: Contract) -> None:
    job_id = contract.enqueue("leaves_the_interpreter")
    contract.burst()
    assert contract.seen(job_id) == {
        "status": "failed",
        "registries": ["FailedJobRegistry"],
        "waiting": False,
        "executions": 0,
        "times": True,
        "result": {"type": "FAILED", "value": None, "error": ["SystemExit: 1"]},
    }


def test_a_job_whose_process_dies(contract: Contract) -> None:
    job_id = contract.enqueue("segfaults")
    contract.burst()
    seen = contract.seen(job_id)
    error = seen["result"].pop("error")
    assert seen["result"] == {"type": "FAILED", "value": None}
    assert (seen["status"], seen["registries"]) == ("failed", ["FailedJobRegistry"])
    if contract.kind == "ours":
        assert "killed by SIGSEGV" in error[0]
    else:
        assert "terminated unexpectedly" in error[0]


def test_rq_info_of_an_idle_worker(contract: Contract) -> None:
    contract.enqueue("behaves", 1, queue="elsewhere")
    job_id = contract.enqueue("behaves", 1)
    contract.start()
    contract.wait(job_id, "finished")
    time.sleep(1.5)
    assert contract.info() == [
        "queue default 0, 0 executing, 1 finished, 0 failed",
        "queue elsewhere 1, 0 executing, 0 finished, 0 failed",
        "worker idle default. jobs: 1 finished, 0 failed",
    ]


def test_rq_info_of_a_busy_worker(contract: Contract) -> None:
    job_id = contract.enqueue("naps", 5)
    contract.enqueue("behaves", 1)
    contract.start()
    contract.wait(job_id, "started")
    time.sleep(0.5)
    assert contract.info() == [
        "queue default 1, 1 executing, 0 finished, 0 failed",
        "worker busy default. jobs: 0 finished, 0 failed",
    ]
    assert contract.seen(job_id)["registries"] == ["StartedJobRegistry"]
    worker = contract.worker()
    assert worker.get_current_job_id() == job_id
    assert contract.job(job_id).worker_name == worker.name


def test_the_worker_counts_its_jobs(contract: Contract) -> None:
    for task_id in ("behaves", "behaves", "leaves_the_interpreter"):
        contract.enqueue(task_id)
    last = contract.enqueue("behaves", 3)
    contract.start()
    contract.wait(last, "finished")

    def counts() -> tuple[int, int]:
        worker = contract.worker()
        return worker.successful_job_count, worker.failed_job_count

    wait_until(lambda: counts() == (3, 1), 5, "the counts")
    assert contract.worker().total_working_time > 0


def test_queues_are_served_in_the_order_given(contract: Contract) -> None:
    low = contract.enqueue("behaves", 1, queue="low")
    high = contract.enqueue("behaves", 2, queue="high")
    contract.burst(queues=("high", "low"))
    started = [contract.job(job_id).started_at for job_id in (high, low)]
    assert started == sorted(time for time in started if time)


def test_round_robin_alternates(contract: Contract) -> None:
    jobs = [contract.enqueue("behaves", n, queue=name) for n in range(2) for name in ("a", "b")]
    contract.burst("--dequeue-strategy", "round_robin", queues=("a", "b"))
    started = [contract.job(job_id).started_at for job_id in jobs]
    assert started == sorted(time for time in started if time)


def test_max_jobs(contract: Contract) -> None:
    jobs = [contract.enqueue("behaves", number) for number in range(3)]
    worker = contract.start("--max-jobs", "2")
    assert worker.wait(20) == 0, worker.output
    statuses = [contract.job(job_id).get_status() for job_id in jobs]
    assert statuses == ["finished", "finished", "queued"]


def test_max_idle_time(contract: Contract) -> None:
    job_id = contract.enqueue("behaves", 1)
    worker = contract.start("--max-idle-time", "1")
    assert worker.wait(20) == 0, worker.output
    assert contract.job(job_id).get_status() == "finished"


def test_suspended_workers_take_nothing_until_resumed(contract: Contract) -> None:
    worker = contract.start()
    wait_until(lambda: contract.redis.scard("rq:workers") == 1, 10, "the worker")
    time.sleep(0.5)
    suspend(contract.redis)
    jobs = [contract.enqueue("behaves", number) for number in range(2)]
    time.sleep(2)
    statuses = [contract.job(job_id).get_status() for job_id in jobs]
    # The stock worker still takes the one job for which it was waiting already.
    assert statuses == ["finished" if contract.kind == "stock" else "queued", "queued"]
    resume(contract.redis)
    for job_id in jobs:
        contract.wait(job_id, "finished")
    assert worker.alive


def test_a_worker_is_not_started_while_suspended(contract: Contract) -> None:
    suspend(contract.redis)
    job_id = contract.enqueue("behaves", 1)
    worker = contract.start("--burst")
    assert worker.wait(20) == 1
    assert contract.job(job_id).get_status() == "queued"


def test_the_stop_job_command(contract: Contract) -> None:
    job_id = contract.enqueue("naps", 20)
    worker = contract.start()
    contract.wait(job_id, "started")
    time.sleep(0.5)
    send_stop_job_command(contract.redis, job_id, serializer=JSONSerializer)
    contract.wait(job_id, "stopped")
    wait_until(lambda: contract.seen(job_id)["registries"] == ["FailedJobRegistry"], 5)
    later = contract.enqueue("behaves", 1)
    contract.wait(later, "finished")
    assert worker.alive


def test_the_shutdown_command(contract: Contract) -> None:
    job_id = contract.enqueue("naps", 1)
    worker = contract.start()
    contract.wait(job_id, "started")
    later = contract.enqueue("behaves", 1)
    send_shutdown_command(contract.redis, contract.worker().name)
    assert worker.wait(10) == 0, worker.output
    assert contract.job(job_id).get_status() == "finished"
    assert contract.job(later).get_status() == "queued"
    assert contract.redis.scard("rq:workers") == 0
