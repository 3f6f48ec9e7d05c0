"""The report as HTML for mail programs. Gmail cuts what is longer than about 100 KB."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from jobs.recruiting.html_tables import (
    DIM,
    bar,
    below,
    cells,
    definitions,
    numbers,
    page,
    row,
    section,
    table,
    value,
)
from jobs.recruiting.weekly.lines import Line, percent
from jobs.recruiting.weekly.report import Report, SourceRows

WEEKS = ("This week", "Prior week", "8-week median")


def as_html(report: Report) -> str:
    """Return the whole page."""
    return page(
        report.title,
        (
            _head(report),
            _points(report.points),
            section("At a glance", _compared(report.glance)),
            section("Stage conversion", bars(report.funnel), "Applications completed this week."),
            section("Time in stage", bars(report.stays), "Stays that ended this week, in days."),
            section("Offers", numbers(("Offer", "This week"), report.offers)),
            section("Sources", sources(report.sources)),
            section("Open applications", ages(report.ageing, report.open_by_stage)),
            section("Drop-off", _drop_off(report)),
            section("Data quality", numbers(("What is missing", "How many"), report.quality)),
            section("Definitions", definitions(report.definitions)),
        ),
    )


def _head(report: Report) -> str:
    return row(
        f'<h1 style="font-size:22px;margin:0">{escape(report.title)}</h1>'
        f'<p style="{DIM};margin:4px 0 0">{escape(report.starts)} to {escape(report.ends)}, '
        f"{escape(report.time_zone)}. * fewer than five cases, – none.</p>"
    )


def _points(points: Sequence[str]) -> str:
    items = "".join(f'<li style="margin:4px 0">{escape(point)}</li>' for point in points)
    return row(
        '<h2 style="font-size:16px;margin:0">What needs you</h2>'
        f'<ol style="margin:6px 0;padding-left:20px;font-size:14px">{items}</ol>'
    )


def _compared(lines: Sequence[Line]) -> str:
    rows = (
        cells(
            line.label,
            value(line.value, line.basis),
            f"{escape(line.prior)}{below(line.prior_basis)}{below(line.prior_change)}",
            f"{escape(line.usual)}{below(line.usual_change)}",
        )
        for line in lines
    )
    return table(("", *WEEKS), rows)


def bars(lines: Sequence[Line], columns: Sequence[str] = WEEKS) -> str:
    """Return lines with a bar each; `columns` names what is now, what was before and, where there
    is a third one, what is usual."""
    rows = (
        cells(
            line.label,
            bar(line.share or 0.0),
            value(line.value, line.basis),
            f"{escape(line.prior)}{below(line.prior_basis)}",
            *([f"{escape(line.usual)}{below(line.usual_change)}"] if len(columns) > 2 else []),
        )
        for line in lines
    )
    return table(("", "", *columns), rows)


def sources(found: SourceRows) -> str:
    """Return what came of each source's applications."""
    rows = (
        cells(
            name,
            f"{source.received:,}",
            escape(percent(source.interview)),
            escape(percent(source.offer)),
            escape(percent(source.hire)),
        )
        for name, source in found
    )
    return table(("Source", "Applied", "Interview", "Offer", "Hired"), rows)


def ages(ageing: Sequence[tuple[str, int]], by_stage: Sequence[tuple[str, int]]) -> str:
    """Return the open applications by age, with bars, and by stage."""
    most = max((number for _, number in ageing), default=0)
    aged = (
        cells(f"{days} days", bar(number / most if most else 0.0), f"{number:,}")
        for days, number in ageing
    )
    stages = numbers(("In stage", "Open"), by_stage)
    return table(("Since the last activity", "", "Open"), aged) + stages


def _drop_off(report: Report) -> str:
    rows = (
        cells(stage, *(f"{ends[end]:,}" for end in ("rejected", "withdrawn", "archived")))
        for stage, ends in report.drop_off
    )
    return table(("Furthest stage", "Rejected", "Withdrawn", "Archived"), rows)
