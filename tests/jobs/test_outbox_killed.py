"""A process killed while it sends: nothing is sent twice by us, nothing is lost."""

from __future__ import annotations

import signal
import sys
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from pathlib import Path

import pytest
from sqlalchemy import Engine, select

from app import reading
from app.context import CurrentRun, enter, leave
from jobs.recruiting.outbox import LEASE, Delivery, deliver
from jobs.recruiting.schema import mail_outbox
from jobs.sandbox.faults import Fault
from tests.jobs.candidates import NOW
from tests.jobs.mailing import PostOffice
from tests.processes import Process, kill, start_process, wait_until

SENDING = """
import os, signal, sys
from datetime import UTC, datetime
from email.message import EmailMessage
import jobs
from app import current_database
from app.context import CurrentRun, enter
from jobs.recruiting import outbox, outbox_rows

if "die-before-recording" in sys.argv:
    outbox_rows.sent = lambda *given: os.kill(os.getpid(), signal.SIGKILL)
enter(CurrentRun("run-1", "test"))
message = EmailMessage()
message["Subject"] = "An interview"
message.set_content("Dear Ada")
outbox.deliver(
    current_database(), kind="test", key="1", recipient="ada@example.org",
    compose=lambda: message, now=datetime(2026, 11, 24, 9, tzinfo=UTC), resend_unknown=False,
)
"""


@pytest.fixture
def settings(database_url: str, post_office: PostOffice, engine: Engine) -> dict[str, str]:
    return {
        "DATABASE_URL": database_url,
        "SMTP_URL": post_office.url,
        "MAIL_FROM": "hiring@example.org",
    }


def start_sending(settings: dict[str, str], *options: str) -> Process:
    folder = Path(__file__).parents[2]
    return start_process([sys.executable, "-c", SENDING, *options], settings, cwd=folder)


def send_again(engine: Engine, post_office: PostOffice, **changes: object) -> Delivery:
    """Deliver as the same run, started again."""
    message = EmailMessage()
    message["Subject"] = "An interview"
    message.set_content("Dear Ada")
    enter(CurrentRun("run-1", "test", attempt=2))
    try:
        with post_office.mailer() as mailer:
            given: dict[str, object] = {"now": NOW + timedelta(seconds=30), "resend_unknown": False}
            return deliver(
                engine,
                kind="test",
                key="1",
                recipient="ada@example.org",
                compose=lambda: message,
                mailer=mailer,
                **{**given, **changes},  # type: ignore[arg-type]  # names and types are the caller's
            )
    finally:
        leave()


def row(engine: Engine) -> dict[str, object]:
    with reading(engine) as connection:
        found = connection.execute(select(mail_outbox)).mappings().first()
    return dict(found) if found else {}


def test_killed_before_the_text_left_it_is_sent_once(
    engine: Engine, post_office: PostOffice, settings: dict[str, str]
) -> None:
    post_office.order(Fault("slow", seconds=60, match="SMTP RCPT"))
    process = start_sending(settings)
    wait_until(lambda: not post_office.faults.pending(), what="the recipient to be named")
    kill(process, signal.SIGKILL)
    process.wait()
    assert (row(engine)["state"], row(engine)["handed_over_at"]) == ("sending", None)
    assert send_again(engine, post_office).sent_now
    assert len(post_office.arrived()) == 1


@pytest.mark.parametrize("kept", [True, False])
def test_killed_before_the_answer_it_is_unknown(
    engine: Engine, post_office: PostOffice, settings: dict[str, str], kept: bool
) -> None:
    fault = Fault("slow", seconds=1, match="SMTP END", after_commit=kept)
    post_office.order(fault)
    process = start_sending(settings)
    wait_until(lambda: not post_office.faults.pending(), what="the text to be there")
    kill(process, signal.SIGKILL)
    process.wait()
    assert row(engine)["handed_over_at"] is not None
    found = send_again(engine, post_office)
    assert (found.state, found.sent_now) == ("unknown", False)
    assert found.reason == "its run ended after the text had left and before the answer was noted"
    again = send_again(engine, post_office, resend_unknown=True)
    assert (again.state, again.message_id) == ("sent", found.message_id)


def test_killed_before_the_answer_was_noted_it_is_unknown_and_not_sent_again(
    engine: Engine, post_office: PostOffice, settings: dict[str, str]
) -> None:
    process = start_sending(settings, "die-before-recording")
    assert process.wait(20) == -signal.SIGKILL
    assert len(post_office.arrived()) == 1
    assert send_again(engine, post_office).state == "unknown"
    assert len(post_office.arrived()) == 1


def test_another_run_waits_for_the_end_of_the_lease(
    engine: Engine, post_office: PostOffice, settings: dict[str, str]
) -> None:
    post_office.order(Fault("slow", seconds=60, match="SMTP RCPT"))
    process = start_sending(settings)
    wait_until(lambda: not post_office.faults.pending(), what="the recipient to be named")
    kill(process, signal.SIGKILL)
    process.wait()
    message = EmailMessage()
    message["Subject"] = "An interview"
    message.set_content("Dear Ada")
    states = []
    start = datetime(2026, 11, 24, 9, tzinfo=UTC)
    for now in (start + timedelta(minutes=1), start + LEASE):
        with post_office.mailer() as mailer:
            states.append(
                deliver(
                    engine,
                    kind="test",
                    key="1",
                    recipient="ada@example.org",
                    compose=lambda: message,
                    now=now,
                    resend_unknown=False,
                    mailer=mailer,
                ).state
            )
    assert states == ["sending", "sent"]
    assert len(post_office.arrived()) == 1
