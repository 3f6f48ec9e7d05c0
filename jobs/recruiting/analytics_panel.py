"""The panel with the cached hiring figures, their age and their definitions."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from app import Figure, Panel, PanelContent, PanelTable, current_database
from jobs.recruiting import html_tables
from jobs.recruiting.analytics.cached import Served, served
from jobs.recruiting.analytics.definitions import DEFINITIONS, VERSION
from jobs.recruiting.analytics.figures import Figures
from jobs.recruiting.analytics.refreshing import PERIODS
from jobs.recruiting.stages import KINDS
from jobs.recruiting.weekly.html import ages, bars, sources
from jobs.recruiting.weekly.lines import Line, line
from jobs.recruiting.weekly.report import (
    GLANCE,
    STAGE_NAMES,
    conversion_line,
    stay_line,
    top_sources,
)

# Four refreshes late.
STALE = timedelta(hours=1)
NOT_YET = (
    "There are no figures yet: the task refresh_analytics_cache computes them every 15 minutes."
)
COLUMNS = (f"{PERIODS[0]} days", f"{PERIODS[1]} days")
HEADLINES = ("Applications received", "Hires", "Time to fill", "Time to hire", "Offer acceptance")


def _render() -> PanelContent:
    found = served(current_database())
    if found is None:
        return PanelContent(note=NOT_YET)
    spans = [found.figures.periods[days] for days in PERIODS]
    lines = [line("", name, spans, figure, kind) for name, figure, kind in GLANCE]
    return PanelContent(
        figures=[
            Figure(each.label, each.value, f"{COLUMNS[0]}; {each.basis}".rstrip("; "))
            for each in lines
            if each.label in HEADLINES
        ],
        table=PanelTable(
            columns=["Figure", COLUMNS[0], "of", COLUMNS[1]],
            rows=[[each.label, each.value, each.basis, each.prior] for each in lines],
        ),
        html=_charts(spans),
        note=_note(found, datetime.now(UTC)),
        as_of=found.confirmed_at,
    )


def _charts(spans: list[Figures]) -> str:
    own = spans[0]
    conversions = [conversion_line(kind, spans) for kind in KINDS[:-1]]
    stays = [stay_line(kind, spans) for kind in KINDS[:-1]]
    return html_tables.page(
        "Hiring figures",
        (
            html_tables.section("Stage conversion", _bars(conversions)),
            html_tables.section("Time in stage", _bars(stays)),
            html_tables.section(f"Sources, {COLUMNS[0]}", sources(top_sources(own))),
            html_tables.section(
                "Open applications",
                ages(
                    list(own.ageing.items()),
                    [(STAGE_NAMES[kind], n) for kind, n in own.open_by_stage.items()],
                ),
            ),
            html_tables.section("Definitions", html_tables.definitions(DEFINITIONS)),
        ),
    )


def _bars(lines: list[Line]) -> str:
    return bars(lines, COLUMNS)


def _note(found: Served, now: datetime) -> str:
    age = found.age(now)
    minutes = int(age.total_seconds() // 60)
    told = f"{minutes} min" if minutes < 120 else f"{minutes // 60} h"
    parts = [
        f"Version {found.version}, definitions {VERSION}, computed "
        f"{found.computed_at:%d %b %Y %H:%M} UTC, last confirmed {told} ago."
    ]
    if found.failure and found.failed_at:
        parts.append(f"The refresh of {found.failed_at:%d %b %H:%M} UTC failed: {found.failure}")
    elif age > STALE:
        parts.append("These figures are old: look at the task refresh_analytics_cache.")
    return " ".join(parts)


analytics_panel = Panel(
    name="analytics",
    title="Analytics",
    description=f"Hiring figures of the last {PERIODS[0]} days, from the recorded history.",
    render=_render,
    filled_by="refresh_analytics_cache",
)
