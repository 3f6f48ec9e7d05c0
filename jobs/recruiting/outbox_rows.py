"""The rows of the mail outbox: every change is guarded by the state it starts from."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Engine, case, select, update
from sqlalchemy.engine import Row
from sqlalchemy.sql import Update

from app import reading, writing
from jobs.recruiting.inserting import insert_if_new
from jobs.recruiting.schema import mail_outbox, mail_suppressions

MOST_ATTEMPTS = 12
Identity = tuple[str, str, str]
# Not sent by this attempt; but an earlier one may have sent it.
_WAITING = case((mail_outbox.c.unknowns > 0, "unknown"), else_="pending")
_NOT_SENT = ("pending", "missed", "superseded")


@dataclass(frozen=True)
class Delivery:
    """What became of a message. `sent_now` tells whether this very call sent it."""

    state: str
    sent_now: bool
    reason: str
    attempts: int
    message_id: str

    @property
    def again(self) -> bool:
        """Whether a later call will try it (again)."""
        return self.state in ("pending", "sending")


@dataclass(frozen=True)
class Claim:
    """The right to send one message, until `lease_until` or until the owner claims it anew."""

    mail_id: int
    token: str
    message_id: str


def post(connection: Connection, identity: Identity, message_id: str, now: datetime) -> int:
    """Make sure that the row of a message exists; return its id."""
    kind, key, recipient = identity
    made = {
        "kind": kind,
        "key": key,
        "recipient": recipient.lower(),
        "message_id": message_id,
        "created_at": now,
        "updated_at": now,
    }
    insert_if_new(connection, mail_outbox, made)
    return int(connection.execute(_by_identity(identity)).one().id)


def claim(
    engine: Engine,
    identity: Identity,
    message_id: str,
    *,
    owner: str | None,
    token: str,
    now: datetime,
    lease_until: datetime,
    most_unknowns: int,
) -> Claim | Delivery:
    """Take a message for sending, or say why it is not to be sent (again)."""
    with writing(engine) as connection:
        mail_id = post(connection, identity, message_id, now)
        row = connection.execute(_by_id(mail_id).with_for_update()).one()
        if row.state == "sending" and _abandoned(row, owner, now):
            row = _found_abandoned(connection, row, now)
        if row.state == "pending" and (reason := _suppressed(connection, identity[2])):
            row = _set(connection, row.id, now, state="failed", last_error=reason)
        resend = row.state == "unknown" and row.unknowns <= most_unknowns
        if row.state != "pending" and not resend:
            return _delivery(row)
        _set(
            connection,
            row.id,
            now,
            state="sending",
            attempts=row.attempts + 1,
            owner=owner,
            token=token,
            lease_until=lease_until,
            handed_over_at=None,
        )
        return Claim(mail_id, token, row.message_id)


def hand_over(engine: Engine, claim: Claim, now: datetime) -> bool:
    """Note that the text is about to leave; False when the claim was taken over meanwhile."""
    with writing(engine) as connection:
        change = _mine(claim, "sending").values(handed_over_at=now, updated_at=now)
        return connection.execute(change).rowcount == 1


def sent(engine: Engine, claim: Claim, now: datetime) -> Delivery:
    """Note that the server has the message; also where its lease ran out while we waited."""
    values = {"state": "sent", "sent_at": now, "last_error": None}
    return _ended(engine, claim, now, values, sent_now=True)


def unknown(engine: Engine, claim: Claim, now: datetime, reason: str) -> Delivery:
    """Note that nobody knows whether the server has the message."""
    values = {
        "state": "unknown",
        "unknowns": mail_outbox.c.unknowns + 1,
        "last_error": reason,
    }
    return _ended(engine, claim, now, values, sent_now=False)


def end(engine: Engine, claim: Claim, state: str, now: datetime, reason: str) -> Delivery:
    """Note how a claim ended that sent nothing."""
    if state == "pending":
        with reading(engine) as connection:
            attempts = connection.execute(_by_id(claim.mail_id)).one().attempts
        if attempts >= MOST_ATTEMPTS:
            state, reason = "failed", f"given up after {attempts} attempts: {reason}"
    return _ended(engine, claim, now, {"state": state, "last_error": reason}, sent_now=False)


def release(engine: Engine, claim: Claim, now: datetime, reason: str) -> None:
    """Give a message back whose sending broke off; where that was before the text left, it does
    not count as an attempt, and the next call may try at once."""
    with writing(engine) as connection:
        row = connection.execute(_by_id(claim.mail_id).with_for_update()).one()
        if row.state == "sending" and row.token == claim.token:
            row = _found_abandoned(connection, row, now, reason)
            if row.handed_over_at is None:
                _set(connection, row.id, now, attempts=row.attempts - 1, last_error=reason)


def withdraw(
    connection: Connection, mail_ids: Iterable[int], state: str, reason: str, now: datetime
) -> int:
    """End messages that are still to be sent as `superseded` or `missed`; return how many."""
    ids = list(mail_ids)
    changed = 0
    for start in range(0, len(ids), 500):
        change = (
            update(mail_outbox)
            .where(
                mail_outbox.c.id.in_(ids[start : start + 500]),
                mail_outbox.c.state == "pending",
            )
            .values(state=state, last_error=reason, updated_at=now)
        )
        changed += connection.execute(change).rowcount
    return changed


def suppress(engine: Engine, recipient: str, reason: str, now: datetime) -> None:
    """Send nothing to this address any more, until a person lifts it."""
    with writing(engine) as connection:
        row = {"recipient": recipient.lower(), "reason": reason, "since": now}
        insert_if_new(connection, mail_suppressions, row)


def delivery(engine: Engine, mail_id: int) -> Delivery:
    """Say what stands in the outbox about a message."""
    with reading(engine) as connection:
        return _delivery(connection.execute(_by_id(mail_id)).one())


def _abandoned(row: Row[Any], owner: str | None, now: datetime) -> bool:
    """Whether nobody is sending it any more: its lease ran out, or its own run starts anew."""
    return row.lease_until <= now or (owner is not None and row.owner == owner)


def _found_abandoned(
    connection: Connection,
    row: Row[Any],
    now: datetime,
    reason: str = "its run ended after the text had left and before the answer was noted",
) -> Row[Any]:
    if row.handed_over_at is None:
        return _set(connection, row.id, now, state=_WAITING)
    lost = {"state": "unknown", "unknowns": row.unknowns + 1, "last_error": reason}
    return _set(connection, row.id, now, **lost)


def _suppressed(connection: Connection, recipient: str) -> str | None:
    query = select(mail_suppressions).where(mail_suppressions.c.recipient == recipient.lower())
    row = connection.execute(query).first()
    return None if row is None else f"suppressed since {row.since:%Y-%m-%d}: {row.reason}"


def _ended(
    engine: Engine, claim: Claim, now: datetime, values: dict[str, Any], *, sent_now: bool
) -> Delivery:
    cleared = {"owner": None, "lease_until": None, "updated_at": now}
    if values["state"] in _NOT_SENT:
        state = case((mail_outbox.c.unknowns > 0, "unknown"), else_=values["state"])
        values = {**values, "state": state}
    with writing(engine) as connection:
        # The token of a claim whose lease ran out stays until somebody claims it anew.
        change = _mine(claim, "sending", "unknown").values({**values, **cleared})
        mine = connection.execute(change).rowcount == 1
        row = connection.execute(_by_id(claim.mail_id)).one()
    return _delivery(row, sent_now=sent_now and mine)


def _set(connection: Connection, mail_id: int, now: datetime, **values: Any) -> Row[Any]:
    change = update(mail_outbox).where(mail_outbox.c.id == mail_id)
    connection.execute(change.values(updated_at=now, **values))
    return connection.execute(_by_id(mail_id)).one()


def _mine(claim: Claim, *states: str) -> Update:
    return update(mail_outbox).where(
        mail_outbox.c.id == claim.mail_id,
        mail_outbox.c.token == claim.token,
        mail_outbox.c.state.in_(states),
    )


def _by_id(mail_id: int) -> Any:
    return select(mail_outbox).where(mail_outbox.c.id == mail_id)


def _by_identity(identity: Identity) -> Any:
    kind, key, recipient = identity
    return select(mail_outbox).where(
        mail_outbox.c.kind == kind,
        mail_outbox.c.key == key,
        mail_outbox.c.recipient == recipient.lower(),
    )


def _delivery(row: Row[Any], *, sent_now: bool = False) -> Delivery:
    return Delivery(row.state, sent_now, row.last_error or "", row.attempts, row.message_id)
