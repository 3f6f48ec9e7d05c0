"""A process killed while it makes or mails the report: nobody gets it twice, nobody is lost."""

from __future__ import annotations

import signal
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import Engine

from app.context import CurrentRun, enter, leave
from app.settings import current_settings
from jobs.recruiting.demo.command import create_demo
from jobs.recruiting.weekly.keeping import kept_report
from jobs.sandbox.faults import Fault
from jobs.weekly_report import WeeklyReportResult, report
from tests.jobs.mailing import PostOffice
from tests.processes import Process, kill, start_process, wait_until

MONDAY = datetime(2026, 11, 23, 7, 0, tzinfo=UTC)
RUN = "weekly_analytics_report--1795417200"
REPORTING = f"""
import os, signal, sys
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo
import jobs
from app import current_database
from app.context import CurrentRun, enter
from jobs import weekly_report
from jobs.recruiting.weekly import mailing

def die(*given, **named):
    os.kill(os.getpid(), signal.SIGKILL)

if sys.argv[1] == "made":
    weekly_report.mail_report = die
if sys.argv[1] == "first sent":
    mailing._count = die
enter(CurrentRun("{RUN}", "weekly_analytics_report"))
now = datetime(2026, 11, 23, 7, tzinfo=UTC)
weekly_report.report(current_database(), "", now, ZoneInfo("Europe/Berlin"), fired_at=now)
"""


@pytest.fixture
def settings(
    monkeypatch: pytest.MonkeyPatch, post_office: PostOffice, database_url: str, engine: Engine
) -> Iterator[dict[str, str]]:
    values = {
        "DATABASE_URL": database_url,
        "SMTP_URL": post_office.url,
        "MAIL_FROM": "hiring@example.org",
        "RECRUITER_EMAILS": "olga@example.org,piet@example.org",
    }
    for name, value in values.items():
        monkeypatch.setenv(name, value)
    current_settings.cache_clear()
    create_demo(engine, 40, 7, MONDAY)
    yield values
    current_settings.cache_clear()


def start(settings: dict[str, str], step: str) -> Process:
    folder = Path(__file__).parents[2]
    return start_process([sys.executable, "-c", REPORTING, step], settings, cwd=folder)


def again(engine: Engine) -> WeeklyReportResult:
    """Do what the engine does: start the same run again."""
    now = MONDAY + timedelta(seconds=30)
    enter(CurrentRun(RUN, "weekly_analytics_report", attempt=2))
    try:
        return report(engine, "", now, ZoneInfo("Europe/Berlin"), fired_at=MONDAY)
    finally:
        leave()


def test_killed_after_it_was_made_it_is_mailed_as_it_was_made(
    engine: Engine, post_office: PostOffice, settings: dict[str, str]
) -> None:
    assert start(settings, "made").wait(20) == -signal.SIGKILL
    kept = kept_report(engine)
    assert kept is not None
    assert again(engine).sent == 2
    assert kept_report(engine) == kept


def test_killed_between_two_recipients_each_gets_it_once(
    engine: Engine, post_office: PostOffice, settings: dict[str, str]
) -> None:
    assert start(settings, "first sent").wait(20) == -signal.SIGKILL
    assert len(post_office.arrived()) == 1
    assert again(engine).message == "Report of 2026-W47: 1 sent, 1 had it already."
    assert [m["To"] for m in post_office.arrived()] == ["olga@example.org", "piet@example.org"]


def test_killed_before_the_text_left_it_is_sent_once(
    engine: Engine, post_office: PostOffice, settings: dict[str, str]
) -> None:
    post_office.order(Fault("slow", seconds=60, match="SMTP RCPT"))
    process = start(settings, "none")
    wait_until(lambda: not post_office.faults.pending(), 20, "the recipient to be named")
    kill(process, signal.SIGKILL)
    process.wait()
    assert again(engine).sent == 2
    assert len(post_office.arrived()) == 2
