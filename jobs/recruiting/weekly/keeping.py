"""Makes a week's report once and keeps it: what was mailed is what is shown and mailed again."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Engine, Row, insert, select
from sqlalchemy.exc import IntegrityError

from app import reading, writing
from jobs.recruiting.analytics import definitions
from jobs.recruiting.analytics.calendar import Week
from jobs.recruiting.analytics.figures import Figures, from_json, to_json
from jobs.recruiting.analytics.refreshing import TRAILING_WEEKS, figures_of_weeks
from jobs.recruiting.schema import weekly_reports
from jobs.recruiting.weekly.html import as_html
from jobs.recruiting.weekly.plain import as_text
from jobs.recruiting.weekly.report import make_report
from jobs.recruiting.weekly.spreadsheet import as_csv


@dataclass(frozen=True)
class KeptReport:
    """A report as it is mailed. `made_now` tells whether this very call made it."""

    week: str
    subject: str
    html: str
    plain: str
    csv: str
    figures: Figures
    computed_at: datetime
    made_now: bool


def report_of(engine: Engine, week: Week, now: datetime, zone: ZoneInfo) -> KeptReport:
    """Return the report of a closed week, made at the first call and the same ever after."""
    kept = kept_report(engine, week.name)
    if kept:
        return kept
    values = _made(engine, week, now, zone)
    try:
        with writing(engine) as connection:
            connection.execute(insert(weekly_reports).values(values))
    except IntegrityError:
        kept = kept_report(engine, week.name)
        if kept is None:
            raise
        return kept
    return KeptReport(
        week=week.name,
        subject=values["subject"],
        html=values["html"],
        plain=values["plain"],
        csv=values["csv"],
        figures=from_json(values["figures"]),
        computed_at=now,
        made_now=True,
    )


def kept_report(engine: Engine, week: str | None = None) -> KeptReport | None:
    """Return the kept report of `week`, by default of the newest one; None where there is none."""
    query = select(weekly_reports).order_by(weekly_reports.c.ends_at.desc()).limit(1)
    if week is not None:
        query = query.where(weekly_reports.c.week == week)
    with reading(engine) as connection:
        row = connection.execute(query).first()
    return _kept(row) if row else None


def _made(engine: Engine, week: Week, now: datetime, zone: ZoneInfo) -> dict[str, Any]:
    weeks = [week.back(n) for n in range(TRAILING_WEEKS + 1)]
    found = figures_of_weeks(engine, weeks, now, zone)
    ordered = [found[one.name] for one in weeks]
    report = make_report(week, ordered, zone)
    return {
        "week": week.name,
        "starts_at": ordered[0].start,
        "ends_at": ordered[0].end,
        "time_zone": zone.key,
        "definitions": definitions.VERSION,
        "computed_at": now,
        "figures": to_json(ordered[0]),
        "subject": report.title,
        "html": as_html(report),
        "plain": as_text(report),
        "csv": as_csv(report),
    }


def _kept(row: Row[Any]) -> KeptReport:
    return KeptReport(
        week=row.week,
        subject=row.subject,
        html=row.html,
        plain=row.plain,
        csv=row.csv,
        figures=from_json(row.figures),
        computed_at=row.computed_at,
        made_now=False,
    )
