"""The panel of reminders, and `python -m app mail`."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine, insert, select, update

from app import Conflict, Invalid, reading, writing
from jobs.recruiting.mail_command import lift, listed, resend
from jobs.recruiting.reminders_panel import render
from jobs.recruiting.schema import mail_outbox, mail_suppressions
from jobs.sandbox.faults import Fault
from tests.jobs.candidates import NOW
from tests.jobs.commands import migrated, python
from tests.jobs.interviewing import START, Office, open_office
from tests.jobs.mailing import PostOffice

DAY, HOUR = timedelta(days=1), timedelta(hours=1)


@pytest.fixture
def office(engine: Engine, post_office: PostOffice) -> Office:
    return open_office(engine, post_office)


def shown(office: Office) -> tuple[dict[str, str], list[list[str]]]:
    with reading(office.engine) as connection:
        content = render(connection, office.now)
    assert content.table is not None
    figures = {figure.label: figure.value for figure in content.figures}
    return figures, [list(row) for row in content.table.rows]


def test_without_interviews_it_says_so(office: Office) -> None:
    figures, rows = shown(office)
    assert set(figures.values()) == {"0"}
    assert rows == []


def test_it_shows_what_is_coming_first_and_why_something_was_missed(office: Office) -> None:
    office.book()
    office.check(START - DAY)
    office.check(START - timedelta(minutes=20))
    office.book(START + 30 * HOUR)
    office.check(START + 6 * HOUR)
    figures, rows = shown(office)
    assert figures == {
        "Coming": "2",
        "Sent": "4",
        "Missed": "2",
        "Failed": "0",
        "Unknown": "0",
        "Taken back": "0",
    }
    assert rows[0] == [
        "2026-11-26 15:30",
        "pending",
        "1 h before",
        "ada@example.org (candidate)",
        "Technical interview (interview 2)",
        "2026-11-26 16:30",
        "",
    ]
    missed = next(row for row in rows if row[1] == "missed")
    assert missed[-1] == "40 min late, only 20 min before the start"


def test_an_unknown_message_goes_again_by_a_persons_word(office: Office) -> None:
    office.book()
    office.post.order(Fault("reset", match="SMTP END ada", after_commit=True, times=2))
    office.check(START - DAY)
    office.check(START - DAY + HOUR)
    with reading(office.engine) as connection:
        lines = listed(connection, "unknown")
        (mail_id,) = connection.execute(
            select(mail_outbox.c.id).where(mail_outbox.c.state == "unknown")
        ).scalars()
    assert len(lines) == 1
    assert "ada@example.org" in lines[0]
    resend(office.engine, mail_id, NOW)
    assert office.check(START - DAY + 2 * HOUR).sent == 1
    with pytest.raises(Conflict, match="is sent"):
        resend(office.engine, mail_id, NOW)
    with pytest.raises(Invalid):
        resend(office.engine, 999, NOW)


def test_a_suppressed_address_is_lifted_by_a_persons_word(office: Office) -> None:
    with writing(office.engine) as connection:
        row = {"recipient": "ada@example.org", "reason": "550", "since": NOW}
        connection.execute(insert(mail_suppressions).values(row))
    office.book()
    assert office.check(START - DAY).failed == 1
    assert lift(office.engine, "Ada@example.org")
    assert not lift(office.engine, "ada@example.org")
    assert office.check(START - HOUR).failed == 0


def test_the_command_lists_and_resends(tmp_path: Path) -> None:
    settings = migrated(tmp_path)
    empty = python("-m", "app", "mail", "list", env=settings)
    assert (empty.popen.returncode, empty.output) == (0, "There is no such message.\n")
    assert (
        "No address is suppressed."
        in python("-m", "app", "mail", "suppressed", env=settings).output
    )
    wrong = python("-m", "app", "mail", "resend", "7", env=settings)
    assert wrong.popen.returncode != 0
    assert "There is no message 7." in wrong.output


def test_old_reminders_leave_the_panel(office: Office) -> None:
    office.book()
    office.check(START - DAY)
    with writing(office.engine) as connection:
        connection.execute(update(mail_outbox).values(updated_at=START))
    office.now = START + 8 * DAY
    assert shown(office)[1] == []
