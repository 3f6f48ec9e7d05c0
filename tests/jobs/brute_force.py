"""The figures once more, the slow way: all rows in memory, every question asked of each anew.

Shares no code with the product but the names of its tables; written from the definitions.
"""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timedelta
from itertools import pairwise
from statistics import median
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Engine, Row, select

from app import reading
from jobs.recruiting import schema

ORDER = ["applied", "screen", "interview", "offer", "hired"]
KIND = {
    "Applied": "applied",
    None: "applied",
    "Screening": "screen",
    "Interview": "interview",
    "Phone interview": "interview",
    "Offer": "offer",
    "Hired": "hired",
}
DAY = 86_400


class BruteForce:
    """Answers for one window [start, end)."""

    def __init__(self, engine: Engine, start: datetime, end: datetime, zone: ZoneInfo) -> None:
        self.start, self.end, self.zone = start, end, zone
        with reading(engine) as connection:

            def rows(table: Any) -> list[Row[Any]]:
                return list(connection.execute(select(table)).all())

            self.applications = rows(schema.applications)
            self.all_events = rows(schema.stage_events)
            self.all_offers = rows(schema.offers)
            self.all_interviews = rows(schema.interviews)
            self.seats = rows(schema.openings)
            self.holds = rows(schema.position_events)
        ordered = sorted(self.all_events, key=lambda e: (e.at, e.id))
        self.events = {
            a.id: self._without_slips([e for e in ordered if e.application_id == a.id])
            for a in self.applications
        }
        self.known = [a for a in self.applications if self.events[a.id]]

    def _without_slips(self, events: list[Row[Any]]) -> list[Row[Any]]:
        found = [e for e in events if e.at < self.end]
        place = 1
        while place + 1 < len(found):
            before, slip, back = found[place - 1 : place + 2]
            same = (before.to_status, before.to_stage) == (back.to_status, back.to_stage)
            if same and back.at - slip.at < timedelta(minutes=5):
                del found[place : place + 2]
                place = 1
            else:
                place += 1
        return found

    def within(self, at: datetime | None) -> bool:
        return at is not None and self.start <= at < self.end

    def kind(self, event: Row[Any]) -> str | None:
        return "hired" if event.to_status == "hired" else KIND.get(event.to_stage)

    def status(self, a: Row[Any]) -> str:
        return str(self.events[a.id][-1].to_status)

    def ended(self, a: Row[Any]) -> Any:
        """Since when it has been over: after its last active moment."""
        events = self.events[a.id]
        if events[-1].to_status == "active":
            return None
        actives = [n for n, e in enumerate(events) if e.to_status == "active"]
        return events[actives[-1] + 1 if actives else 0].at

    def completed(self) -> list[Row[Any]]:
        return [a for a in self.known if self.within(self.ended(a))]

    def furthest(self, a: Row[Any]) -> int:
        kinds = [self.kind(e) for e in self.events[a.id]]
        return max((ORDER.index(k) for k in kinds if k), default=0)

    def conversion(self, kind: str) -> tuple[int, int]:
        place = ORDER.index(kind)
        ranks = [self.furthest(a) for a in self.completed()]
        return sum(r > place for r in ranks), sum(r >= place for r in ranks)

    def hires(self) -> list[Row[Any]]:
        return [a for a in self.completed() if self.status(a) == "hired"]

    def received(self, source: str | None = None) -> int:
        new = [a for a in self.known if self.within(self.events[a.id][0].at)]
        return len(new) if source is None else sum((a.source or "unknown") == source for a in new)

    # --- offers ----------------------------------------------------------------------------------

    def latest(self, a: Row[Any]) -> Row[Any] | None:
        own = [o for o in self.all_offers if o.application_id == a.id and o.created_at < self.end]
        return max(own, key=lambda o: o.version) if own else None

    def answered(self, *statuses: str) -> list[tuple[Row[Any], datetime]]:
        latest = [(a, self.latest(a)) for a in self.known]
        return [
            (a, o.resolved_at)
            for a, o in latest
            if o is not None and self.within(o.resolved_at) and o.status in statuses
        ]

    def waiting(self) -> Counter[str]:
        found: Counter[str] = Counter()
        for a in self.known:
            o = self.latest(a)
            if o is not None and (o.resolved_at is None or o.resolved_at >= self.end):
                found["sent" if o.sent_at is not None and o.sent_at < self.end else "draft"] += 1
        return found

    def days_to(self, *statuses: str) -> list[float]:
        return [
            (at - self.events[a.id][0].at).total_seconds() / DAY
            for a, at in self.answered(*statuses)
        ]

    def days_to_fill(self) -> list[float]:
        accepted = {a.id: at for a, at in self.answered("accepted")}
        found = []
        for seat in self.seats:
            at = accepted.get(seat.filled_by)
            if at is not None and at >= seat.opened_at:
                open_seconds = (at - seat.opened_at).total_seconds()
                found.append((open_seconds - self._held(seat, at)) / DAY)
        return found

    def _held(self, seat: Row[Any], until: datetime) -> float:
        """Cut the time at every change and add up the pieces on hold."""
        moves = sorted((e for e in self.holds if e.position_id == seat.position_id),
                       key=lambda e: e.at)  # fmt: skip
        cuts = sorted({seat.opened_at, until, *(e.at for e in moves)})
        held = 0.0
        for left, right in pairwise(cuts):
            if seat.opened_at <= left and right <= until:
                before = [e for e in moves if e.at <= left]
                if before and before[-1].to_status == "on_hold":
                    held += (right - left).total_seconds()
        return held

    # --- stages ----------------------------------------------------------------------------------

    def stays(self, kind: str) -> list[float]:
        found = []
        for a in self.known:
            events = self.events[a.id]
            states = [(e.to_status == "active", self.kind(e)) for e in events]
            for n, state in enumerate(states):
                entered = state == (True, kind) and (n == 0 or states[n - 1] != state)
                if entered:
                    left = next((m for m in range(n, len(states)) if states[m] != state), None)
                    if left is not None and self.within(events[left].at):
                        found.append((events[left].at - events[n].at).total_seconds() / DAY)
        return found

    def moves(self, forward: bool) -> int:
        found = 0
        for a in self.known:
            events = self.events[a.id]
            for before, after in pairwise(events):
                kinds = self.kind(before), self.kind(after)
                active = before.to_status == after.to_status == "active"
                if active and kinds[0] and kinds[1] and kinds[0] != kinds[1]:
                    up = ORDER.index(kinds[1]) > ORDER.index(kinds[0])
                    found += self.within(after.at) and up == forward
        return found

    # --- what is open ----------------------------------------------------------------------------

    def open(self) -> list[Row[Any]]:
        return [a for a in self.known if self.status(a) == "active"]

    def idle_days(self, a: Row[Any]) -> int:
        times = [e.at for e in self.events[a.id] if e.to_status != "archived"]
        for o in self.all_offers:
            if o.application_id == a.id and o.created_at < self.end:
                dates = (o.created_at, o.sent_at, o.resolved_at)
                times += [at for at in dates if at is not None and at < self.end]
        times += [
            i.end_at
            for i in self.all_interviews
            if i.application_id == a.id and i.start_at < self.end and i.status != "cancelled"
        ]
        last: datetime = max(times)
        return (self.end.astimezone(self.zone).date() - last.astimezone(self.zone).date()).days

    def ageing(self) -> list[int]:
        days = [self.idle_days(a) for a in self.open()]
        edges = [(-999, 7), (8, 14), (15, 30), (31, 90), (91, 99_999)]
        return [sum(low <= d <= high for d in days) for low, high in edges]

    def interviews(self) -> int:
        ids = {a.id for a in self.hires()}
        return sum(
            i.application_id in ids
            and i.end_at < self.end
            and i.status in ("completed", "awaiting_feedback")
            for i in self.all_interviews
        )


def middle(values: list[float]) -> float | None:
    return median(values) if values else None
