"""Remind candidates and interviewers of interviews, a day and an hour before."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import Engine

from app import Retry, Unavailable, cron, current_database, task
from jobs.recruiting.interviews.materialise import Materialised, materialise
from jobs.recruiting.interviews.plan import EARLY
from jobs.recruiting.interviews.sending import Clock, Sent, due_reminders, send_due
from jobs.services.mail import Mailer, open_mailer

PERIOD = timedelta(hours=1)
TRY_AGAIN_AFTER = timedelta(minutes=5)
# Queues a run that sends what is due at that time; Unavailable where there is no queue.
Wake = Callable[[datetime], None]
log = logging.getLogger(__name__)


@dataclass(frozen=True)
class ReminderResult:
    """What became of the reminders. `later` are due before the next scan, each at its own time;
    `changes` are mails that told of a new time or a cancellation; `waiting` will be tried again;
    `silent` people are not written to (they declined, asked not to be contacted, or have no
    address); `notes` say why, by ids."""

    message: str
    interviews: int
    sent: int
    changes: int
    later: int
    missed: int
    superseded: int
    failed: int
    unknown: int
    waiting: int
    silent: int
    notes: tuple[str, ...] = ()


@task(
    cron("0 * * * *"),
    queue="high",
    timeout="15m",
    retry=Retry(3, backoff="1m..10m"),
    overlap="skip",
    misfire="latest",
)
def check_pending_interviews() -> ReminderResult:
    """Send reminders for upcoming interviews.

    To the candidate and each interviewer, 24 hours and 1 hour before, at exactly that time: what
    is due before the next scan is given a run of its own. Never twice, never after the start,
    never for an interview that was cancelled or moved; who knew of another time is told of the
    change.
    """
    with open_mailer() as mailer:
        return check(current_database(), mailer, _clock, _wake)


@task(
    queue="high",
    timeout="15m",
    retry=Retry(3, backoff="1m..10m"),
    overlap="allow",
)
def send_interview_reminders() -> ReminderResult:
    """Send the interview reminders that are due now.

    Queued by check_pending_interviews for the exact times; harmless at any other.
    """
    with open_mailer() as mailer:
        return send(current_database(), mailer, _clock, _wake)


def check(engine: Engine, mailer: Mailer, clock: Clock, wake: Wake) -> ReminderResult:
    """Bring reminders in line with the interviews, send what is due, arrange for what is next.

    Where no run can be queued, because Redis is away or there is none, what is due before the
    next scan is sent now: early, worded for the time that is left, rather than never.
    """
    now = clock()
    found = materialise(engine, mailer.sender.domain, now, PERIOD)
    later = _soon(engine, now)
    until: datetime | None = None
    try:
        for due_at in sorted(set(later)):
            wake(due_at)
    except Unavailable as error:
        log.warning("%s What is due within the hour is sent now.", error)
        until, later = now + PERIOD, []
    done = send_due(engine, mailer, clock, until)
    return _ended(found, done, len(later), clock, wake)


def send(engine: Engine, mailer: Mailer, clock: Clock, wake: Wake) -> ReminderResult:
    """Send what is due."""
    return _ended(Materialised(), send_due(engine, mailer, clock), 0, clock, wake)


def _soon(engine: Engine, now: datetime) -> list[datetime]:
    """Return when the next reminders are due, until the next scan is sure to have happened."""
    found = due_reminders(engine, now, now + PERIOD + EARLY)
    return [each.due_at for each in found if each.due_at > now + EARLY]


def _ended(found: Materialised, done: Sent, later: int, clock: Clock, wake: Wake) -> ReminderResult:
    """Return the result. Raises Unavailable, which is retried, when the mail server went away."""
    if done.away:
        raise Unavailable(
            "The mail server",
            f"{done.waiting} reminders wait, {done.ended['sent']} were sent before ({done.away})",
        )
    if done.waiting:
        _try_again(clock, wake)
    result = _result(found, done, later)
    for note in result.notes:
        log.warning("%s", note)
    log.info("%s", result.message)
    return result


def _try_again(clock: Clock, wake: Wake) -> None:
    """An hour is too long for what was refused for the moment: look again within minutes."""
    minute = clock().replace(second=0, microsecond=0)
    try:
        wake(minute + TRY_AGAIN_AFTER)
    except Unavailable as error:
        log.warning("%s The next hourly run tries again.", error)


def _result(found: Materialised, done: Sent, later: int) -> ReminderResult:
    ended = done.ended
    superseded = found.superseded + ended["superseded"]
    return ReminderResult(
        message=_message(found, done, later, superseded),
        interviews=found.interviews,
        sent=ended["sent"],
        changes=done.changes,
        later=later,
        missed=ended["missed"],
        superseded=superseded,
        failed=ended["failed"],
        unknown=ended["unknown"],
        waiting=done.waiting,
        silent=found.silent,
        notes=tuple(done.notes),
    )


def _message(found: Materialised, done: Sent, later: int, superseded: int) -> str:
    counted = (
        (reminders := done.ended["sent"] - done.changes, f"reminder{_s(reminders)} sent"),
        (done.changes, "told of a change"),
        (superseded, "taken back because the interview changed"),
        (done.ended["missed"], "missed"),
        (done.ended["failed"], "failed for good"),
        (done.ended["unknown"], "perhaps sent: the answer was lost"),
        (done.waiting, "to be tried again in 5 minutes"),
    )
    parts = [f"{number:,} {what}" for number, what in counted if number]
    text = ", ".join(parts) + "." if parts else "Nothing to send now."
    if later:
        text += f" {later:,} more are due within the hour, each at its time."
    return text


def _s(count: int) -> str:
    return "" if count == 1 else "s"


def _clock() -> datetime:
    return datetime.now(UTC)


def _wake(due_at: datetime) -> None:
    send_interview_reminders.enqueue(at=due_at, key=f"due {due_at.isoformat()}")
