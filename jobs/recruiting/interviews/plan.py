"""Which reminders an interview wants, and what is to become of one now. Pure.

Leads are real hours: a day with a change of clocks moves no reminder (RFC 5545's VALARM counts
the same way).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

CANDIDATE, INTERVIEWER = "candidate", "interviewer"
REMINDER, MOVED, CANCELLED = "reminder", "moved", "cancelled"

DAY_BEFORE = timedelta(hours=24)
HOUR_BEFORE = timedelta(hours=1)
# An interview without an hour begins at midnight: told at nine in the morning of the day before.
MORNING_BEFORE = timedelta(hours=15)
LEADS = {CANDIDATE: (DAY_BEFORE, HOUR_BEFORE), INTERVIEWER: (DAY_BEFORE, HOUR_BEFORE)}
LONGEST_LEAD = DAY_BEFORE

# Nobody can use a reminder that comes this close to the start.
TOO_CLOSE = timedelta(minutes=15)
# Clocks of two machines differ: a run that starts a moment early still finds what it came for.
EARLY = timedelta(seconds=30)


@dataclass(frozen=True)
class Guest:
    """Somebody to be reminded. `silent` says why nothing is to be sent to them, "" for nothing."""

    role: str
    name: str
    address: str
    time_zone: str
    silent: str = ""


@dataclass(frozen=True)
class Interview:
    """An interview with what its mails say. Times are UTC, `time_zone` is the organiser's."""

    id: int
    title: str
    position: str
    start_at: datetime
    end_at: datetime
    time_zone: str
    all_day: bool
    sequence: int
    status: str
    application_status: str
    place: str | None
    url: str | None
    updated_at: datetime
    candidate: Guest
    interviewers: tuple[Guest, ...]
    profile_url: str | None = None

    @property
    def guests(self) -> tuple[Guest, ...]:
        return (self.candidate, *self.interviewers)

    def guest(self, address: str) -> Guest | None:
        """Return the guest of this address."""
        wanted = address.lower()
        return next((each for each in self.guests if each.address.lower() == wanted), None)


@dataclass(frozen=True)
class Wanted:
    """A mail that should exist."""

    guest: Guest
    kind: str
    lead: timedelta
    start_at: datetime
    due_at: datetime
    sequence: int = 0


@dataclass(frozen=True)
class Reminder:
    """A mail that exists, with what became of it. `ended_at` is when that was."""

    mail_id: int
    interview_id: int
    recipient: str
    role: str
    kind: str
    lead: timedelta
    start_at: datetime
    due_at: datetime
    sequence: int
    state: str
    unknowns: int
    ended_at: datetime

    @property
    def told(self) -> bool:
        """Whether the recipient knows, or may know, of this start."""
        return self.state in ("sent", "unknown")

    @property
    def open(self) -> bool:
        """Whether it may still be sent."""
        return self.state in ("pending", "sending", "unknown")


@dataclass(frozen=True)
class Verdict:
    """What to do with a reminder now: `send`, `later`, or end it as `missed` or `superseded`."""

    what: str
    reason: str = ""


def wanted(interview: Interview, known: list[Reminder], now: datetime) -> Iterator[Wanted]:
    """Yield what should be told about an interview; what exists already is not told again."""
    if interview.status == "cancelled":
        yield from _cancellations(interview, known, now)
        return
    if objection(interview) or interview.start_at <= now:
        return
    for guest in interview.guests:
        if guest.silent:
            continue
        if _knows_another_start(interview, guest, known):
            yield Wanted(
                guest, MOVED, timedelta(0), interview.start_at, now, sequence=interview.sequence
            )
        for lead in (MORNING_BEFORE,) if interview.all_day else LEADS[guest.role]:
            due_at = interview.start_at - lead
            # Booked or moved at such short notice that this reminder never had its time.
            if interview.updated_at > due_at and now - due_at >= lead / 2:
                continue
            yield Wanted(guest, REMINDER, lead, interview.start_at, due_at)


def _cancellations(interview: Interview, known: list[Reminder], now: datetime) -> Iterator[Wanted]:
    for guest in interview.guests:
        last = _last_told(guest, known)
        if last is None or guest.silent or last.kind == CANCELLED or last.start_at <= now:
            continue
        yield Wanted(
            guest, CANCELLED, timedelta(0), last.start_at, now, sequence=interview.sequence
        )


def _knows_another_start(interview: Interview, guest: Guest, known: list[Reminder]) -> bool:
    last = _last_told(guest, known) or _last_withdrawn(guest, known)
    return last is not None and (last.start_at != interview.start_at or last.kind == CANCELLED)


def _last_told(guest: Guest, known: list[Reminder]) -> Reminder | None:
    told = [each for each in _of(guest, known) if each.told]
    return max(told, key=lambda each: each.ended_at, default=None)


def _last_withdrawn(guest: Guest, known: list[Reminder]) -> Reminder | None:
    """The invitation came from somebody else; so short before, a move is worth a mail all the
    same."""
    found = [
        each
        for each in _of(guest, known)
        if each.kind == REMINDER and each.state in ("pending", "superseded")
    ]
    return max(found, key=lambda each: each.ended_at, default=None)


def _of(guest: Guest, known: list[Reminder]) -> Iterator[Reminder]:
    address = guest.address.lower()
    return (each for each in known if each.recipient == address)


def judge(reminder: Reminder, interview: Interview, now: datetime) -> Verdict:
    """Say what to do with a reminder that is still open, for the interview as it is now."""
    if reason := outdated(reminder, interview):
        return Verdict("superseded", reason)
    if now >= reminder.start_at:
        return Verdict("missed", "the interview has begun")
    if reminder.due_at - EARLY > now:
        return Verdict("later")
    if reminder.kind != REMINDER:
        return Verdict("send")
    late, left = now - reminder.due_at, reminder.start_at - now
    if left <= TOO_CLOSE or late >= reminder.lead / 2:
        return Verdict("missed", f"{_span(late)} late, only {_span(left)} before the start")
    return Verdict("send")


def outdated(reminder: Reminder, interview: Interview) -> str:
    """Say why a mail is no longer true of the interview; "" when it still is."""
    guest = interview.guest(reminder.recipient)
    if guest is None or guest.role != reminder.role:
        return "no longer takes part under this address"
    if guest.silent:
        return guest.silent
    if reminder.kind == CANCELLED:
        return "" if interview.status == "cancelled" else f"the interview is {interview.status}"
    if reason := objection(interview):
        return reason
    if reminder.start_at != interview.start_at:
        return f"the interview was moved to {interview.start_at:%Y-%m-%d %H:%M} UTC"
    if reminder.kind == MOVED and reminder.sequence != interview.sequence:
        return "the interview was changed again"
    return ""


def objection(interview: Interview) -> str:
    """Say why nobody is to be reminded of the interview, "" for no reason."""
    if interview.status != "scheduled":
        return f"the interview is {interview.status.replace('_', ' ')}"
    if interview.application_status != "active":
        return f"the application is {interview.application_status}"
    return ""


def _span(span: timedelta) -> str:
    minutes = max(0, round(span.total_seconds() / 60))
    if minutes < 120:
        return f"{minutes} min"
    return f"{minutes // 60} h {minutes % 60} min"
