"""A mail server on loopback: SMTP (RFC 5321) with STARTTLS (RFC 3207) and AUTH (RFC 4954).

It takes every message for anybody and delivers none. Like a provider's submission port it speaks
to nobody before STARTTLS and takes nothing without a sign-in. Faults on order are asked for by
`SMTP <command> <argument>`: MAIL, RCPT and DATA before they are carried out, and END once the text
is there (`after_commit`: once it is kept, too).
"""

from __future__ import annotations

import asyncio
import hmac
import logging
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from jobs.sandbox.faults import Fault, FaultScript
from jobs.sandbox.mail_certificate import tls_context
from jobs.sandbox.mailbox import Mailbox

HOST = "127.0.0.1"
USER = "rota"
PASSWORD = "sandbox"  # noqa: S105 - opens nothing but this made-up mailbox
LARGEST_MESSAGE = 25 * 1024 * 1024
# The library warns of its own use of an attribute that it deprecates, at every sign-in.
logging.getLogger("mail.log").setLevel(logging.ERROR)


class SandboxMailServer(Controller):
    """The server on a port. `secure=False` offers no STARTTLS and asks for no sign-in."""

    def __init__(
        self,
        mailbox: Mailbox,
        faults: FaultScript,
        port: int,
        certificate: Path,
        *,
        secure: bool = True,
    ) -> None:
        self.faults = faults
        self.certificate = certificate
        self.secure = secure
        super().__init__(_Delivery(mailbox, faults), hostname=HOST, port=port)

    def factory(self) -> SMTP:
        """Return the protocol of one connection."""
        options: dict[str, Any] = {
            "hostname": "sandbox.localhost",
            "ident": "Rota sandbox",
            "enable_SMTPUTF8": True,
            "data_size_limit": LARGEST_MESSAGE,
            "loop": self.loop,
        }
        if self.secure:
            options |= {
                "tls_context": self._context(),
                "require_starttls": True,
                "auth_required": True,
                "authenticator": _sign_in,
            }
        return _Connection(self.handler, self.faults, **options)

    def _context(self) -> ssl.SSLContext:
        return tls_context(self.certificate)


@contextmanager
def serving_mail(server: SandboxMailServer) -> Iterator[SandboxMailServer]:
    """Serve from a thread for as long as the block lasts."""
    server.start()
    try:
        yield server
    finally:
        server.stop()


class _Connection(SMTP):
    def __init__(self, handler: object, faults: FaultScript, **options: Any) -> None:
        self.faults = faults
        super().__init__(handler, **options)

    async def smtp_MAIL(self, arg: str | None) -> None:  # noqa: N802 - the library's name for it
        if not await self._failed(f"SMTP MAIL {arg}"):
            await super().smtp_MAIL(arg)

    async def smtp_RCPT(self, arg: str | None) -> None:  # noqa: N802 - the library's name for it
        if not await self._failed(f"SMTP RCPT {arg}"):
            await super().smtp_RCPT(arg)

    async def smtp_DATA(self, arg: str) -> None:  # noqa: N802 - the library's name for it
        if not await self._failed("SMTP DATA"):
            await super().smtp_DATA(arg)

    async def _failed(self, named: str) -> bool:
        fault = self.faults.take(named)
        if fault is None:
            return False
        if fault.kind == "slow":
            await asyncio.sleep(fault.seconds)
            return False
        if fault.kind == "reset":
            await _cut(self)
        await self.push(_refusal(fault))
        return True


class _Delivery:
    """What happens to a message once its text is there."""

    def __init__(self, mailbox: Mailbox, faults: FaultScript) -> None:
        self.mailbox = mailbox
        self.faults = faults

    async def handle_DATA(  # noqa: N802 - the library's name for it
        self, server: SMTP, session: Session, envelope: Envelope
    ) -> str:
        fault = self.faults.take(f"SMTP END {' '.join(envelope.rcpt_tos)}")
        if fault is None:
            return self._keep(envelope)
        if fault.after_commit:
            self._keep(envelope)
        if fault.kind == "slow":
            await asyncio.sleep(fault.seconds)
            return "250 2.0.0 Kept" if fault.after_commit else self._keep(envelope)
        if fault.kind == "reset":
            await _cut(server)
        return _refusal(fault)

    def _keep(self, envelope: Envelope) -> str:
        content = envelope.original_content or b""
        received = self.mailbox.take(
            content, envelope.mail_from or "", list(envelope.rcpt_tos), datetime.now(UTC)
        )
        return f"250 2.0.0 Kept as {received.number}"


async def _cut(server: SMTP) -> None:
    """Cut the connection; the library then cancels whoever waits here."""
    if isinstance(server.transport, asyncio.WriteTransport):
        server.transport.abort()
    await asyncio.get_running_loop().create_future()


def _refusal(fault: Fault) -> str:
    return f"{fault.status} {fault.said or 'The sandbox was told to fail'}"


def _sign_in(
    server: SMTP, session: Session, envelope: Envelope, mechanism: str, given: object
) -> AuthResult:
    known = (
        isinstance(given, LoginPassword)
        and hmac.compare_digest(given.login, USER.encode())
        and hmac.compare_digest(given.password, PASSWORD.encode())
    )
    return AuthResult(success=known, handled=False)
