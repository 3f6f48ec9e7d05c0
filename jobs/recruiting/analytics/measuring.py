"""Counts one window's figures, one application after the other. Pure: rows in, figures out."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from jobs.recruiting.analytics.applications import RANK, Application, in_days
from jobs.recruiting.analytics.calendar import Window
from jobs.recruiting.analytics.figures import (
    Figures,
    OfferFigures,
    QualityFigures,
    SourceFigures,
)
from jobs.recruiting.analytics.positions import Openings
from jobs.recruiting.analytics.statistics import Rate, spread
from jobs.recruiting.stages import INTERVIEW, KINDS, OFFER

AGES = ((7, "0-7"), (14, "8-14"), (30, "15-30"), (90, "31-90"))
OLDEST = "> 90"
STALE_DAYS = 30
NO_SOURCE = "unknown"
ENDS = ("rejected", "withdrawn", "archived")


def measure(
    applications: Iterable[Application],
    openings: Openings,
    windows: Sequence[Window],
    zone: ZoneInfo,
) -> list[Figures]:
    """Return the figures of each window, each as known at its end, in one pass."""
    measures = [Measure(window, zone) for window in windows]
    for application in applications:
        if application.events:
            _add(application, measures)
    return [one.figures(openings) for one in measures]


def _add(whole: Application, measures: Sequence[Measure]) -> None:
    """Look at an application as each window knows it, as seldom as possible: most were over long
    before most windows began."""
    latest, finished = whole.latest, whole.finished
    in_the_end: Application | None = None
    for one in measures:
        one.compare(whole)
        if whole.events[0].at >= one.window.end or (finished and latest < one.window.start):
            continue
        if latest >= one.window.end:
            one.add(whole.as_known(one.window.end))
        else:
            in_the_end = in_the_end or whole.as_known(one.window.end)
            one.add(in_the_end)


class Measure:
    """What is counted in one window. Days since the last activity are whole days in `zone`."""

    def __init__(self, window: Window, zone: ZoneInfo) -> None:
        self.window = window
        self.zone = zone
        self.last_day = window.end.astimezone(zone).date()
        self.counts: Counter[str] = Counter()
        self.accepted: dict[int, datetime] = {}
        self.days_to_hire: list[float] = []
        self.days_to_offer: list[float] = []
        self.stays: defaultdict[str, list[float]] = defaultdict(list)
        self.reached: Counter[int] = Counter()
        self.offers: Counter[str] = Counter()
        self.received: Counter[str] = Counter()
        self.completed: defaultdict[str, list[int]] = defaultdict(list)
        self.drop_off: defaultdict[str, Counter[str]] = defaultdict(Counter)
        self.open_by_stage: Counter[str] = Counter()
        self.ages: Counter[str] = Counter()
        self.unknown_stages: Counter[str] = Counter()

    def compare(self, whole: Application) -> None:
        """Notice what an application is now, whatever its window knows of it."""
        last = whole.events[-1]
        self.counts["interviewed"] += bool(whole.interviews)
        self.counts["unlike"] += (last.status, last.stage) != (whole.status, whole.stage)

    def add(self, known: Application) -> None:
        """Count in an application as it is known at the window's end."""
        source = known.source or NO_SOURCE
        if self.window.holds(known.events[0].at):
            self.received[source] += 1
        self._add_moves(known)
        self._add_offer(known)
        if known.ended_at is None:
            self._add_open(known)
        elif self.window.holds(known.ended_at):
            self._add_completed(known, source)

    def _add_moves(self, known: Application) -> None:
        for before, after in known.moves():
            if self.window.holds(after.at) and before.kind and after.kind:
                forward = RANK[after.kind] > RANK[before.kind]
                self.counts["forward" if forward else "back"] += 1
        for stay in known.stays():
            if self.window.holds(stay.left):
                self.stays[stay.kind].append(stay.days)
        for event in known.events:
            if event.kind is None and self.window.holds(event.at):
                self.unknown_stages[str(event.stage)] += 1

    def _add_offer(self, known: Application) -> None:
        offer = known.offer
        if offer is None:
            return
        if offer.resolved_at is None:
            self.offers[offer.status] += 1
        elif self.window.holds(offer.resolved_at):
            self.offers[offer.status] += 1
            days = in_days(offer.resolved_at - known.events[0].at)
            if offer.status in ("accepted", "declined"):
                self.days_to_offer.append(days)
            if offer.status == "accepted":
                self.days_to_hire.append(days)
                self.accepted[known.id] = offer.resolved_at

    def _add_completed(self, known: Application, source: str) -> None:
        last = known.events[-1]
        furthest = known.furthest
        self.completed[source].append(furthest)
        self.reached[furthest] += 1
        if last.status == "hired":
            self.counts["hires"] += 1
            self.counts["hires without offer"] += known.accepted_at is None
            self.counts["interviews"] += sum(
                i.took_place(self.window.end) for i in known.interviews
            )
        else:
            self.drop_off[KINDS[furthest]][last.status] += 1

    def _add_open(self, known: Application) -> None:
        self.open_by_stage[known.events[-1].kind or "other"] += 1
        last = known.last_activity_at.astimezone(self.zone).date()
        days = (self.last_day - last).days
        self.ages[next((name for most, name in AGES if days <= most), OLDEST)] += 1
        self.counts["stale"] += days > STALE_DAYS

    # --- the result ------------------------------------------------------------------------------

    def figures(self, openings: Openings) -> Figures:
        """Return what was counted."""
        return Figures(
            start=self.window.start,
            end=self.window.end,
            received=self.received.total(),
            completed=self.reached.total(),
            hires=self.counts["hires"],
            moves_forward=self.counts["forward"],
            moves_back=self.counts["back"],
            time_to_fill=spread(openings.days_to_fill(self.accepted)),
            time_to_hire=spread(self.days_to_hire),
            days_to_offer=spread(self.days_to_offer),
            conversion=_conversion(self.reached),
            time_in_stage={kind: spread(self.stays[kind]) for kind in KINDS[:-1]},
            offers=self._offer_figures(),
            sources=self._source_figures(),
            interviews_per_hire=self._interviews_per_hire(),
            drop_off={k: {e: self.drop_off[k][e] for e in ENDS} for k in KINDS[:-1]},
            open=self.open_by_stage.total(),
            open_by_stage={k: self.open_by_stage[k] for k in (*KINDS[:-1], "other")},
            ageing={name: self.ages[name] for name in (*(n for _, n in AGES), OLDEST)},
            quality=self._quality(openings),
        )

    def _interviews_per_hire(self) -> Rate:
        """Without any interview on record there is nothing to tell, which is not zero."""
        hires = self.counts["hires"] if self.counts["interviewed"] else 0
        return Rate(self.counts["interviews"], hires)

    def _offer_figures(self) -> OfferFigures:
        found = self.offers
        return OfferFigures(
            accepted=found["accepted"],
            declined=found["declined"],
            rescinded=found["rescinded"],
            expired=found["expired"],
            pending=found["sent"],
            drafts=found["draft"],
        )

    def _source_figures(self) -> dict[str, SourceFigures]:
        names = sorted({*self.received, *self.completed}, key=lambda s: (s == NO_SOURCE, s))
        return {name: _source(self.received[name], self.completed[name]) for name in names}

    def _quality(self, openings: Openings) -> QualityFigures:
        return QualityFigures(
            open_positions_without_opening_date=openings.undated_positions,
            hires_without_accepted_offer=self.counts["hires without offer"],
            applications_without_source=self.received[NO_SOURCE],
            open_without_activity_for_30_days=self.counts["stale"],
            unknown_stages=dict(sorted(self.unknown_stages.items())),
            rows_unlike_their_history=self.counts["unlike"],
        )


def _conversion(furthest: Mapping[int, int]) -> dict[str, Rate]:
    """Return, for each kind but the last, how many that got there got further."""
    reached = [sum(n for rank, n in furthest.items() if rank >= r) for r in range(len(KINDS))]
    return {kind: Rate(reached[rank + 1], reached[rank]) for rank, kind in enumerate(KINDS[:-1])}


def _source(received: int, furthest: Sequence[int]) -> SourceFigures:
    def share(kind: str) -> Rate:
        return Rate(sum(rank >= RANK[kind] for rank in furthest), len(furthest))

    return SourceFigures(received, len(furthest), share(INTERVIEW), share(OFFER), share("hired"))
