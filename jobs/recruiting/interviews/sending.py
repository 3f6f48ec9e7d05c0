"""Sends the reminders that are due, each judged again by the interview as it is at that moment."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from email.message import EmailMessage

from sqlalchemy import Engine, and_, or_

from app import Unavailable, progress, reading, writing
from jobs.recruiting import outbox_rows
from jobs.recruiting.interviews.letters import compose
from jobs.recruiting.interviews.loading import (
    load_interviews,
    reminder,
    reminders_query,
)
from jobs.recruiting.interviews.materialise import KIND, key_of
from jobs.recruiting.interviews.plan import (
    EARLY,
    Guest,
    Interview,
    Reminder,
    Verdict,
    judge,
    outdated,
)
from jobs.recruiting.outbox import MOST_UNKNOWNS, Delivery, Withdrawn, deliver
from jobs.recruiting.schema import interview_reminders, mail_outbox
from jobs.services.mail import Mailer

MOST_NOTES = 20
DELETED = "the interview was deleted"
Clock = Callable[[], datetime]
log = logging.getLogger(__name__)


@dataclass
class Sent:
    """What became of the reminders that were due, by how they ended. `waiting` are to be tried
    again; `away` says why nothing more was tried."""

    ended: Counter[str] = field(default_factory=Counter)
    changes: int = 0
    waiting: int = 0
    away: str = ""
    notes: list[str] = field(default_factory=list)

    def note(self, reminder: Reminder, what: str) -> None:
        """Keep a line for people, of ids only."""
        if len(self.notes) < MOST_NOTES:
            named = f"interview {reminder.interview_id}, {reminder.role}, mail {reminder.mail_id}"
            self.notes.append(f"{named}: {what}")


def due_reminders(engine: Engine, now: datetime, until: datetime) -> list[Reminder]:
    """Return what is to be sent by `until`, the interview that begins first first."""
    again = and_(
        mail_outbox.c.state == "unknown",
        mail_outbox.c.unknowns <= MOST_UNKNOWNS,
        interview_reminders.c.start_at > now,
    )
    query = (
        reminders_query()
        .where(
            interview_reminders.c.due_at <= until,
            or_(mail_outbox.c.state.in_(("pending", "sending")), again),
        )
        .order_by(interview_reminders.c.start_at, interview_reminders.c.id)
    )
    with reading(engine) as connection:
        return [reminder(row) for row in connection.execute(query)]


def send_due(engine: Engine, mailer: Mailer, clock: Clock, until: datetime | None = None) -> Sent:
    """Send what is due now, or would be by `until`.

    When the mail server goes away the rest waits: nothing of it was sent.
    """
    done = Sent()
    early = until is not None
    found = due_reminders(engine, clock(), until or clock() + EARLY)
    for number, each in enumerate(found):
        progress(number, len(found), "sending reminders")
        try:
            _send_one(engine, mailer, each, clock, done, early=early)
        except Unavailable as error:
            if error.service == "The database":
                raise
            done.waiting += len(found) - number
            done.away = str(error)
            log.warning("%s %d reminders wait.", error, done.waiting)
            break
    return done


def _send_one(
    engine: Engine, mailer: Mailer, each: Reminder, clock: Clock, done: Sent, *, early: bool
) -> None:
    interview = _now(engine, each)
    now = max(clock(), each.due_at) if early else clock()
    verdict = judge(each, interview, now) if interview else Verdict("superseded", DELETED)
    if verdict.what == "later":
        return
    if verdict.what != "send" and each.state == "pending":
        _end(engine, each, verdict, clock(), done)
        return
    _count(_deliver(engine, mailer, each, verdict, clock), each, done)


def _deliver(
    engine: Engine, mailer: Mailer, each: Reminder, verdict: Verdict, clock: Clock
) -> Delivery:
    def write() -> EmailMessage:
        if verdict.what != "send":
            raise Withdrawn(verdict.what, verdict.reason)
        interview, guest = _still_true(engine, each, clock())
        return compose(each, interview, guest, mailer.sender.addr_spec, clock())

    def still_wanted() -> None:
        _still_true(engine, each, clock())

    address = each.recipient
    return deliver(
        engine,
        kind=KIND,
        key=key_of(each.interview_id, each),
        recipient=address,
        compose=write,
        now=clock(),
        resend_unknown=True,
        mailer=mailer,
        still_wanted=still_wanted,
    )


def _still_true(engine: Engine, each: Reminder, now: datetime) -> tuple[Interview, Guest]:
    """Return interview and reader. Raises Withdrawn when the mail must not go out any more."""
    interview = _now(engine, each)
    guest = interview.guest(each.recipient) if interview else None
    reason = outdated(each, interview) if interview else DELETED
    if reason or interview is None or guest is None:
        raise Withdrawn("superseded", reason)
    if now >= each.start_at:
        raise Withdrawn("missed", "the interview has begun")
    return interview, guest


def _now(engine: Engine, each: Reminder) -> Interview | None:
    with reading(engine) as connection:
        return load_interviews(connection, [each.interview_id]).get(each.interview_id)


def _end(engine: Engine, each: Reminder, verdict: Verdict, now: datetime, done: Sent) -> None:
    with writing(engine) as connection:
        if outbox_rows.withdraw(connection, [each.mail_id], verdict.what, verdict.reason, now):
            done.ended[verdict.what] += 1
            if verdict.what == "missed":
                done.note(each, verdict.reason)


def _count(delivery: Delivery, each: Reminder, done: Sent) -> None:
    if delivery.again:
        done.waiting += 1
        done.note(each, f"will be tried again: {delivery.reason or 'another run is sending it'}")
        return
    if delivery.state == "sent" and not delivery.sent_now:
        return
    if delivery.state == "unknown" and each.state == "unknown":
        # Known before; it could not be sent again.
        return
    done.ended[delivery.state] += 1
    if delivery.sent_now and each.kind != "reminder":
        done.changes += 1
    if delivery.state in ("failed", "unknown", "missed"):
        done.note(each, delivery.reason)
