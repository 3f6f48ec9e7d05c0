"""Mail the hiring figures of the last closed week, on Mondays at eight."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from sqlalchemy import Engine

from app import (
    Invalid,
    Retry,
    RotaError,
    Skip,
    cron,
    current_database,
    current_run,
    current_settings,
    task,
)
from jobs.recruiting.analytics.calendar import closed_week, last_closed_week
from jobs.recruiting.weekly.keeping import KeptReport, report_of
from jobs.recruiting.weekly.mailing import Mailed, NotMailedYet, mail_report
from jobs.services.mail import open_mailer, recruiters

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class WeeklyReportResult:
    """The week, whom its report reached, and its main figures. `unknown` counts messages whose
    answer was lost: they may or may not have arrived."""

    message: str
    week: str
    sent: int
    sent_before: int
    failed: int
    unknown: int
    received: int
    completed: int
    hires: int
    open: int
    computed_at: datetime
    notes: tuple[str, ...] = ()


@task(
    cron("0 8 * * mon"),
    queue="default",
    timeout="10m",
    retry=Retry(5, backoff="1m..1h"),
    overlap="skip",
    misfire="latest",
)
def weekly_analytics_report(week: str = "", resend_unknown: bool = False) -> WeeklyReportResult:
    """Generate and email the weekly analytics.

    Reports on the last week that is over in the organisation's time zone, or on `week` (like
    2026-W47). Each recruiter gets a week's report once, whoever runs this how often; its figures
    stay as they were first computed. With resend_unknown, a message whose answer was lost is sent
    once more.
    """
    now = datetime.now(UTC)
    zone = ZoneInfo(current_settings().timezone)
    result = report(
        current_database(), week, now, zone, fired_at=_fired_at(now), resend_unknown=resend_unknown
    )
    log.info("%s", result.message)
    return result


def _fired_at(now: datetime) -> datetime:
    """A run that comes late still reports on the week before its fire time."""
    try:
        return current_run().fire_time or now
    except RotaError:
        return now


def report(
    engine: Engine,
    week: str,
    now: datetime,
    zone: ZoneInfo,
    *,
    fired_at: datetime,
    resend_unknown: bool = False,
) -> WeeklyReportResult:
    """Make the report if it is not made yet, and mail it to those who do not have it.

    Raises Invalid (no such closed week), Skip (mail is not set up; the report is made all the
    same), NotMailedYet when somebody has not got it yet and will at the next attempt.
    """
    wanted = closed_week(week, now, zone) if week else last_closed_week(fired_at, zone)
    kept = report_of(engine, wanted, now, zone)
    try:
        recipients, mailer = recruiters(), open_mailer()
    except Skip as skip:
        raise Skip(f"{skip}. The report of {kept.week} is made and shown in its panel") from None
    with mailer:
        mailed = mail_report(engine, mailer, kept, recipients, now, resend_unknown=resend_unknown)
    result = _result(kept, mailed)
    for note in result.notes:
        log.warning("%s", note)
    if mailed.waiting:
        raise NotMailedYet(f"{result.message} {mailed.waiting[0]}")
    if mailed.failed and not mailed.reached:
        raise Invalid(f"Nobody got the report of {kept.week}. {mailed.failed[0]}")
    return result


def _result(kept: KeptReport, mailed: Mailed) -> WeeklyReportResult:
    return WeeklyReportResult(
        message=_message(kept, mailed),
        week=kept.week,
        sent=mailed.sent,
        sent_before=mailed.sent_before,
        failed=len(mailed.failed),
        unknown=len(mailed.unknown),
        received=kept.figures.received,
        completed=kept.figures.completed,
        hires=kept.figures.hires,
        open=kept.figures.open,
        computed_at=kept.computed_at,
        notes=(*mailed.failed, *mailed.unknown, *mailed.waiting),
    )


def _message(kept: KeptReport, mailed: Mailed) -> str:
    parts = [
        f"{count} {what}"
        for count, what in (
            (mailed.sent, "sent"),
            (mailed.sent_before, "had it already"),
            (len(mailed.failed), "refused for good"),
            (len(mailed.unknown), "may or may not have arrived"),
            (len(mailed.waiting), "not sent yet, will be tried again"),
        )
        if count
    ]
    if not mailed.sent and len(parts) == 1 and mailed.sent_before:
        everybody = "the recruiter has" if mailed.sent_before == 1 else "all recruiters have"
        return f"Nothing to do: {everybody} the report of {kept.week} already."
    return f"Report of {kept.week}: {', '.join(parts)}."
