"""The figures of one window, as plain numbers."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pydantic import TypeAdapter

from jobs.recruiting.analytics.statistics import Rate, Spread


@dataclass(frozen=True, slots=True)
class OfferFigures:
    """Offers answered in the window, by how; `pending` and `drafts` wait at its end."""

    accepted: int
    declined: int
    rescinded: int
    expired: int
    pending: int
    drafts: int

    @property
    def acceptance(self) -> Rate:
        return Rate(self.accepted, self.accepted + self.declined)


@dataclass(frozen=True, slots=True)
class SourceFigures:
    """Applications that came from a source, and of those that were completed how many got to an
    interview, an offer, a hire."""

    received: int
    completed: int
    interview: Rate
    offer: Rate
    hire: Rate


@dataclass(frozen=True, slots=True)
class QualityFigures:
    """What makes the figures worse than they could be."""

    open_positions_without_opening_date: int
    hires_without_accepted_offer: int
    applications_without_source: int
    open_without_activity_for_30_days: int
    unknown_stages: dict[str, int]
    rows_unlike_their_history: int


@dataclass(frozen=True, slots=True)
class Figures:
    """What happened in [start, end), as known at `end`. Mappings are by kind of stage, by source
    or by age; spans are in days."""

    start: datetime
    end: datetime
    received: int
    completed: int
    hires: int
    moves_forward: int
    moves_back: int
    time_to_fill: Spread
    time_to_hire: Spread
    days_to_offer: Spread
    conversion: dict[str, Rate]
    time_in_stage: dict[str, Spread]
    offers: OfferFigures
    sources: dict[str, SourceFigures]
    interviews_per_hire: Rate
    drop_off: dict[str, dict[str, int]]
    open: int
    open_by_stage: dict[str, int]
    ageing: dict[str, int]
    quality: QualityFigures


_FIGURES = TypeAdapter(Figures)


def to_json(figures: Figures) -> Any:
    """Return the figures as JSON keeps them."""
    return _FIGURES.dump_python(figures, mode="json")


def from_json(stored: Any) -> Figures:
    """Return the figures that `to_json` wrote."""
    return _FIGURES.validate_python(stored)
