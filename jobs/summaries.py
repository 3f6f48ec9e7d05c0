"""Mail the recruiters what arrived, once a day."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import UTC, datetime
from email.message import EmailMessage
from zoneinfo import ZoneInfo

from sqlalchemy import Engine

from app import (
    Invalid,
    Retry,
    RotaError,
    Unavailable,
    cron,
    current_database,
    current_run,
    current_settings,
    progress,
    reading,
    task,
)
from jobs.recruiting.outbox import Delivery, deliver
from jobs.recruiting.summary.letter import Arrivals, load_arrivals, write_summary
from jobs.recruiting.summary.window import Window, begin, finish, unfinished
from jobs.services.mail import Mailer, open_mailer, recruiters

KIND = "daily_candidate_summary"
log = logging.getLogger(__name__)


@dataclass(frozen=True)
class SummaryResult:
    """What the summary covered, [since, until), and who has it. `sent` counts mails of this run,
    `had_it` recipients who had it before, `older` applications that came in late."""

    message: str
    since: str
    until: str
    applications: int
    older: int
    sent: int
    had_it: int
    failed: int
    notes: tuple[str, ...] = ()


@task(
    cron("0 18 * * *"),
    queue="default",
    timeout="10m",
    retry=Retry(5, backoff="1m..1h"),
    overlap="skip",
    misfire="latest",
)
def daily_candidate_summary(send_when_empty: bool = False) -> SummaryResult:
    """Mail the recruiters a summary of new applications.

    It covers what arrived since the last summary, so that a late or failed run leaves nobody out
    and repeats nobody. A day without any sends nothing, unless send_when_empty says so.
    """
    now = datetime.now(UTC)
    where = ZoneInfo(current_settings().timezone)
    to = recruiters()
    with open_mailer() as mailer:
        return summarise(
            current_database(), mailer, to, now, where, _run_id(), send_when_empty=send_when_empty
        )


def summarise(
    engine: Engine,
    mailer: Mailer,
    to: tuple[str, ...],
    now: datetime,
    where: ZoneInfo,
    run_id: str | None,
    *,
    send_when_empty: bool = False,
) -> SummaryResult:
    """Finish the summary that an earlier run could not send to everybody, then send the next one.

    Raises Unavailable, which is retried, while somebody has yet to get it, and Invalid when the
    mail server took it for nobody; the window stays open either way.
    """
    before = unfinished(engine)
    earlier = before and _send(engine, mailer, to, now, where, before)
    window = begin(engine, now, run_id, empty_too=send_when_empty)
    if window.state == "empty":
        return earlier or _nothing(window)
    return _send(engine, mailer, to, now, where, window)


def _send(
    engine: Engine,
    mailer: Mailer,
    to: tuple[str, ...],
    now: datetime,
    where: ZoneInfo,
    window: Window,
) -> SummaryResult:
    with reading(engine) as connection:
        arrivals = load_arrivals(connection, window)

    def write() -> EmailMessage:
        return write_summary(arrivals, window, where)

    found: list[Delivery] = []
    for number, recipient in enumerate(to):
        progress(number, len(to), "sending the summary")
        found.append(
            deliver(
                engine,
                kind=KIND,
                key=f"{window.since:%Y%m%dT%H%M%S.%fZ}",
                recipient=recipient,
                compose=write,
                now=now,
                resend_unknown=True,
                mailer=mailer,
            )
        )
    result = _result(window, arrivals, found, to)
    if waiting := sum(each.again for each in found):
        raise Unavailable(
            "The mail server",
            f"{waiting} of {len(to)} recruiters have yet to get the summary, "
            f"{result.sent} got it now ({'; '.join(result.notes)})",
        )
    if result.failed == len(to):
        raise Invalid(f"Nobody got the summary: {'; '.join(result.notes)}")
    finish(engine, window, now)
    for note in result.notes:
        log.warning("%s", note)
    log.info("%s", result.message)
    return result


def _nothing(window: Window) -> SummaryResult:
    text = f"Nothing to tell: no new application since {window.since:%Y-%m-%d %H:%M} UTC."
    return SummaryResult(text, window.since.isoformat(), window.until.isoformat(), 0, 0, 0, 0, 0)


def _result(
    window: Window, arrivals: Arrivals, found: list[Delivery], to: tuple[str, ...]
) -> SummaryResult:
    sent = sum(each.sent_now for each in found)
    failed = sum(each.state == "failed" for each in found)
    notes = [
        # Told by their place in RECRUITER_EMAILS, not by address.
        f"recruiter {place}: {each.state}, {each.reason}"
        for place, each in enumerate(found, 1)
        if each.state != "sent"
    ]
    text = f"{arrivals.total:,} new application{'' if arrivals.total == 1 else 's'}"
    text += f", told to {sent} of {len(to)} recruiters."
    if failed:
        text += f" {failed} cannot be reached (notes)."
    return SummaryResult(
        message=text,
        since=window.since.isoformat(),
        until=window.until.isoformat(),
        applications=arrivals.total,
        older=arrivals.older,
        sent=sent,
        had_it=sum(each.state in ("sent", "unknown") and not each.sent_now for each in found),
        failed=failed,
        notes=tuple(notes),
    )


def _run_id() -> str | None:
    try:
        return current_run().run_id
    except RotaError:
        return None
