"""The report as HTML for mail programs: tables, inline styles, bars that are cells, no images.

Bars are coloured cells, so they stay when images are blocked; nothing is loaded from anywhere.
Gmail cuts what is longer than about 100 KB.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape

from jobs.recruiting.weekly.lines import Line, percent
from jobs.recruiting.weekly.report import Report

BAR_WIDTH = 160
TABLE = 'width="100%" cellpadding="0" cellspacing="0" role="presentation"'
GRID = 'width="100%" cellpadding="6" cellspacing="0" style="border-collapse:collapse"'
CELL = "border-bottom:1px solid #e3e6ea;text-align:left;vertical-align:top;font-size:14px"
NUMBER = "border-bottom:1px solid #e3e6ea;text-align:right;white-space:nowrap;font-size:14px"
DIM = "color:#5b6570;font-size:12px"


def as_html(report: Report) -> str:
    """Return the whole page."""
    sections = (
        _head(report),
        _points(report.points),
        _section("At a glance", _compared(report.glance)),
        _section("Stage conversion", _bars(report.funnel), "Applications completed this week."),
        _section("Time in stage", _bars(report.stays), "Stays that ended this week, in days."),
        _section("Offers", _plain(("Offer", "This week"), report.offers)),
        _section("Sources", _sources(report)),
        _section("Open applications", _ages(report)),
        _section("Drop-off", _drop_off(report)),
        _section("Data quality", _plain(("What is missing", "How many"), report.quality)),
        _section("Definitions", _definitions(report)),
    )
    return (
        '<!DOCTYPE html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width">'
        f"<title>{escape(report.title)}</title></head>"
        '<body style="margin:0;background:#f4f5f7;color:#1c2024;'
        'font-family:-apple-system,Segoe UI,Roboto,Helvetica,Arial,sans-serif">'
        f'<table {TABLE}><tr><td align="center" style="padding:16px">'
        f'<table {TABLE} style="max-width:680px;background:#ffffff">'
        f"{''.join(sections)}</table></td></tr></table></body></html>\n"
    )


def _head(report: Report) -> str:
    return _row(
        f'<h1 style="font-size:22px;margin:0">{escape(report.title)}</h1>'
        f'<p style="{DIM};margin:4px 0 0">{escape(report.starts)} to {escape(report.ends)}, '
        f"{escape(report.time_zone)}. * fewer than five cases, – none.</p>"
    )


def _points(points: Sequence[str]) -> str:
    items = "".join(f'<li style="margin:4px 0">{escape(point)}</li>' for point in points)
    return _row(
        '<h2 style="font-size:16px;margin:0">What needs you</h2>'
        f'<ol style="margin:6px 0;padding-left:20px;font-size:14px">{items}</ol>'
    )


def _section(title: str, content: str, note: str = "") -> str:
    below = f'<p style="{DIM};margin:0 0 6px">{escape(note)}</p>' if note else ""
    return _row(f'<h2 style="font-size:16px;margin:8px 0 4px">{escape(title)}</h2>{below}{content}')


def _row(content: str) -> str:
    return f'<tr><td style="padding:10px 20px">{content}</td></tr>'


def _table(columns: Sequence[str], rows: Iterable[str]) -> str:
    head = "".join(
        f'<th scope="col" style="{NUMBER if place else CELL};{DIM}">{escape(column)}</th>'
        for place, column in enumerate(columns)
    )
    return f"<table {GRID}><thead><tr>{head}</tr></thead><tbody>{''.join(rows)}</tbody></table>"


def _cells(first: str, *others: str) -> str:
    numbers = "".join(f'<td style="{NUMBER}">{other}</td>' for other in others)
    head = f'<th scope="row" style="{CELL};font-weight:normal">{escape(first)}</th>'
    return f"<tr>{head}{numbers}</tr>"


def _compared(lines: Sequence[Line]) -> str:
    rows = (
        _cells(
            line.label,
            f'<b>{escape(line.value)}</b><br><span style="{DIM}">{escape(line.basis)}</span>',
            _with_change(line.prior, line.prior_change),
            _with_change(line.usual, line.usual_change),
        )
        for line in lines
    )
    return _table(("", "This week", "Prior week", "8-week median"), rows)


def _with_change(value: str, change: str) -> str:
    below = f'<br><span style="{DIM}">{escape(change)}</span>' if change else ""
    return f"{escape(value)}{below}"


def _bars(lines: Sequence[Line]) -> str:
    rows = (
        _cells(
            line.label,
            _bar(line.share or 0.0),
            f'<b>{escape(line.value)}</b><br><span style="{DIM}">{escape(line.basis)}</span>',
            escape(line.usual),
        )
        for line in lines
    )
    return _table(("", "", "This week", "8-week median"), rows)


def _bar(share: float) -> str:
    """Return a bar as a cell with a background; what it shows stands beside it as text."""
    width = max(round(BAR_WIDTH * min(max(share, 0.0), 1.0)), 1)
    return (
        f'<table cellpadding="0" cellspacing="0" role="presentation" aria-hidden="true" '
        f'width="{BAR_WIDTH}"><tr><td width="{width}" height="12" bgcolor="#3b6fd4" '
        f'style="width:{width}px;height:12px;background:#3b6fd4;font-size:1px">&nbsp;</td>'
        f'<td height="12" bgcolor="#e3e6ea" '
        f'style="height:12px;background:#e3e6ea;font-size:1px">&nbsp;</td></tr></table>'
    )


def _plain(columns: tuple[str, str], rows: Iterable[tuple[str, int]]) -> str:
    return _table(columns, (_cells(name, f"{number:,}") for name, number in rows))


def _sources(report: Report) -> str:
    rows = (
        _cells(
            name,
            f"{source.received:,}",
            escape(percent(source.interview)),
            escape(percent(source.offer)),
            escape(percent(source.hire)),
        )
        for name, source in report.sources
    )
    return _table(("Source", "Applied", "Interview", "Offer", "Hired"), rows)


def _ages(report: Report) -> str:
    most = max((number for _, number in report.ageing), default=0)
    aged = (
        _cells(f"{days} days", _bar(number / most if most else 0.0), f"{number:,}")
        for days, number in report.ageing
    )
    stages = _plain(("In stage", "Open"), report.open_by_stage)
    return _table(("Since the last activity", "", "Open"), aged) + stages


def _drop_off(report: Report) -> str:
    rows = (
        _cells(stage, *(f"{ends[end]:,}" for end in ("rejected", "withdrawn", "archived")))
        for stage, ends in report.drop_off
    )
    return _table(("Furthest stage", "Rejected", "Withdrawn", "Archived"), rows)


def _definitions(report: Report) -> str:
    return "".join(
        f'<p style="margin:4px 0;font-size:13px"><b>{escape(name)}.</b> {escape(text)}</p>'
        for name, text in report.definitions
    )
