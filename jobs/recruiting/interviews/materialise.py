"""Writes down which reminders are wanted, and takes back those that are no longer true."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, Engine, exists, select, update

from app import reading, writing
from jobs.recruiting import outbox_rows
from jobs.recruiting.inserting import insert_if_new
from jobs.recruiting.interviews.loading import concerned, load_interviews, load_reminders
from jobs.recruiting.interviews.plan import (
    Interview,
    Reminder,
    Wanted,
    outdated,
    wanted,
)
from jobs.recruiting.outbox import message_id
from jobs.recruiting.schema import interview_reminders, mail_outbox

KIND = "interview"


BATCH = 200


@dataclass
class Materialised:
    """What changed: mails that are wanted now, and mails taken back. `silent` counts people of
    these interviews who are not to be written to."""

    interviews: int = 0
    added: int = 0
    superseded: int = 0
    silent: int = 0


def materialise(engine: Engine, domain: str, now: datetime, ahead: timedelta) -> Materialised:
    """Bring the reminders in line with the interviews that start within the longest lead plus
    `ahead`. A second call changes nothing."""
    done = Materialised()
    with reading(engine) as connection:
        ids = concerned(connection, now, ahead)
    for start in range(0, len(ids), BATCH):
        with writing(engine) as connection:
            _align(connection, ids[start : start + BATCH], domain, now, done)
    with writing(engine) as connection:
        done.superseded += _orphans(connection, now)
    return done


def _align(
    connection: Connection, ids: list[int], domain: str, now: datetime, done: Materialised
) -> None:
    known = load_reminders(connection, ids)
    for interview in load_interviews(connection, ids).values():
        done.interviews += 1
        done.silent += sum(bool(guest.silent) for guest in interview.guests)
        done.added += _add(connection, interview, known[interview.id], domain, now)
        done.superseded += _take_back(connection, interview, known[interview.id], now)


def key_of(interview_id: int, mail: Wanted | Reminder) -> str:
    """Return the outbox key: what makes this mail another one than any other."""
    minutes = round(mail.lead.total_seconds() / 60)
    return f"{interview_id}/{mail.kind}/{minutes}/{mail.start_at:%Y%m%dT%H%M%SZ}/{mail.sequence}"


def _add(
    connection: Connection, interview: Interview, known: list[Reminder], domain: str, now: datetime
) -> int:
    there = {(key_of(interview.id, each), each.recipient): each for each in known}
    added = 0
    for mail in wanted(interview, known, now):
        recipient = mail.guest.address.lower()
        key = key_of(interview.id, mail)
        existing = there.get((key, recipient))
        if existing is None:
            added += _insert(connection, interview.id, mail, key, recipient, domain, now)
        elif existing.state == "superseded" and not outdated(existing, interview):
            added += _revive(connection, existing, now)
    return added


def _insert(
    connection: Connection,
    interview_id: int,
    mail: Wanted,
    key: str,
    recipient: str,
    domain: str,
    now: datetime,
) -> bool:
    identity = (KIND, key, recipient)
    mail_id = outbox_rows.post(connection, identity, message_id(*identity, domain), now)
    row = {
        "interview_id": interview_id,
        "recipient": recipient,
        "role": mail.guest.role,
        "kind": mail.kind,
        "lead_minutes": round(mail.lead.total_seconds() / 60),
        "start_at": mail.start_at,
        "sequence": mail.sequence,
        "due_at": mail.due_at,
        "mail_id": mail_id,
        "created_at": now,
    }
    return insert_if_new(connection, interview_reminders, row)


def _revive(connection: Connection, reminder: Reminder, now: datetime) -> int:
    """An interview that was moved there and back wants its first reminders again."""
    change = (
        update(mail_outbox)
        .where(mail_outbox.c.id == reminder.mail_id, mail_outbox.c.state == "superseded")
        .values(state="pending", last_error=None, updated_at=now)
    )
    return connection.execute(change).rowcount


def _take_back(
    connection: Connection, interview: Interview, known: list[Reminder], now: datetime
) -> int:
    taken = 0
    for reminder in known:
        reason = outdated(reminder, interview) if reminder.state == "pending" else ""
        if reason:
            taken += outbox_rows.withdraw(connection, [reminder.mail_id], "superseded", reason, now)
    return taken


def _orphans(connection: Connection, now: datetime) -> int:
    """Take back the mails of interviews that were deleted."""
    kept = exists(
        select(interview_reminders.c.id).where(interview_reminders.c.mail_id == mail_outbox.c.id)
    )
    change = (
        update(mail_outbox)
        .where(mail_outbox.c.kind == KIND, mail_outbox.c.state == "pending", ~kept)
        .values(state="superseded", last_error="the interview was deleted", updated_at=now)
    )
    return connection.execute(change).rowcount
