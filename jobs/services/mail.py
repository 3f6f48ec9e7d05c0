"""Hands messages to a mail server by SMTP (RFC 5321), one recipient a message.

What went wrong is told apart by what it means for the message: refused for good, refused for now,
the server away before it had the message, and the answer lost after it had it. Only the last one
leaves open whether the message will arrive.
"""

from __future__ import annotations

import re
import smtplib
import ssl
from collections.abc import Callable
from email import policy
from email.headerregistry import Address
from email.message import EmailMessage
from types import TracebackType

from app import Invalid, Skip, Unavailable, current_settings
from jobs.services import smtp_url
from jobs.services.mail_answers import AnswerLost, RefusedMail
from jobs.services.smtp_url import MailServer, plain_address

# Seconds: for each answer, and for the last one, before which a server may filter the message.
TIMEOUT = 20.0
LAST_TIMEOUT = 120.0
# What the longest dialogue may take; whoever claims a message claims it for longer.
LONGEST_DIALOGUE = 12 * TIMEOUT + LAST_TIMEOUT

NOT_CONFIGURED = (
    "not configured: set SMTP_URL (smtp://user:password@host:587) and MAIL_FROM to send mail"
)


class Mailer:
    """One connection to a mail server, opened when first needed and again when it was cut."""

    def __init__(
        self,
        server: MailServer,
        sender: Address,
        timeout: float = TIMEOUT,
        last_timeout: float = LAST_TIMEOUT,
    ) -> None:
        self.server = server
        self.sender = sender
        self.timeout = timeout
        self.last_timeout = last_timeout
        self._smtp: smtplib.SMTP | None = None

    def __enter__(self) -> Mailer:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Say goodbye, if there is still somebody to say it to."""
        smtp, self._smtp = self._smtp, None
        if smtp is not None:
            try:
                smtp.quit()
            except (smtplib.SMTPException, OSError):
                smtp.close()

    def send(
        self, message: EmailMessage, recipient: str, hand_over: Callable[[], None] = lambda: None
    ) -> str:
        """Hand in `message` for one recipient; return the server's words.

        `hand_over` is called once the server is ready for the text and before any of it is sent:
        when it raises, nothing is sent and its error goes through.
        Raises RefusedMail, AnswerLost, Unavailable (certainly not sent), Invalid (settings, or no
        address).
        """
        recipient = plain_address(recipient)
        content, options = _written(message, recipient)
        try:
            return self._dialogue(content, options, recipient, hand_over)
        except RefusedMail as refused:
            self._reset(refused)
            raise
        except (smtplib.SMTPException, OSError) as error:
            self._drop()
            raise self._away(error) from error
        except BaseException:
            # The dialogue may have stopped anywhere: the next message starts a new one.
            self._drop()
            raise

    def _dialogue(
        self, content: bytes, options: list[str], recipient: str, hand_over: Callable[[], None]
    ) -> str:
        smtp = self._envelope(options)
        _check(smtp.rcpt(recipient), "recipient", 250, 251, 252)
        _check(smtp.docmd("DATA"), "message", 354)
        hand_over()
        try:
            if smtp.sock is not None:
                smtp.sock.settimeout(self.last_timeout)
            smtp.send(content)
            code, said = smtp.getreply()
            if smtp.sock is not None:
                smtp.sock.settimeout(self.timeout)
        except (smtplib.SMTPException, OSError) as error:
            raise AnswerLost(f"the answer to the message was lost ({_words(error)})") from error
        if not 400 <= code <= 599 and code != 250:
            raise AnswerLost(f"the answer to the message made no sense ({code})")
        _check((code, said), "message", 250)
        return said.decode("utf-8", "replace")

    def _envelope(self, options: list[str]) -> smtplib.SMTP:
        """Name the sender, on a new connection where the old one turns out to be closed."""
        fresh = self._smtp is None
        smtp = self._smtp or self._connected()
        if options and not (smtp.has_extn("smtputf8") and smtp.has_extn("8bitmime")):
            raise RefusedMail(550, b"5.6.7 it takes no address beyond ASCII", "recipient")
        try:
            answer = smtp.mail(self.sender.addr_spec, options)
        except (smtplib.SMTPServerDisconnected, ConnectionError):
            if fresh:
                raise
            self._drop()
            return self._envelope(options)
        if answer[0] == 421 and not fresh:
            self._drop()
            return self._envelope(options)
        _check(answer, "sender", 250)
        return smtp

    def _connected(self) -> smtplib.SMTP:
        server, name = self.server, self.sender.domain
        if server.security == "tls":
            smtp: smtplib.SMTP = smtplib.SMTP_SSL(
                server.host,
                server.port,
                name,
                timeout=self.timeout,
                context=self._tls(),
            )
        else:
            smtp = smtplib.SMTP(server.host, server.port, name, timeout=self.timeout)
        self._smtp = smtp
        smtp.ehlo_or_helo_if_needed()
        if server.security == "starttls":
            self._start_tls(smtp)
        if server.user:
            self._sign_in(smtp)
        return smtp

    def _start_tls(self, smtp: smtplib.SMTP) -> None:
        if not smtp.has_extn("starttls"):
            raise Invalid(
                f"The mail server {self.server} offers no STARTTLS, so nothing was sent: use "
                "smtps://, or add ?starttls=never to SMTP_URL where plain text is right."
            )
        code, said = smtp.starttls(context=self._tls())
        if code != 220:
            raise RefusedMail(code, said, "sender")
        smtp.ehlo()

    def _sign_in(self, smtp: smtplib.SMTP) -> None:
        try:
            smtp.login(self.server.user, self.server.password)
        except smtplib.SMTPAuthenticationError as error:
            refused = RefusedMail(error.smtp_code, _bytes(error.smtp_error), "sender")
            if not refused.permanent:
                raise refused from error
            raise Invalid(
                f"The mail server {self.server} does not accept user and password of SMTP_URL "
                f"({refused.code} {refused.said})."
            ) from error
        except smtplib.SMTPNotSupportedError as error:
            raise Invalid(
                f"The mail server {self.server} takes no sign-in: leave user and password out of "
                "SMTP_URL."
            ) from error

    def _tls(self) -> ssl.SSLContext:
        context = ssl.create_default_context()
        if self.server.loopback:
            # A certificate proves whose machine it is; this one is ours.
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
        return context

    def _away(self, error: Exception) -> Exception:
        """Return what to tell of a dialogue that broke off before the message was handed over."""
        if isinstance(error, ssl.SSLCertVerificationError):
            return Invalid(
                f"The certificate of the mail server {self.server} is not valid for it "
                f"({error.verify_message}), so nothing was sent."
            )
        return Unavailable(f"The mail server {self.server}", _words(error))

    def _reset(self, refused: RefusedMail) -> None:
        """Make the connection ready for the next message, if it is to be kept."""
        try:
            if refused.code != 421 and self._smtp is not None:
                self._smtp.rset()
                return
        except (smtplib.SMTPException, OSError):
            pass
        self._drop()

    def _drop(self) -> None:
        smtp, self._smtp = self._smtp, None
        if smtp is not None:
            smtp.close()


def open_mailer() -> Mailer:
    """Return a mailer for SMTP_URL and MAIL_FROM, without connecting yet.

    Raises Skip when they are not set, Invalid when they are wrong.
    """
    settings = current_settings()
    url, from_ = settings.service("SMTP_URL"), settings.service("MAIL_FROM")
    if not url or not from_:
        raise Skip(NOT_CONFIGURED)
    return Mailer(smtp_url.mail_server(url), smtp_url.sender(from_))


def recruiters() -> tuple[str, ...]:
    """Return the addresses of RECRUITER_EMAILS. Raises Skip when there are none, Invalid."""
    found = smtp_url.addresses(current_settings().service("RECRUITER_EMAILS"))
    if not found:
        raise Skip("not configured: set RECRUITER_EMAILS, addresses separated by commas")
    return found


def _written(message: EmailMessage, recipient: str) -> tuple[bytes, list[str]]:
    """Return the text as DATA wants it, and the options of MAIL.

    Everything is written in 7 bits, which any server takes; only a local part beyond ASCII needs
    one that knows SMTPUTF8 (RFC 6531).
    """
    beyond_ascii = not recipient.isascii()
    rules = policy.SMTPUTF8 if beyond_ascii else policy.SMTP.clone(cte_type="7bit")
    content = re.sub(rb"(?m)^\.", b"..", message.as_bytes(policy=rules))
    ended = content if content.endswith(b"\r\n") else content + b"\r\n"
    return ended + b".\r\n", ["SMTPUTF8", "BODY=8BITMIME"] if beyond_ascii else []


def _check(answer: tuple[int, bytes], subject: str, *good: int) -> None:
    if answer[0] not in good:
        raise RefusedMail(answer[0], answer[1], subject)


def _words(error: Exception) -> str:
    return str(error).strip().splitlines()[0][:200] if str(error).strip() else type(error).__name__


def _bytes(text: bytes | str) -> bytes:
    return text if isinstance(text, bytes) else text.encode()
