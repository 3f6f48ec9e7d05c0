"""Schedules and runs stay what rq and rq-scheduler know; a plain rqscheduler does no harm."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from rq import Queue
from rq.exceptions import DeserializationError
from rq.job import Job, JobStatus
from rq.registry import StartedJobRegistry
from rq.serializers import JSONSerializer
from rq_scheduler import Scheduler as PlainScheduler

from app import keys
from app.reconcile import reconcile
from app.run_jobs import JsonJob
from app.system import System
from app.taking import take
from tests.engine.stage import QUEUES, everything, fire_due, held, lead, make_due, queued, statuses


def test_a_fired_run_is_a_job_that_rq_reads(sqlite_system: System) -> None:
    due = make_due(sqlite_system, "greet")
    fire_due(sqlite_system, lead(sqlite_system))
    run_id = f"greet--{int(due.timestamp())}"
    job = Job.fetch(run_id, connection=sqlite_system.redis, serializer=JSONSerializer)
    assert (job.func_name, job.args, job.kwargs) == ("tests.samples.basic.greet", [], {})
    assert (job.origin, job.timeout, job.get_status()) == ("default", 60, JobStatus.QUEUED)
    queue = Queue("default", connection=sqlite_system.redis, serializer=JSONSerializer)
    assert queue.job_ids == [run_id]
    assert queue in Queue.all(connection=sqlite_system.redis, serializer=JSONSerializer)


def test_a_started_run_stands_in_the_registry_of_rq(sqlite_system: System) -> None:
    make_due(sqlite_system, "greet")
    fire_due(sqlite_system, lead(sqlite_system))
    taken = take(sqlite_system.redis, sqlite_system.catalogue, "w", QUEUES)
    assert taken
    registry = StartedJobRegistry(
        "default", connection=sqlite_system.redis, serializer=JSONSerializer
    )
    assert registry.get_job_ids() == [taken.run_id]
    job = Job.fetch(taken.run_id, connection=sqlite_system.redis, serializer=JSONSerializer)
    assert job.get_status() == JobStatus.STARTED
    assert job.worker_name == "w"
    assert [execution.id for execution in job.get_executions()] == [taken.execution_id]


def test_rq_scheduler_lists_every_schedule(sqlite_system: System) -> None:
    reconcile(sqlite_system, datetime.now(UTC))
    listed = PlainScheduler(connection=sqlite_system.redis)
    assert {job.id for job in listed.get_jobs()} == {"greet", "morning", "tick"}
    assert "greet" in listed
    assert listed.count() == 3


def test_rq_scheduler_tells_when_each_is_due(sqlite_system: System) -> None:
    reconcile(sqlite_system, datetime.now(UTC))
    listed = PlainScheduler(connection=sqlite_system.redis)
    times = {job.id: at.replace(tzinfo=UTC) for job, at in listed.get_jobs(with_times=True)}
    nominal = int(held(sqlite_system.redis, "greet")["nominal"])
    assert times["greet"] == datetime.fromtimestamp(nominal, UTC)


def test_a_plain_scheduler_stays_idle_while_ours_leads(sqlite_system: System) -> None:
    make_due(sqlite_system, "greet")
    lead(sqlite_system)
    assert not PlainScheduler(connection=sqlite_system.redis).acquire_lock()


def test_a_plain_scheduler_cannot_read_the_templates_and_changes_nothing(
    sqlite_system: System,
) -> None:
    make_due(sqlite_system, "greet")
    before = everything(sqlite_system.redis)
    with pytest.raises(DeserializationError):
        PlainScheduler(connection=sqlite_system.redis).enqueue_jobs()
    assert everything(sqlite_system.redis) == before


def test_a_plain_scheduler_that_reads_json_pushes_templates_but_adds_no_run(
    sqlite_system: System,
) -> None:
    redis = sqlite_system.redis
    due = make_due(sqlite_system, "greet")
    PlainScheduler(connection=redis, job_class=JsonJob).enqueue_jobs()
    assert queued(redis) == ["greet"], "the plain scheduler did not push the template"
    assert take(redis, sqlite_system.catalogue, "w", QUEUES) is None
    assert queued(redis) == []
    # It moved the schedule as well; the fire time is not lost by that.
    reconcile(sqlite_system, datetime.now(UTC))
    assert redis.zscore(keys.SCHEDULE, "greet") == int(due.timestamp())
    fire_due(sqlite_system, lead(sqlite_system))
    assert (f"greet--{int(due.timestamp())}", "queued") in statuses(redis)
