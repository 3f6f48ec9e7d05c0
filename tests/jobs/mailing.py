"""A mail server for tests, with its mailbox and its faults."""

from __future__ import annotations

import socket
from dataclasses import dataclass
from email.message import EmailMessage

from jobs.sandbox.faults import Fault, FaultScript
from jobs.sandbox.mail_server import PASSWORD, USER
from jobs.sandbox.mailbox import Mailbox
from jobs.services.mail import Mailer
from jobs.services.smtp_url import mail_server, sender


@dataclass(frozen=True)
class PostOffice:
    """A mail server that takes everything for anybody, unless told to fail."""

    mailbox: Mailbox
    faults: FaultScript
    port: int

    @property
    def url(self) -> str:
        return f"smtp://{USER}:{PASSWORD}@127.0.0.1:{self.port}"

    def mailer(self, timeout: float = 5.0, last_timeout: float = 5.0) -> Mailer:
        """Return a new mailer for this server."""
        return Mailer(
            mail_server(self.url), sender("Hiring <hiring@example.org>"), timeout, last_timeout
        )

    def order(self, *faults: Fault) -> None:
        """Order faults for the next commands."""
        self.faults.add(*faults)

    def arrived(self) -> list[EmailMessage]:
        return self.mailbox.messages()

    def subjects(self) -> list[str]:
        """What arrived, as `recipient: subject`."""
        return [f"{message['To']}: {message['Subject']}" for message in self.arrived()]


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])
