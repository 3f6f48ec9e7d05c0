"""The report as plain text, with the same figures."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from textwrap import fill

from jobs.recruiting.weekly.lines import Line, percent
from jobs.recruiting.weekly.report import Report

WIDTH = 76


def as_text(report: Report) -> str:
    """Return the whole text."""
    parts = [
        f"{report.title}\n{report.starts} to {report.ends}, {report.time_zone}\n"
        "* fewer than five cases, – none",
        _section("What needs you", (fill(f"- {p}", WIDTH, subsequent_indent="  ") for p in
                                    report.points)),
        _section("At a glance", _lines(report.glance)),
        _section("Stage conversion (applications completed this week)", _lines(report.funnel)),
        _section("Time in stage (stays that ended this week)", _lines(report.stays)),
        _section("Offers", _numbers(report.offers)),
        _section("Sources", _sources(report)),
        _section(
            "Open applications by days since the last activity",
            _numbers((f"{days} days", number) for days, number in report.ageing),
        ),
        _section("Open applications by stage", _numbers(report.open_by_stage)),
        _section("Drop-off by furthest stage", _drop_off(report)),
        _section("Data quality", _numbers(report.quality)),
        _section("Definitions", _definitions(report)),
    ]  # fmt: skip
    return "\n\n".join(parts) + "\n"


def _section(title: str, rows: Iterable[str]) -> str:
    return "\n".join([title, "-" * len(title), *rows])


def _lines(lines: Sequence[Line]) -> Iterable[str]:
    for line in lines:
        basis = f" ({line.basis})" if line.basis else ""
        yield f"{line.label}: {line.value}{basis}"
        yield (
            f"    prior week {_changed(line.prior, line.prior_change, line.prior_basis)}, "
            f"8-week median {_changed(line.usual, line.usual_change)}"
        )


def _changed(value: str, change: str, basis: str = "") -> str:
    beside = "; ".join(part for part in (basis, change) if part)
    return f"{value} ({beside})" if beside else value


def _numbers(rows: Iterable[tuple[str, int]]) -> Iterable[str]:
    return (f"{name}: {number:,}" for name, number in rows)


def _sources(report: Report) -> Iterable[str]:
    for name, source in report.sources:
        yield (
            f"{name}: {source.received:,} applied; interview {percent(source.interview)}, "
            f"offer {percent(source.offer)}, hired {percent(source.hire)}"
        )


def _drop_off(report: Report) -> Iterable[str]:
    for stage, ends in report.drop_off:
        yield f"{stage}: " + ", ".join(f"{number:,} {end}" for end, number in ends.items())


def _definitions(report: Report) -> Iterable[str]:
    for name, text in report.definitions:
        yield fill(f"{name}: {text}", WIDTH, subsequent_indent="  ")
