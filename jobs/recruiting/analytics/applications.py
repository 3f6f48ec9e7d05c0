"""One application with everything that happened to it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import pairwise

from jobs.recruiting.stages import HIRED, KINDS, kind_of

# A move that is taken back so soon was a slip of the hand.
SLIP = timedelta(minutes=5)
RANK = {kind: rank for rank, kind in enumerate(KINDS)}


@dataclass(frozen=True, slots=True)
class Event:
    """From `at` on: this status and stage."""

    at: datetime
    status: str
    stage: str | None

    @property
    def kind(self) -> str | None:
        return HIRED if self.status == "hired" else kind_of(self.stage)

    @property
    def active(self) -> bool:
        return self.status == "active"


@dataclass(frozen=True, slots=True)
class Offer:
    """A version of an offer. `status` is what it was at the time one looks."""

    version: int
    status: str
    created_at: datetime
    sent_at: datetime | None
    resolved_at: datetime | None

    def as_known(self, at: datetime) -> Offer | None:
        """Return the offer as it was right before `at`; None before it was made."""
        if self.created_at >= at:
            return None
        if self.resolved_at and self.resolved_at < at:
            return self
        sent = self.sent_at is not None and self.sent_at < at
        return replace(self, status="sent" if sent else "draft", resolved_at=None)


@dataclass(frozen=True, slots=True)
class Interview:
    start_at: datetime
    end_at: datetime
    status: str

    def took_place(self, before: datetime) -> bool:
        return self.status in ("completed", "awaiting_feedback") and self.end_at < before


@dataclass(frozen=True, slots=True)
class Stay:
    """A time in one kind of stage that is over."""

    kind: str
    entered: datetime
    left: datetime

    @property
    def days(self) -> float:
        return in_days(self.left - self.entered)


@dataclass(frozen=True, slots=True)
class Application:
    """`events` and `offers` are in order. `status` and `stage` are what its row says now."""

    id: int
    position_id: int
    source: str | None
    status: str
    stage: str | None
    events: Sequence[Event]
    offers: Sequence[Offer] = ()
    interviews: Sequence[Interview] = ()

    def as_known(self, at: datetime) -> Application:
        """Return the application as it was right before `at`, without slips of the hand."""
        known = [offer.as_known(at) for offer in self.offers]
        return replace(
            self,
            events=settled([event for event in self.events if event.at < at]),
            offers=[offer for offer in known if offer],
            interviews=[i for i in self.interviews if i.start_at < at],
        )

    @property
    def latest(self) -> datetime:
        """The last moment of anything that is recorded of it."""
        moments = [self.events[-1].at]
        for o in self.offers:
            moments += [at for at in (o.created_at, o.sent_at, o.resolved_at) if at]
        for i in self.interviews:
            moments += [i.start_at, i.end_at]
        return max(moments)

    @property
    def finished(self) -> bool:
        """Nothing about it is open: it has ended, and so have its offers."""
        return not self.events[-1].active and all(o.resolved_at for o in self.offers)

    @property
    def offer(self) -> Offer | None:
        """The latest version, the one that counts."""
        return max(self.offers, key=lambda offer: offer.version, default=None)

    @property
    def accepted_at(self) -> datetime | None:
        offer = self.offer
        return offer.resolved_at if offer and offer.status == "accepted" else None

    @property
    def furthest(self) -> int:
        """The rank in KINDS of the furthest stage that it reached."""
        return max((RANK[e.kind] for e in self.events if e.kind), default=0)

    @property
    def last_activity_at(self) -> datetime:
        """When something last happened; being archived is nothing that happened to it."""
        acted = [e.at for e in self.events if e.status != "archived"]
        acted += [o.resolved_at or o.sent_at or o.created_at for o in self.offers]
        acted += [i.end_at for i in self.interviews if i.status != "cancelled"]
        return max(acted)

    @property
    def ended_at(self) -> datetime | None:
        """Since when it is not active any more."""
        ended = None
        for event in self.events:
            ended = None if event.active else ended or event.at
        return ended

    def moves(self) -> Iterator[tuple[Event, Event]]:
        """Yield every change of the kind of stage while it was active."""
        for before, after in pairwise(self.events):
            if before.active and after.active and before.kind != after.kind:
                yield before, after

    def stays(self) -> Iterator[Stay]:
        """Yield every stay that is over, in a stage whose kind is known."""
        for entered, left in self._runs():
            if entered.kind and left:
                yield Stay(entered.kind, entered.at, left.at)

    def _runs(self) -> Iterator[tuple[Event, Event | None]]:
        """Yield the active stretches in one kind of stage, each with what ended it."""
        current: Event | None = None
        for event in self.events:
            if current and event.active and event.kind == current.kind:
                continue
            if current:
                yield current, event
            current = event if event.active else None
        if current:
            yield current, None


def settled(events: Sequence[Event]) -> list[Event]:
    """Leave out moves that were taken back within SLIP, both the move and its reversal."""
    kept: list[Event] = []
    for event in events:
        taken_back = (
            len(kept) > 1
            and event.at - kept[-1].at < SLIP
            and (event.status, event.stage) == (kept[-2].status, kept[-2].stage)
        )
        if taken_back:
            kept.pop()
        else:
            kept.append(event)
    return kept


def in_days(span: timedelta) -> float:
    return span.total_seconds() / 86_400
