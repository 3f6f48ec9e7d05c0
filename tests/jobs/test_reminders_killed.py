"""Real processes that run the tasks: killed in the middle, or two at once."""

from __future__ import annotations

import signal
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, insert, select, update

from app import reading, writing
from app.context import CurrentRun, enter, leave
from app.settings import current_settings
from app.system import System
from jobs.interviews import check_pending_interviews, send_interview_reminders
from jobs.recruiting.schema import applications, interview_people, interviews, mail_outbox
from jobs.sandbox.faults import Fault
from tests.jobs.interviewing import GRACE, Office, open_office
from tests.jobs.mailing import PostOffice
from tests.processes import Process, kill, start_process, wait_until

RUN = """
import sys
import jobs
from app.context import CurrentRun, enter
from jobs import interviews, summaries
enter(CurrentRun(sys.argv[2], sys.argv[1]))
task = getattr(interviews, sys.argv[1], None) or getattr(summaries, sys.argv[1])
print(task().message)
"""
PEOPLE = 6


@pytest.fixture
def office(engine: Engine, post_office: PostOffice) -> Office:
    """An office with an interview in 20 hours, with Ada and five interviewers."""
    office = open_office(engine, post_office)
    office.now = datetime.now(UTC)
    start = office.now + timedelta(hours=20)
    interview = office.book(start)
    with writing(engine) as connection:
        for n in range(PEOPLE - 2):
            person = {**GRACE, "email": f"person{n}@example.com"}
            connection.execute(insert(interview_people).values(interview_id=interview, **person))
    return office


@pytest.fixture
def settings(database_url: str, post_office: PostOffice) -> dict[str, str]:
    return {
        "DATABASE_URL": database_url,
        "SMTP_URL": post_office.url,
        "MAIL_FROM": "hiring@example.org",
        "RECRUITER_EMAILS": "ruth@example.com,rolf@example.com",
        "REDIS_URL": "unix:///nowhere/redis.sock",
    }


def start_task(settings: dict[str, str], task: str, run_id: str) -> Process:
    folder = Path(__file__).parents[2]
    return start_process([sys.executable, "-c", RUN, task, run_id], settings, cwd=folder)


def states(engine: Engine) -> list[str]:
    with reading(engine) as connection:
        query = select(mail_outbox.c.state).order_by(mail_outbox.c.id)
        return list(connection.execute(query).scalars())


@pytest.mark.parametrize("match", ["person2", "SMTP MAIL"])
def test_a_scan_killed_while_it_sends_goes_on_without_repeating(
    office: Office, settings: dict[str, str], match: str
) -> None:
    office.post.order(Fault("slow", seconds=60, match=match))
    process = start_task(settings, "check_pending_interviews", "run-1")
    wait_until(lambda: not office.post.faults.pending(), what="the fault to be met")
    kill(process, signal.SIGKILL)
    process.wait()
    again = start_task(settings, "check_pending_interviews", "run-1")
    assert again.wait(20) == 0, again.output
    to = [message["To"].addresses[0].addr_spec for message in office.post.arrived()]
    assert sorted(to) == sorted(set(to))
    assert len(to) == PEOPLE
    third = start_task(settings, "check_pending_interviews", "run-2")
    assert third.wait(20) == 0
    assert third.output.splitlines()[-1] == "Nothing to send now."


def test_two_scans_at_once_send_each_reminder_once(
    office: Office, settings: dict[str, str]
) -> None:
    office.post.order(Fault("slow", seconds=0.2, match="SMTP RCPT", times=50))
    runs = [start_task(settings, "check_pending_interviews", f"run-{n}") for n in range(3)]
    for process in runs:
        assert process.wait(30) == 0, process.output
    to = [str(message["To"]) for message in office.post.arrived()]
    assert len(to) == len(set(to)) == PEOPLE


def test_a_summary_killed_between_two_recruiters_reaches_each_once(
    office: Office, settings: dict[str, str], engine: Engine
) -> None:
    with writing(engine) as connection:
        now = datetime.now(UTC)
        connection.execute(update(applications).values(created_at=now, applied_at=now))
    office.post.order(Fault("slow", seconds=60, match="rolf@"))
    process = start_task(settings, "daily_candidate_summary", "run-1")
    wait_until(lambda: not office.post.faults.pending(), what="the second recruiter")
    kill(process, signal.SIGKILL)
    process.wait()
    again = start_task(settings, "daily_candidate_summary", "run-1")
    assert again.wait(20) == 0, again.output
    assert again.output.splitlines()[-1].startswith("1 new application, told to 1 of 2")
    to = [str(message["To"]) for message in office.post.arrived()]
    assert to == ["ruth@example.com", "rolf@example.com"]


@pytest.fixture
def with_redis(
    sqlite_system: System,
    post_office: PostOffice,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Office]:
    """The tasks themselves, over a real queue."""
    url = str(sqlite_system.database.url)
    for name, value in {
        "REDIS_URL": sqlite_system.settings.redis_url,
        "DATABASE_URL": url,
        "SMTP_URL": post_office.url,
        "MAIL_FROM": "hiring@example.org",
    }.items():
        monkeypatch.setenv(name, value)
    current_settings.cache_clear()
    office = open_office(sqlite_system.database, post_office)
    office.now = datetime.now(UTC)
    yield office
    current_settings.cache_clear()


def test_the_scan_queues_one_run_for_each_exact_time(
    with_redis: Office, sqlite_system: System
) -> None:
    office = with_redis
    soon = office.now.replace(microsecond=0) + timedelta(hours=1, minutes=20)
    for start in (soon, soon, soon + timedelta(minutes=15)):
        office.book(start)
    for run in ("scan--1", "scan--2"):
        enter(CurrentRun(run, "check_pending_interviews"))
        try:
            result = check_pending_interviews()
        finally:
            leave()
        assert result.later == 6
    delayed: Any = sqlite_system.redis.zrange("rq:scheduled:high", 0, -1, withscores=True)
    assert [score for _, score in delayed] == [
        (soon - timedelta(hours=1)).timestamp(),
        (soon - timedelta(minutes=45)).timestamp(),
    ]
    assert all(run.startswith(b"send_interview_reminders--") for run, _ in delayed)
    assert send_interview_reminders().message == "Nothing to send now."
    with reading(sqlite_system.database) as connection:
        assert len(connection.execute(select(interviews.c.id)).all()) == 3
