"""Sends each message once, whatever crashes: the mail outbox.

A row is claimed, marked as handed over right before the first byte of the text leaves, and then
marked as sent. So after a crash it is known whether the message was certainly not sent (not handed
over: it is sent again) or may have been (`unknown`). SMTP cannot promise more: when the answer to
the text is lost, nobody but the recipient knows. What is sent again after that bears the same
Message-ID, by which most mailboxes show it once.
"""

from __future__ import annotations

import hashlib
import logging
import secrets
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime

from sqlalchemy import Engine

from app import Invalid, RotaError, Unavailable, current_run
from jobs.recruiting import outbox_rows as rows
from jobs.recruiting.outbox_rows import Claim, Delivery
from jobs.services.mail import LONGEST_DIALOGUE, Mailer, open_mailer
from jobs.services.mail_answers import AnswerLost, RefusedMail
from jobs.services.smtp_url import header_address

__all__ = ["Delivery", "Withdrawn", "deliver", "message_id"]

LEASE = timedelta(seconds=2 * LONGEST_DIALOGUE)
# A message may be sent again after its answer was lost this many times, and no more.
MOST_UNKNOWNS = 1
RECORD_AGAIN_AFTER = (0.2, 1.0, 3.0)
log = logging.getLogger(__name__)


class Withdrawn(Exception):
    """Raised by `compose` or `still_wanted`: do not send this. `state` is how its row ends."""

    def __init__(self, state: str, reason: str) -> None:
        super().__init__(reason)
        self.state = state
        self.reason = reason


class _TakenOver(Exception):
    """Another execution claimed the message meanwhile."""


def deliver(
    engine: Engine,
    *,
    kind: str,
    key: str,
    recipient: str,
    compose: Callable[[], EmailMessage],
    now: datetime,
    resend_unknown: bool,
    mailer: Mailer | None = None,
    still_wanted: Callable[[], None] = lambda: None,
) -> Delivery:
    """Send the message (kind, key, recipient) unless it was sent before; say what became of it.

    `compose` returns it with subject and body; sender, recipient, date and Message-ID are added.
    `still_wanted` is asked once more right before the text leaves; both may raise Withdrawn.
    With `resend_unknown` a message whose answer was lost is sent once more under the same
    Message-ID, without it never. A message refused for now stays `pending`: the next call tries
    again. A call while another run is sending it returns `sending`.

    Raises Skip (mail is not set up), Invalid (settings), Unavailable (the mail server is away:
    certainly not sent; or the database is).
    """
    if mailer is None:
        with open_mailer() as own:
            return _deliver(
                engine, own, (kind, key, recipient), compose, now, resend_unknown, still_wanted
            )
    return _deliver(
        engine, mailer, (kind, key, recipient), compose, now, resend_unknown, still_wanted
    )


def message_id(kind: str, key: str, recipient: str, domain: str) -> str:
    """Return the Message-ID that this message always has."""
    named = "\n".join((kind, key, recipient.lower()))
    return f"<{hashlib.sha256(named.encode()).hexdigest()[:32]}@{domain}>"


def _deliver(
    engine: Engine,
    mailer: Mailer,
    identity: tuple[str, str, str],
    compose: Callable[[], EmailMessage],
    now: datetime,
    resend_unknown: bool,
    still_wanted: Callable[[], None],
) -> Delivery:
    named = message_id(*identity, mailer.sender.domain)
    found = rows.claim(
        engine,
        identity,
        named,
        owner=_owner(),
        token=secrets.token_hex(16),
        now=now,
        lease_until=now + LEASE,
        most_unknowns=MOST_UNKNOWNS if resend_unknown else 0,
    )
    if isinstance(found, Delivery):
        return found
    try:
        header_address(recipient := identity[2])
    except Invalid as error:
        return rows.end(engine, found, "failed", now, str(error))
    try:
        message = _addressed(compose(), mailer.sender, recipient, found.message_id, now)
        return _send(engine, mailer, found, message, recipient, still_wanted, now)
    except Withdrawn as withdrawn:
        return rows.end(engine, found, withdrawn.state, now, withdrawn.reason)
    except _TakenOver:
        return rows.delivery(engine, found.mail_id)
    except BaseException as error:
        with suppress(Unavailable):
            rows.release(engine, found, now, str(error)[:500] or type(error).__name__)
        raise


def _send(
    engine: Engine,
    mailer: Mailer,
    claim: Claim,
    message: EmailMessage,
    recipient: str,
    still_wanted: Callable[[], None],
    now: datetime,
) -> Delivery:
    def hand_over() -> None:
        still_wanted()
        if not rows.hand_over(engine, claim, now):
            raise _TakenOver

    try:
        said = mailer.send(message, recipient, hand_over)
    except RefusedMail as refused:
        return _refused(engine, claim, recipient, refused, now)
    except AnswerLost as lost:
        reason = str(lost)
        log.warning("Mail %d: %s", claim.mail_id, reason)
        return _recorded(lambda: rows.unknown(engine, claim, now, reason))
    log.info("Mail %d was accepted: %s", claim.mail_id, said[:100])
    return _recorded(lambda: rows.sent(engine, claim, now))


def _refused(
    engine: Engine, claim: Claim, recipient: str, refused: RefusedMail, now: datetime
) -> Delivery:
    if refused.address_is_bad:
        rows.suppress(engine, recipient, f"{refused.code} {refused.said}", now)
    if refused.permanent and refused.subject == "sender":
        raise Invalid(f"{refused}. Look at MAIL_FROM and at what the server allows.")
    log.warning("Mail %d: %s", claim.mail_id, refused)
    state = "failed" if refused.permanent else "pending"
    return _recorded(lambda: rows.end(engine, claim, state, now, str(refused)))


def _recorded(record: Callable[[], Delivery]) -> Delivery:
    """Write what the server answered; a database that is away for a moment must not lose it."""
    for pause in RECORD_AGAIN_AFTER:
        try:
            return record()
        except Unavailable:
            time.sleep(pause)
    return record()


def _addressed(
    message: EmailMessage,
    sender: Address,
    recipient: str,
    named: str,
    now: datetime,
) -> EmailMessage:
    """Add what every message of ours has; `compose` may have set From and To with names."""
    for name, value in (
        ("From", sender),
        ("To", header_address(recipient)),
        ("Date", format_datetime(now)),
        # RFC 3834: no out-of-office answers to this.
        ("Auto-Submitted", "auto-generated"),
        # One relay that knows it sends a repeated message once; the others ignore it.
        ("Resend-Idempotency-Key", named.strip("<>")),
    ):
        if name not in message:
            message[name] = value
    del message["Message-ID"]
    message["Message-ID"] = named
    return message


def _owner() -> str | None:
    try:
        return current_run().run_id
    except RotaError:
        return None
