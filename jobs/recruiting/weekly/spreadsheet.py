"""The report's figures as CSV, safe to open in a spreadsheet program."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator

from jobs.recruiting.weekly.report import Report

HEADER = (
    "week", "section", "figure", "value", "numerator", "n_or_denominator", "prior_week",
    "median_8_weeks",
)  # fmt: skip
# A cell that begins like this would be computed by the program that opens the file (CWE-1236).
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n")
# Without it Excel reads the file in the machine's own character set.
BYTE_ORDER_MARK = "\ufeff"


def as_csv(report: Report) -> str:
    """Return a header and one line a figure; numbers in full, shares between 0 and 1."""
    written = io.StringIO()
    writer = csv.writer(written, lineterminator="\r\n")
    writer.writerow(HEADER)
    for row in _rows(report):
        writer.writerow([report.week, *(_cell(cell) for cell in row)])
    return BYTE_ORDER_MARK + written.getvalue()


def _rows(report: Report) -> Iterator[tuple[object, ...]]:
    for line in (*report.glance, *report.funnel, *report.stays):
        yield (
            line.section,
            line.label,
            line.number,
            line.numerator,
            line.denominator,
            line.prior_number,
            line.usual_number,
        )
    for section, rows in (
        ("Offers", report.offers),
        ("Open since the last activity", [(f"{days} days", n) for days, n in report.ageing]),
        ("Open by stage", report.open_by_stage),
        ("Data quality", report.quality),
    ):
        for name, number in rows:
            yield section, name, number, None, None, None, None
    for name, source in report.sources:
        yield "Source: applied", name, source.received, None, None, None, None
        for what, rate in (
            ("interview", source.interview),
            ("offer", source.offer),
            ("hire", source.hire),
        ):
            value = rate.value
            yield f"Source: {what}", name, value, rate.numerator, rate.denominator, None, None
    for stage, ends in report.drop_off:
        for end, number in ends.items():
            yield f"Drop-off: {end}", stage, number, None, None, None, None


def _cell(cell: object) -> object:
    if cell is None:
        return ""
    if isinstance(cell, float):
        return round(cell, 4)
    if isinstance(cell, str) and cell.startswith(FORMULA_STARTS):
        return f"'{cell}"
    return cell
