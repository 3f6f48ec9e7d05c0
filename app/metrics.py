"""Prometheus text: how the whole stands, for a scraper."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime

from app.reads.gauges import gauges
from app.system import System

Sample = tuple[dict[str, str], float]
STATUSES = {"ok": 0, "degraded": 1, "down": 2}


def exposition(system: System, now: datetime) -> str:
    """Return the metrics in Prometheus's text format. Raises Unavailable."""
    return "\n".join(_lines(system, now)) + "\n"


def _lines(system: System, now: datetime) -> Iterator[str]:
    whole, tasks = gauges(system, now)
    yield from _family(
        "rota_status", "gauge", "0 ok, 1 degraded, 2 down", [({}, STATUSES[whole.status])]
    )
    yield from _family(
        "rota_scheduler_leader", "gauge", "Whether a scheduler leads",
        [({}, whole.scheduler["leader"] is not None)],
    )  # fmt: skip
    yield from _family(
        "rq_workers", "gauge", "Workers by state",
        [({"state": state}, whole.workers[state]) for state in ("busy", "idle")],
    )  # fmt: skip
    yield from _family(
        "rota_queue_depth", "gauge", "Runs that wait",
        [({"queue": queue.name}, queue.depth) for queue in whole.queues],
    )  # fmt: skip
    yield from _family(
        "rota_queue_oldest_age_seconds", "gauge", "Age of the run that waits longest",
        [({"queue": q.name}, q.oldest_age_seconds or 0.0) for q in whole.queues],
    )  # fmt: skip
    yield from _family(
        "rota_runs_24h", "gauge", "Runs of the last 24 hours by status",
        [({"status": name}, n) for name, n in whole.runs_24h.items() if name != "total"],
    )  # fmt: skip
    yield from _family(
        "rota_task_next_run_timestamp_seconds", "gauge", "Next fire time",
        [({"task": name}, at.timestamp()) for name, at in tasks.next_fires.items()],
    )  # fmt: skip
    yield from _family(
        "rota_task_last_success_timestamp_seconds", "gauge", "End of the newest good run",
        [({"task": name}, at.timestamp()) for name, at in tasks.last_successes.items()],
    )  # fmt: skip
    yield from _family(
        "rota_task_paused", "gauge", "Whether the task is paused",
        [({"task": name}, name in tasks.paused) for name in system.catalogue.tasks],
    )  # fmt: skip


def _family(name: str, kind: str, text: str, samples: Iterable[Sample]) -> Iterator[str]:
    yield f"# HELP {name} {text}"
    yield f"# TYPE {name} {kind}"
    for labels, value in samples:
        shown = ",".join(f'{key}="{_escaped(label)}"' for key, label in labels.items())
        yield f"{name}{{{shown}}} {float(value)!r}" if shown else f"{name} {float(value)!r}"


def _escaped(label: str) -> str:
    return label.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
