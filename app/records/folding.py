"""What the events of one batch leave, so that it is written in few statements.

A run that was queued, started and ended within the batch is one write of its row and one of its
attempt. What is left is the same as after one event at a time.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from app.events import Event, instant
from app.views import ENDED

Row = dict[str, Any]

TIMES = ("queued_at", "started_at", "ended_at")
BROUGHT = ("reason", "worker", "result", "error")
USED = ("cpu_seconds", "max_rss_bytes")
NOT_ENDED: Row = {"ended_at": None, "outcome": None, "error": None}


def not_older(events: Iterable[Event], revisions: Mapping[str, int]) -> list[Event]:
    """Return the events that change something, given the revisions that are written already."""
    newest = dict(revisions)
    kept = []
    for event in events:
        known = newest.get(event.run_id)
        if known is None or known < event.revision:
            newest[event.run_id] = event.revision
            kept.append(event)
    return kept


def folded_runs(events: Iterable[Event]) -> list[tuple[Row, frozenset[str]]]:
    """Return a row for each run, and which of its columns to set where there is one already."""
    rows: dict[str, Row] = {}
    changed: dict[str, set[str]] = {}
    for event in events:
        change = changes(event)
        rows.setdefault(event.run_id, fixed(event)).update(change)
        changed.setdefault(event.run_id, set()).update(change)
    return [(row, frozenset(changed[run_id])) for run_id, row in rows.items()]


def folded_attempts(events: Iterable[Event]) -> tuple[list[Row], list[Row]]:
    """Return whole rows of attempts that began, and the ends of attempts that began before."""
    begun: dict[tuple[str, int], Row] = {}
    ended: dict[tuple[str, int], Row] = {}
    for event in events:
        if event.status == "running":
            begun[event.run_id, event.attempt] = begin_of(event) | NOT_ENDED
        elif "outcome" in event.data:
            end = end_of(event)
            key = event.run_id, end["attempt"]
            (begun if key in begun else ended).setdefault(key, {}).update(end)
    return list(begun.values()), [end for key, end in ended.items() if key not in begun]


def fixed(event: Event) -> Row:
    """Return the columns that never change."""
    static = event.static
    return {
        "run_id": event.run_id,
        "task_id": static["task_id"],
        "schedule_id": static.get("schedule_id"),
        "parent_run_id": static.get("parent_run_id"),
        "trigger": static["trigger"],
        "triggered_by": static.get("triggered_by"),
        "queue": static.get("queue"),
        "at": instant(static["at"]),
        "fire_time": _time(static.get("fire_time")),
        "arguments": static.get("arguments"),
    }


def changes(event: Event) -> Row:
    """Return the columns this event sets: what it brought, and what it makes untrue."""
    data = event.data
    changed: Row = {
        "status": event.status,
        "revision": event.revision,
        "attempt": event.attempt,
        "reason": None,
        "lost_at": None,
    }
    if event.status in ("queued", "scheduled"):
        changed |= {"started_at": None, "ended_at": None, "worker": None}
    if event.status == "running":
        changed |= {"ended_at": None, "error": None, "result": None}
        changed |= dict.fromkeys(USED)
    if "at" in data:
        # Rescheduled: where Redis loses the run, it comes back at the new time.
        changed["at"] = instant(data["at"])
    for name in TIMES:
        if name in data:
            changed[name] = _time(data[name])
    changed |= {name: data[name] for name in BROUGHT if name in data}
    changed |= {name: data[name] for name in USED if isinstance(data.get(name), int | float)}
    if event.status in ("queued", "scheduled"):
        changed["ended_at"] = None
    elif event.status in ENDED:
        changed.setdefault("ended_at", event.at)
    return changed


def begin_of(event: Event) -> Row:
    """Return the row of an attempt that begins, without its end."""
    return {
        "run_id": event.run_id,
        "attempt": event.attempt,
        "started_at": _time(event.data.get("started_at")),
        "worker": event.data.get("worker"),
    }


def end_of(event: Event) -> Row:
    """Return how an attempt ended."""
    ended = event.data.get("ended_attempt")
    return {
        "run_id": event.run_id,
        "attempt": event.attempt if ended is None else ended,
        "ended_at": _time(event.data.get("ended_at")) or event.at,
        "outcome": event.data["outcome"],
        "error": event.data.get("error"),
    }


def _time(value: float | None) -> datetime | None:
    return None if value is None else instant(value)
