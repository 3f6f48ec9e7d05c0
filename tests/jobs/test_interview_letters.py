"""What interview mails say: the reader's time, the real time left, and a calendar entry."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email import policy
from email.message import EmailMessage
from email.parser import BytesParser
from zoneinfo import ZoneInfo

import pytest
from icalendar import Calendar, Event

from jobs.recruiting.interviews.letters import compose
from jobs.recruiting.interviews.plan import Guest, Interview, Reminder, wanted
from jobs.recruiting.interviews.wording import remaining, time_of, zone

START = datetime(2026, 11, 25, 10, 30, tzinfo=UTC)
ADA = Guest("candidate", "Ada Lovelace", "ada@example.org", "Europe/Berlin")
GRACE = Guest("interviewer", "Grace Hopper", "grace@example.com", "America/New_York")
INTERVIEW = Interview(
    id=7,
    title="Technical interview",
    position="Engineer",
    start_at=START,
    end_at=START + timedelta(hours=1),
    time_zone="Europe/London",
    all_day=False,
    sequence=3,
    status="scheduled",
    application_status="active",
    place=None,
    url="https://meet.example.com/ada",
    updated_at=START - timedelta(days=3),
    candidate=ADA,
    interviewers=(GRACE,),
)


def mail(
    guest: Guest = ADA,
    interview: Interview = INTERVIEW,
    kind: str = "reminder",
    left: timedelta = timedelta(hours=24),
) -> EmailMessage:
    """Return a mail as it arrives."""
    reminder = Reminder(
        mail_id=1,
        interview_id=7,
        recipient=guest.address,
        role=guest.role,
        kind=kind,
        lead=timedelta(hours=24),
        start_at=interview.start_at,
        due_at=interview.start_at - timedelta(hours=24),
        sequence=interview.sequence,
        state="pending",
        unknowns=0,
        ended_at=START,
    )
    now = interview.start_at - left
    written = compose(reminder, interview, guest, "hiring@example.org", now)
    raw = written.as_bytes(policy=policy.SMTP)
    return BytesParser(EmailMessage, policy=policy.default).parsebytes(raw)


def text_of(message: EmailMessage) -> str:
    part = message.get_body(("plain",))
    assert part is not None
    return str(part.get_content())


def entry_of(message: EmailMessage) -> tuple[Calendar, Event]:
    (attached,) = message.iter_attachments()
    calendar = Calendar.from_ical(str(attached.get_content()))
    assert isinstance(calendar, Calendar)
    (event,) = calendar.walk("VEVENT")
    assert isinstance(event, Event)
    return calendar, event


def test_the_candidate_reads_the_time_of_their_own_zone_and_the_organisers() -> None:
    text = text_of(mail())
    assert "Your interview for Engineer is in 24 hours." in text
    assert "Wednesday, 25 November 2026" in text
    assert "11:30–12:30 (Europe/Berlin, UTC+01:00)" in text
    assert "10:30–11:30 (Europe/London, UTC+00:00)" in text
    assert "https://meet.example.com/ada" in text


def test_the_interviewer_reads_theirs_and_what_the_candidates_clock_shows() -> None:
    text = text_of(mail(GRACE))
    assert "You interview Ada Lovelace for Engineer in 24 hours." in text
    assert "05:30–06:30 (America/New_York, UTC-05:00)" in text
    assert "11:30 (Europe/Berlin)" in text


def test_nobody_reads_the_same_time_twice() -> None:
    text = text_of(mail(replace(ADA, time_zone="Europe/London")))
    assert "Organiser's time" not in text
    assert text.count("10:30") == 1


def test_a_zone_that_does_not_exist_falls_back_to_the_organisers() -> None:
    assert "(Europe/London" in text_of(mail(replace(ADA, time_zone="Mars/Olympus")))
    assert zone("", None, "../etc/passwd").key == "UTC"


@pytest.mark.parametrize(
    ("start", "where", "expected"),
    [
        # 01:30 is there twice on that day in London: the offset tells them apart.
        (
            "2025-10-26T00:30",
            "Europe/London",
            "01:30 UTC+01:00 – 01:30 UTC+00:00 (Europe/London)",
        ),
        ("2025-10-26T01:30", "Europe/London", "01:30–02:30 (Europe/London, UTC+00:00)"),
        ("2026-03-29T00:30", "Europe/London", "00:30 UTC+00:00 – 02:30 UTC+01:00 (Europe/London)"),
        ("2026-12-31T23:30", "UTC", "23:30–00:30 on Friday, 1 January 2027 (UTC, UTC+00:00)"),
        ("2026-06-01T03:15", "Asia/Kathmandu", "09:00–10:00 (Asia/Kathmandu, UTC+05:45)"),
    ],
)
def test_times_are_clear_when_clocks_change_and_years_end(
    start: str, where: str, expected: str
) -> None:
    begins = datetime.fromisoformat(start).replace(tzinfo=UTC)
    assert time_of(begins, begins + timedelta(hours=1), ZoneInfo(where)) == expected


@pytest.mark.parametrize(
    ("local", "zone_name", "due_local"),
    [
        # The night in between is an hour longer, or shorter: a day is 24 real hours.
        ("2025-11-02T09:00", "America/New_York", "2025-11-01T10:00"),
        ("2026-03-08T09:00", "America/New_York", "2026-03-07T08:00"),
        ("2027-01-01T09:00", "America/New_York", "2026-12-31T09:00"),
    ],
)
def test_a_day_before_is_twenty_four_real_hours(local: str, zone_name: str, due_local: str) -> None:
    where = ZoneInfo(zone_name)
    start = datetime.fromisoformat(local).replace(tzinfo=where).astimezone(UTC)
    interview = replace(
        INTERVIEW, start_at=start, end_at=start, updated_at=start - timedelta(days=9)
    )
    dues = [each.due_at for each in wanted(interview, [], start - timedelta(days=2))]
    assert dues[0] == start - timedelta(hours=24)
    assert f"{dues[0].astimezone(where):%Y-%m-%dT%H:%M}" == due_local
    assert dues[1] == start - timedelta(hours=1)


@pytest.mark.parametrize(
    ("minutes", "words"),
    [
        (1440, "in 24 hours"), (1439, "in 24 hours"), (1380, "in 23 hours"), (90, "in 2 hours"),
        (89, "in 89 minutes"), (66, "in 66 minutes"), (62, "in 1 hour"), (60, "in 1 hour"),
        (54, "in 54 minutes"), (1, "in 1 minute"), (0, "in 1 minute"), (4320, "in 3 days"),
    ],
)  # fmt: skip
def test_the_time_left_is_said_in_words(minutes: int, words: str) -> None:
    assert remaining(timedelta(minutes=minutes)) == words


def test_the_calendar_entry_is_one_that_calendars_replace() -> None:
    message = mail()
    (attached,) = message.iter_attachments()
    assert attached.get_content_type() == "text/calendar"
    assert attached["Content-Type"].params["method"] == "PUBLISH"
    assert attached.get_filename() == "interview.ics"
    calendar, event = entry_of(message)
    assert (calendar["METHOD"], calendar["VERSION"]) == ("PUBLISH", "2.0")
    assert event["UID"] == "interview-7@example.org"
    assert (event.sequence, event["STATUS"]) == (3, "CONFIRMED")
    assert event.start == START
    assert event.end == START + timedelta(hours=1)
    _, other = entry_of(mail(GRACE, replace(INTERVIEW, sequence=4), kind="moved"))
    assert (other["UID"], other.sequence) == (event["UID"], 4)


def test_the_entry_is_escaped_folded_and_in_utc() -> None:
    place = "Room 1; second floor, left\nring “Rota” " + "x" * 100
    (attached,) = mail(interview=replace(INTERVIEW, place=place)).iter_attachments()
    raw = attached.get_payload(decode=True)
    assert isinstance(raw, bytes)
    lines = raw.replace(b"\r\n", b"\n").split(b"\n")
    assert max(len(line) for line in lines) <= 75
    assert b"DTSTART:20261125T103000Z" in lines
    unfolded = raw.replace(b"\r\n ", b"").replace(b"\n ", b"").decode()
    assert r"LOCATION:Room 1\; second floor\, left\nring “Rota” xxx" in unfolded


def test_a_cancellation_takes_the_entry_out() -> None:
    message = mail(interview=replace(INTERVIEW, status="cancelled", sequence=5), kind="cancelled")
    calendar, event = entry_of(message)
    assert (calendar["METHOD"], event["STATUS"]) == ("CANCEL", "CANCELLED")
    assert (event["UID"], event.sequence) == ("interview-7@example.org", 5)
    assert event["ATTENDEE"] == "mailto:ada@example.org"
    assert "on Wednesday, 25 November 2026 at 11:30 (Europe/Berlin) was cancelled" in text_of(
        message
    )


def test_an_all_day_entry_has_dates() -> None:
    midnight = datetime(2026, 11, 24, 23, tzinfo=UTC)
    all_day = replace(
        INTERVIEW,
        start_at=midnight,
        end_at=midnight + timedelta(days=1),
        all_day=True,
        time_zone="Europe/Berlin",
    )
    _, event = entry_of(mail(interview=all_day))
    assert str(event.start) == "2026-11-25"
    assert "Wednesday, 25 November 2026" in text_of(mail(interview=all_day))


def test_names_become_neither_headers_nor_markup() -> None:
    hostile = replace(
        INTERVIEW,
        position="Engineer\r\nBcc: all@example.org",
        candidate=replace(ADA, name="<script>alert(1)</script>"),
    )
    message = mail(GRACE, hostile)
    assert message["Bcc"] is None
    assert "Engineer Bcc: all@example.org" in message["Subject"]
    part = message.get_body(("html",))
    assert part is not None
    assert "<script>" not in part.get_content()
    assert "&lt;script&gt;" in part.get_content()
