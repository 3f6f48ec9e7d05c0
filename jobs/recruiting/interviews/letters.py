"""What reminders and notices of a change say."""

from __future__ import annotations

from datetime import datetime
from email.message import EmailMessage

from jobs.recruiting.interviews.calendar_entry import calendar_entry
from jobs.recruiting.interviews.plan import (
    CANCELLED,
    CANDIDATE,
    MOVED,
    Guest,
    Interview,
    Reminder,
)
from jobs.recruiting.interviews.wording import date_of, remaining, time_of, zone
from jobs.recruiting.letters import Facts, letter
from jobs.services.smtp_url import header_address


def compose(
    reminder: Reminder, interview: Interview, guest: Guest, organiser: str, now: datetime
) -> EmailMessage:
    """Return the mail for `guest`, worded for the time that is really left at `now`."""
    if reminder.kind == CANCELLED:
        message = _cancelled(reminder, interview, guest)
    elif reminder.kind == MOVED:
        message = _moved(interview, guest)
    else:
        message = _reminder(interview, guest, now)
    message["To"] = header_address(guest.address, guest.name)
    method = "CANCEL" if reminder.kind == CANCELLED else "PUBLISH"
    message.add_attachment(
        calendar_entry(interview, organiser, guest.address, method),
        subtype="calendar",
        filename="interview.ics",
        params={"method": method},
    )
    return message


def _reminder(interview: Interview, guest: Guest, now: datetime) -> EmailMessage:
    if interview.all_day:
        left = f"on {date_of(interview.start_at, zone(interview.time_zone))}"
    else:
        left = remaining(interview.start_at - now)
    return letter(
        f"Reminder: {_what(interview, guest)} {left}",
        f"Hello {guest.name},",
        f"{_sentence(interview, guest)} {left}.",
        _facts(interview, guest),
        "The calendar entry is attached.",
    )


def _moved(interview: Interview, guest: Guest) -> EmailMessage:
    return letter(
        f"Time changed: {_what(interview, guest)}",
        f"Hello {guest.name},",
        f"The time of {_what(interview, guest)} has changed. Only the time below holds now.",
        _facts(interview, guest),
        "The attached calendar entry replaces the earlier one.",
    )


def _cancelled(reminder: Reminder, interview: Interview, guest: Guest) -> EmailMessage:
    where = zone(guest.time_zone, interview.time_zone)
    return letter(
        f"Cancelled: {_what(interview, guest)}",
        f"Hello {guest.name},",
        f"{_capital(_what(interview, guest))} on {date_of(reminder.start_at, where)} at "
        f"{reminder.start_at.astimezone(where):%H:%M} ({where.key}) was cancelled.",
        "The attached calendar entry takes it out of your calendar.",
    )


def _what(interview: Interview, guest: Guest) -> str:
    if guest.role == CANDIDATE:
        return f"your interview for {interview.position}"
    return f"the interview with {interview.candidate.name} for {interview.position}"


def _sentence(interview: Interview, guest: Guest) -> str:
    if guest.role == CANDIDATE:
        return f"Your interview for {interview.position} is"
    return f"You interview {interview.candidate.name} for {interview.position}"


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _facts(interview: Interview, guest: Guest) -> Facts:
    where = zone(guest.time_zone, interview.time_zone)
    rows = [("Interview", interview.title)]
    rows += _when(interview, guest)
    if guest.role == CANDIDATE:
        names = ", ".join(each.name for each in interview.interviewers)
        rows.append(("With", names or "the hiring team"))
    else:
        rows.append(("Candidate", interview.candidate.name))
        theirs = zone(interview.candidate.time_zone, interview.time_zone)
        if theirs.key != where.key and not interview.all_day:
            local = interview.start_at.astimezone(theirs)
            rows.append(("For the candidate", f"{local:%H:%M} ({theirs.key})"))
        if interview.profile_url:
            rows.append(("Profile", interview.profile_url))
    rows += [("Place", interview.place)] if interview.place else []
    rows += [("Link", interview.url)] if interview.url else []
    return Facts(rows)


def _when(interview: Interview, guest: Guest) -> list[tuple[str, str]]:
    """Say when, in the reader's zone, and in the organiser's where a clock there shows another
    time."""
    organisers = zone(interview.time_zone)
    if interview.all_day:
        return [("Date", date_of(interview.start_at, organisers))]
    where = zone(guest.time_zone, interview.time_zone)
    start, end = interview.start_at, interview.end_at
    rows = [("Date", date_of(start, where)), ("Time", time_of(start, end, where))]
    if start.astimezone(where).utcoffset() != start.astimezone(organisers).utcoffset():
        rows.append(("Organiser's time", time_of(start, end, organisers)))
    return rows
