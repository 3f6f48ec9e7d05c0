"""Mails a kept report to each recruiter once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from email.message import EmailMessage

from sqlalchemy import Engine

from app import Invalid, RotaError, Unavailable, progress
from jobs.recruiting.outbox import Delivery, deliver
from jobs.recruiting.weekly.keeping import KeptReport
from jobs.services.mail import Mailer

KIND = "weekly_analytics_report"


class NotMailedYet(RotaError):
    """Somebody has not got the report yet; the next attempt sends it to them."""


@dataclass
class Mailed:
    """How many recipients got the report now, had it before, and what is open with the others."""

    sent: int = 0
    sent_before: int = 0
    failed: list[str] = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)
    waiting: list[str] = field(default_factory=list)

    @property
    def reached(self) -> int:
        """How many have it, or may have it."""
        return self.sent + self.sent_before + len(self.unknown)


def mail_report(
    engine: Engine,
    mailer: Mailer,
    report: KeptReport,
    recipients: Sequence[str],
    now: datetime,
    *,
    resend_unknown: bool = False,
) -> Mailed:
    """Send the report to everybody who does not have it; one who cannot be reached keeps nobody
    else from it. Recipients are told of by their place in RECRUITER_EMAILS, not by address."""
    mailed = Mailed()
    for place, recipient in enumerate(recipients, start=1):
        progress(place - 1, len(recipients), f"mailing {report.week}")
        try:
            result: Delivery | Unavailable | Invalid = deliver(
                engine,
                kind=KIND,
                key=report.week,
                recipient=recipient,
                compose=composer(report),
                now=now,
                resend_unknown=resend_unknown,
                mailer=mailer,
            )
        except (Unavailable, Invalid) as error:
            result = error
        _count(mailed, f"recipient {place}", result)
    progress(len(recipients), len(recipients), f"mailed {report.week}")
    return mailed


def _count(mailed: Mailed, who: str, result: Delivery | Unavailable | Invalid) -> None:
    if isinstance(result, Unavailable):
        mailed.waiting.append(f"{who}: {result}")
    elif isinstance(result, Invalid):
        mailed.failed.append(f"{who}: {result}")
    elif result.sent_now:
        mailed.sent += 1
    elif result.state == "sent":
        mailed.sent_before += 1
    elif result.state == "unknown":
        mailed.unknown.append(f"{who}: {result.reason}")
    elif result.again:
        mailed.waiting.append(f"{who}: {result.reason or result.state}")
    else:
        mailed.failed.append(f"{who}: {result.reason or result.state}")


def composer(report: KeptReport) -> Callable[[], EmailMessage]:
    """Return what builds the message: text, HTML, and the figures as CSV."""

    def compose() -> EmailMessage:
        message = EmailMessage()
        message["Subject"] = report.subject
        message.set_content(report.plain)
        message.add_alternative(report.html, subtype="html")
        message.add_attachment(
            report.csv.encode("utf-8"),
            maintype="text",
            subtype="csv",
            filename=f"hiring-{report.week}.csv",
            params={"charset": "utf-8"},
        )
        return message

    return compose
