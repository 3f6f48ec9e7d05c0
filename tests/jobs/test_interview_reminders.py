"""Reminders of interviews arrive once, on time, and only while they are true."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from sqlalchemy import Engine, delete, func, select, update

from app import Unavailable, reading, writing
from jobs.recruiting.schema import (
    applications,
    candidates,
    interview_people,
    interviews,
    mail_outbox,
)
from jobs.sandbox.faults import Fault
from tests.jobs.candidates import NOW
from tests.jobs.interviewing import START, Office, open_office
from tests.jobs.mailing import PostOffice

DAY, HOUR = timedelta(days=1), timedelta(hours=1)


@pytest.fixture
def either_office(engine: Engine, post_office: PostOffice) -> Office:
    """On each kind of database."""
    return open_office(engine, post_office)


@pytest.fixture
def office(sqlite_engine: Engine, post_office: PostOffice) -> Office:
    return open_office(sqlite_engine, post_office)


def test_candidate_and_interviewer_are_reminded_a_day_and_an_hour_before(
    either_office: Office,
) -> None:
    office = either_office
    office.book()
    office.live(START - 2 * DAY, START + 2 * HOUR)
    assert office.woken == [START - DAY, START - HOUR]
    assert office.arrived() == [
        ("ada", "Reminder: your interview for Engineer in 24 hours"),
        ("grace", "Reminder: the interview with Ada Lovelace for Engineer in 24 hours"),
        ("ada", "Reminder: your interview for Engineer in 1 hour"),
        ("grace", "Reminder: the interview with Ada Lovelace for Engineer in 1 hour"),
    ]
    assert set(office.states().values()) == {"sent"}


def test_the_second_run_in_a_row_does_nothing_and_says_so(either_office: Office) -> None:
    office = either_office
    office.book()
    first = office.check(START - DAY)
    assert first.message == "2 reminders sent."
    second = office.check(START - DAY)
    assert (second.message, second.sent, second.interviews) == ("Nothing to send now.", 0, 1)
    assert len(office.arrived()) == 2


def test_what_is_due_before_the_next_scan_gets_a_run_of_its_own(office: Office) -> None:
    office.book()
    found = office.check(NOW)
    assert (found.sent, found.later) == (0, 0)
    found = office.check(START - DAY - HOUR / 2)
    assert found.message == (
        "Nothing to send now. 2 more are due within the hour, each at its time."
    )
    assert office.woken == [START - DAY]
    assert office.send(START - DAY).message == "2 reminders sent."


def test_without_a_queue_they_go_out_at_the_scan_before_worded_for_the_time_left(
    office: Office,
) -> None:
    office.book()
    office.queue_away = True
    found = office.check(START - HOUR - timedelta(minutes=30))
    assert (found.sent, found.later) == (2, 0)
    assert office.arrived()[0] == ("ada", "Reminder: your interview for Engineer in 2 hours")
    assert office.check(START - HOUR / 2).sent == 0


def test_one_that_is_late_says_how_long_there_really_is(office: Office) -> None:
    office.book()
    assert office.check(START - DAY + 5 * HOUR).sent == 2
    assert office.arrived()[0] == ("ada", "Reminder: your interview for Engineer in 19 hours")


@pytest.mark.parametrize(
    ("at", "reason"),
    [
        (START - timedelta(minutes=30), "30 min late, only 30 min before the start"),
        (START - timedelta(minutes=10), "50 min late, only 10 min before the start"),
        (START, "the interview has begun"),
        (START + 5 * HOUR, "the interview has begun"),
    ],
)
def test_one_that_comes_too_late_is_missed_with_the_reason(
    office: Office, at: datetime, reason: str
) -> None:
    office.book()
    office.check(START - DAY)
    found = office.check(at)
    assert (found.sent, found.missed) == (0, 2)
    assert found.message == "2 missed."
    assert found.notes[0].endswith(reason)
    assert office.reasons() == [reason, reason]
    assert len(office.arrived()) == 2


def test_after_a_long_absence_nothing_is_sent_about_the_past(office: Office) -> None:
    office.book()
    found = office.check(START + 30 * DAY)
    assert (found.message, office.arrived()) == ("Nothing to send now.", [])


def test_nothing_is_sent_when_the_start_passes_while_the_server_is_slow(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    office.book()
    office.check(START - DAY)
    office.post.order(Fault("slow", seconds=0.0, match="SMTP RCPT"))

    def clock() -> datetime:
        return START - HOUR if office.post.faults.pending() else START

    monkeypatch.setattr(office, "clock", clock)
    assert office.check().missed == 2
    assert len(office.arrived()) == 2
    assert office.reasons() == ["the interview has begun"] * 2


def test_a_booking_at_short_notice_is_no_miss(office: Office) -> None:
    office.now = START - 3 * HOUR
    office.book(updated_at=office.now)
    found = office.check()
    assert (found.sent, found.missed) == (0, 0)
    assert list(office.states()) == [
        "ada reminder 1 25 10:30",
        "grace reminder 1 25 10:30",
    ]


def test_a_booking_half_a_day_before_is_reminded_of_at_once(office: Office) -> None:
    office.now = START - 20 * HOUR
    office.book(updated_at=office.now)
    assert office.check().sent == 2
    assert office.arrived()[0] == ("ada", "Reminder: your interview for Engineer in 20 hours")


def test_a_moved_interview_is_told_once_and_reminded_of_at_its_new_time(
    either_office: Office,
) -> None:
    office = either_office
    interview = office.book()
    office.check(START - DAY)
    office.now = START - 20 * HOUR
    office.change(interview, start_at=START + 5 * HOUR)
    found = office.check()
    assert (found.changes, found.superseded) == (2, 2)
    assert found.message == (
        "2 told of a change, 2 taken back because the interview changed. "
        "2 more are due within the hour, each at its time."
    )
    assert office.check().sent == 0
    office.live(office.now, START + 10 * HOUR)
    assert [subject for to, subject in office.arrived() if to == "ada"] == [
        "Reminder: your interview for Engineer in 24 hours",
        "Time changed: your interview for Engineer",
        "Reminder: your interview for Engineer in 24 hours",
        "Reminder: your interview for Engineer in 1 hour",
    ]
    assert office.states()["ada reminder 1 25 10:30"] == "superseded"


def test_a_move_out_of_sight_is_told_as_well(office: Office) -> None:
    interview = office.book()
    office.check(START - DAY)
    office.change(interview, start_at=START + 30 * DAY)
    assert office.check(START - HOUR).changes == 2
    assert office.check(START).message == "Nothing to send now."


def test_an_interview_that_is_moved_there_and_back_is_told_both_times(
    either_office: Office,
) -> None:
    office = either_office
    interview = office.book()
    office.check(START - DAY)
    for start in (START + HOUR, START, START + HOUR):
        office.change(interview, start_at=start)
        office.check(office.now + timedelta(minutes=5))
    office.change(interview, start_at=START)
    office.live(office.now, START)
    changes = [subject for to, subject in office.arrived() if to == "ada" and "changed" in subject]
    assert len(changes) == 4
    assert office.arrived()[-2:] == [
        ("ada", "Reminder: your interview for Engineer in 1 hour"),
        ("grace", "Reminder: the interview with Ada Lovelace for Engineer in 1 hour"),
    ]


def test_a_move_between_the_scan_and_the_exact_time_stops_the_old_reminder(office: Office) -> None:
    interview = office.book()
    office.check(START - DAY - HOUR / 2)
    office.change(interview, start_at=START + 3 * HOUR)
    found = office.send(START - DAY)
    assert (found.sent, found.superseded) == (0, 2)
    assert office.arrived() == []
    assert "the interview was moved to 2026-11-25 13:30 UTC" in office.reasons()


@pytest.mark.parametrize("stage", ["before the run", "right before the text"])
def test_a_cancelled_interview_is_reminded_of_no_more(office: Office, stage: str) -> None:
    interview = office.book()
    office.check(START - DAY - HOUR / 2)
    if stage == "before the run":
        office.change(interview, status="cancelled")
        assert office.send(START - DAY).superseded == 2
    else:
        cancel_at_the_last_moment(office, interview)
        assert office.send(START - DAY).superseded == 2
    assert office.check(START - HOUR).superseded == 2
    assert office.check(START - HOUR).message == "Nothing to send now."
    assert office.arrived() == []


def cancel_at_the_last_moment(office: Office, interview: int) -> None:
    """Cancel the interview while the mail server thinks about the first recipient."""
    usual = office.clock
    office.post.order(Fault("slow", seconds=0.0, match="SMTP RCPT"))

    def clock() -> datetime:
        if not office.post.faults.pending() and not cancelled:
            cancelled.append(True)
            office.change(interview, status="cancelled")
        return usual()

    cancelled: list[bool] = []
    office.clock = clock  # type: ignore[method-assign]  # a clock that does something


def test_who_was_reminded_is_told_of_the_cancellation(either_office: Office) -> None:
    office = either_office
    interview = office.book()
    office.check(START - DAY)
    office.change(interview, status="cancelled")
    assert office.check(START - 20 * HOUR).changes == 2
    assert office.check(START - HOUR).message == "Nothing to send now."
    assert office.arrived()[2:] == [
        ("ada", "Cancelled: your interview for Engineer"),
        ("grace", "Cancelled: the interview with Ada Lovelace for Engineer"),
    ]


def test_who_was_not_reminded_is_not_told_of_the_cancellation(office: Office) -> None:
    interview = office.book()
    office.check(START - DAY - HOUR)
    office.change(interview, status="cancelled")
    assert office.check(START - DAY).superseded == 4
    assert office.arrived() == []


def test_a_rejected_application_ends_the_reminders_in_silence(office: Office) -> None:
    office.book()
    office.check(START - DAY)
    with writing(office.engine) as connection:
        connection.execute(update(applications).values(status="rejected"))
    assert office.check(START - HOUR).superseded == 2
    assert len(office.arrived()) == 2
    assert "the application is rejected" in office.reasons()


def test_who_is_not_to_be_contacted_gets_nothing(office: Office) -> None:
    office.book()
    office.check(START - DAY - HOUR)
    with writing(office.engine) as connection:
        connection.execute(update(candidates).values(do_not_contact=True))
    found = office.check(START - DAY)
    assert (found.sent, found.silent, found.superseded) == (1, 1, 2)
    assert [to for to, _ in office.arrived()] == ["grace"]
    assert "is not to be contacted" in office.reasons()


def test_an_interviewer_who_declined_gets_nothing(office: Office) -> None:
    office.book()
    with writing(office.engine) as connection:
        connection.execute(update(interview_people).values(response="declined"))
    found = office.check(START - DAY)
    assert (found.sent, found.silent, found.superseded) == (1, 1, 0)
    assert [to for to, _ in office.arrived()] == ["ada"]


def test_a_candidate_without_an_address_keeps_nothing_from_the_interviewer(
    office: Office,
) -> None:
    office.book()
    with writing(office.engine) as connection:
        connection.execute(update(candidates).values(emails=[]))
    found = office.check(START - DAY)
    assert (found.sent, found.silent, found.failed) == (1, 1, 0)
    assert [to for to, _ in office.arrived()] == ["grace"]


def test_an_interviewer_who_was_replaced_is_not_reminded(office: Office) -> None:
    office.book()
    office.check(START - DAY - HOUR)
    with writing(office.engine) as connection:
        connection.execute(update(interview_people).values(name="Kim", email="kim@example.com"))
    office.check(START - DAY)
    assert [to for to, _ in office.arrived()] == ["ada", "kim"]


def test_a_deleted_interview_is_forgotten(either_office: Office) -> None:
    office = either_office
    office.book()
    office.check(START - DAY - HOUR)
    with writing(office.engine) as connection:
        connection.execute(delete(interviews))
    assert office.check(START - DAY).superseded == 4
    with reading(office.engine) as connection:
        open_ones = select(func.count()).where(mail_outbox.c.state == "pending")
        assert connection.execute(open_ones).scalar() == 0


def test_an_all_day_interview_is_told_the_morning_before_and_no_hour_before(
    office: Office,
) -> None:
    midnight = datetime.fromisoformat("2026-11-25T00:00:00+00:00")
    office.book(midnight, end_at=midnight + DAY, all_day=True)
    office.live(midnight - 2 * DAY, midnight + DAY)
    assert office.woken == [midnight - 15 * HOUR] or office.woken == []
    assert [subject for _, subject in office.arrived()] == [
        "Reminder: your interview for Engineer on Wednesday, 25 November 2026",
        "Reminder: the interview with Ada Lovelace for Engineer on Wednesday, 25 November 2026",
    ]
    assert "24 hours" not in office.post.arrived()[0].as_string()


def test_one_refused_recipient_keeps_nothing_from_the_others(office: Office) -> None:
    office.book()
    office.post.order(Fault("status", status=451, match="ada@", said="4.7.1 greylisted"))
    found = office.check(START - DAY)
    assert (found.sent, found.waiting) == (1, 1)
    assert found.message == "1 reminder sent, 1 to be tried again in 5 minutes."
    assert "451 4.7.1 greylisted" in found.notes[0]
    assert office.woken == [START - DAY + timedelta(minutes=5)]
    assert office.send(office.woken[0]).message == "1 reminder sent."


def test_a_bad_address_fails_and_is_left_alone(office: Office) -> None:
    office.book()
    office.post.order(Fault("status", status=550, match="ada@", said="5.1.1 nobody"))
    found = office.check(START - DAY)
    assert (found.sent, found.failed) == (1, 1)
    found = office.check(START - HOUR)
    assert (found.sent, found.failed) == (1, 1)
    assert "suppressed since" in found.notes[0]
    assert [to for to, _ in office.arrived()] == ["grace", "grace"]


def test_a_server_that_is_away_loses_nothing_and_is_said(office: Office) -> None:
    office.book()
    office.post.order(Fault("reset", match="SMTP MAIL"))
    with pytest.raises(Unavailable, match="2 reminders wait, 0 were sent before"):
        office.check(START - DAY)
    assert office.check(START - DAY + timedelta(minutes=1)).sent == 2


def test_a_lost_answer_is_tried_once_more_under_the_same_id(either_office: Office) -> None:
    office = either_office
    office.book()
    office.post.order(Fault("reset", match="SMTP END ada", after_commit=True))
    found = office.check(START - DAY)
    assert (found.sent, found.unknown) == (1, 1)
    assert office.check(START - DAY + HOUR).sent == 1
    assert office.check(START - DAY + 2 * HOUR).message == "Nothing to send now."
    ids = [message["Message-ID"] for message in office.post.arrived() if "Ada" in message["To"]]
    assert len(ids) == 2
    assert len(set(ids)) == 1


def test_a_lost_answer_is_not_tried_again_after_the_start(office: Office) -> None:
    office.book()
    office.check(START - DAY)
    office.post.order(Fault("reset", match="SMTP END ada", after_commit=True))
    assert office.check(START - HOUR).unknown == 1
    assert office.check(START).message == "Nothing to send now."
    assert office.states()["ada reminder 1 25 10:30"] == "unknown"
