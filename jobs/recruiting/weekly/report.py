"""What a weekly report says, before it is written as HTML, text or CSV."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from zoneinfo import ZoneInfo

from jobs.recruiting.analytics.calendar import Week
from jobs.recruiting.analytics.definitions import DEFINITIONS
from jobs.recruiting.analytics.figures import Figures, SourceFigures
from jobs.recruiting.analytics.statistics import Rate, Spread
from jobs.recruiting.stages import KINDS
from jobs.recruiting.weekly.attention import points
from jobs.recruiting.weekly.lines import COUNT, DAYS, PERCENT, RATIO, Figure, Kind, Line, line

STAGE_NAMES = {
    "applied": "Applied",
    "screen": "Screening",
    "interview": "Interview",
    "offer": "Offer",
    "hired": "Hired",
    "other": "Other",
}
MOST_SOURCES = 12
SourceRows = Sequence[tuple[str, SourceFigures]]

GLANCE: Sequence[tuple[str, Callable[[Figures], Figure | None], Kind]] = (
    ("Applications received", lambda f: f.received, COUNT),
    ("Applications completed", lambda f: f.completed, COUNT),
    ("Hires", lambda f: f.hires, COUNT),
    ("Open at the week's end", lambda f: f.open, COUNT),
    ("Time to fill", lambda f: f.time_to_fill, DAYS),
    ("Time to hire", lambda f: f.time_to_hire, DAYS),
    ("Days to offer decision", lambda f: f.days_to_offer, DAYS),
    ("Offer acceptance", lambda f: f.offers.acceptance, PERCENT),
    ("Interviews per hire", lambda f: f.interviews_per_hire, RATIO),
    ("Moves forward", lambda f: f.moves_forward, COUNT),
    ("Moves back", lambda f: f.moves_back, COUNT),
)


@dataclass(frozen=True)
class Report:
    """A week's report. `starts` and `ends` are its bounds in words."""

    week: str
    title: str
    starts: str
    ends: str
    time_zone: str
    points: Sequence[str]
    glance: Sequence[Line]
    funnel: Sequence[Line]
    stays: Sequence[Line]
    offers: Sequence[tuple[str, int]]
    sources: SourceRows
    ageing: Sequence[tuple[str, int]]
    drop_off: Sequence[tuple[str, dict[str, int]]]
    open_by_stage: Sequence[tuple[str, int]]
    quality: Sequence[tuple[str, int]]
    definitions: Sequence[tuple[str, str]]


def make_report(week: Week, weeks: Sequence[Figures], zone: ZoneInfo) -> Report:
    """Return the report of `week`; `weeks` are its figures and those of the weeks before it."""
    own = weeks[0]
    return Report(
        week=week.name,
        title=f"Hiring report {week.name} ({days_of(week)})",
        starts=f"{own.start.astimezone(zone):%a %d %b %Y %H:%M}",
        ends=f"{own.end.astimezone(zone):%a %d %b %Y %H:%M}",
        time_zone=zone.key,
        points=points(weeks),
        glance=[line("At a glance", name, weeks, get, kind) for name, get, kind in GLANCE],
        funnel=[conversion_line(kind, weeks) for kind in KINDS[:-1]],
        stays=[stay_line(kind, weeks) for kind in KINDS[:-1]],
        offers=_offers(own),
        sources=top_sources(own),
        ageing=list(own.ageing.items()),
        drop_off=[(STAGE_NAMES[kind], ends) for kind, ends in own.drop_off.items()],
        open_by_stage=[(STAGE_NAMES[kind], n) for kind, n in own.open_by_stage.items()],
        quality=_quality(own),
        definitions=DEFINITIONS,
    )


def days_of(week: Week) -> str:
    """Return the days of a week, like 16–22 Nov 2026."""
    sunday = week.monday + timedelta(days=6)
    if week.monday.month == sunday.month:
        return f"{week.monday.day}–{sunday.day} {sunday:%b %Y}"
    year = f" {week.monday.year}" if week.monday.year != sunday.year else ""
    return f"{week.monday.day} {week.monday:%b}{year} – {sunday.day} {sunday:%b %Y}"


def conversion_line(kind: str, weeks: Sequence[Figures]) -> Line:
    """Return how many got further than `kind`, held against earlier spans of time."""
    following = KINDS[KINDS.index(kind) + 1]
    label = f"{STAGE_NAMES[kind]} → {STAGE_NAMES[following]}"

    def rate(figures: Figures) -> Rate:
        return figures.conversion[kind]

    made = line("Stage conversion", label, weeks, rate, PERCENT)
    return replace(made, share=made.number or 0.0)


def stay_line(kind: str, weeks: Sequence[Figures]) -> Line:
    """Return how long stays in `kind` took; the longest of all stages has the full bar."""

    def stay(figures: Figures) -> Spread:
        return figures.time_in_stage[kind]

    made = line("Time in stage", STAGE_NAMES[kind], weeks, stay, DAYS)
    longest = max((weeks[0].time_in_stage[k].median or 0.0 for k in KINDS[:-1]), default=0.0)
    return replace(made, share=(made.number or 0.0) / longest if longest else 0.0)


def _offers(own: Figures) -> list[tuple[str, int]]:
    found = own.offers
    return [
        ("accepted", found.accepted),
        ("declined", found.declined),
        ("expired", found.expired),
        ("rescinded", found.rescinded),
        ("waiting for an answer", found.pending),
        ("in draft", found.drafts),
    ]


def top_sources(own: Figures) -> list[tuple[str, SourceFigures]]:
    """Return the sources with most applications; the others together as one."""
    ordered = sorted(own.sources.items(), key=lambda item: (-item[1].received, item[0]))
    if len(ordered) <= MOST_SOURCES:
        return ordered
    shown, others = ordered[: MOST_SOURCES - 1], ordered[MOST_SOURCES - 1 :]
    together = _together([figures for _, figures in others])
    return [*shown, (f"{len(others)} others", together)]


def _together(sources: Sequence[SourceFigures]) -> SourceFigures:
    def both(rates: Sequence[Rate]) -> Rate:
        return Rate(sum(r.numerator for r in rates), sum(r.denominator for r in rates))

    return SourceFigures(
        received=sum(s.received for s in sources),
        completed=sum(s.completed for s in sources),
        interview=both([s.interview for s in sources]),
        offer=both([s.offer for s in sources]),
        hire=both([s.hire for s in sources]),
    )


def _quality(own: Figures) -> list[tuple[str, int]]:
    found = own.quality
    named = [
        ("Open positions without an opening date", found.open_positions_without_opening_date),
        ("Hires of the week without an accepted offer", found.hires_without_accepted_offer),
        ("Applications of the week without a source", found.applications_without_source),
        (
            "Open applications without activity for over 30 days",
            found.open_without_activity_for_30_days,
        ),
        ("Applications that differ from their own history", found.rows_unlike_their_history),
    ]
    stages = sorted(found.unknown_stages.items(), key=lambda item: -item[1])[:5]
    return named + [(f"Moves to a stage nobody knows: {name[:60]}", n) for name, n in stages]
