"""Every page and every JSON endpoint that is read, first page and deepest."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from urllib.parse import urlencode

from sqlalchemy import func, select

from app.reads.cursors import encode
from app.records.database import reading
from app.records.schema import runs
from benchmarks.consoles import QUEUES
from benchmarks.consoles.decisions import BULK
from benchmarks.consoles.stage import PERSON, Stage

# Not lists or screens: downloads, what holds no data, and what another task package fills.
LEFT_OUT = (
    "runs.export", "audit.export", "sign_in.", "static", "api_docs.",
    "panels.page", "panels.preview", "api_panels.show",
)  # fmt: skip
NAMED = {"queue.page": QUEUES[0], "api_access.show_user": PERSON.name}
SEARCHES = (
    "error:KeyError",
    "status:failed since:7d",
    "worker:host-7 since:24h",
    "longer:1m",
    "candidate",
    "e17",
    "e17 status:failed candidate",
    "refresh",
    "refresh status:lost",
    "timeouterror status:succeeded",
    '"no field e17"',
    "nothinglikethis",
    "refresh nothinglikethis",
    "arg.limit=7",
)


def addresses(stage: Stage) -> Iterator[tuple[str, str]]:
    """Yield a name and a path for everything that a person or a program reads."""
    with reading(stage.system.database) as connection:
        failed = select(runs.c.run_id, runs.c.task_id).where(runs.c.status == "failed")
        one = connection.execute(failed.order_by(runs.c.at.desc()).limit(1)).one()
        oldest = connection.execute(select(func.min(runs.c.at))).scalar_one()
    values = {"task_id": one.task_id, "run_id": one.run_id, "bulk_id": BULK}
    for rule in stage.app.url_map.iter_rules():
        if "GET" in (rule.methods or ()) and not rule.endpoint.startswith(LEFT_OUT):
            named = {"name": NAMED.get(rule.endpoint) or one.task_id}
            asked = {name: (values | named)[name] for name in rule.arguments}
            path = stage.app.url_map.bind("localhost").build(rule.endpoint, asked)
            yield path, path
    yield from _lists(one.task_id, oldest)
    yield from _deepest(sorted(stage.system.catalogue.tasks)[-2], oldest)


def _lists(task_id: str, oldest: datetime) -> Iterator[tuple[str, str]]:
    deepest = encode(oldest.replace(hour=23, minute=59), "~")
    for path in ("/runs", "/api/v1/runs"):
        yield f"{path} deepest", f"{path}?{urlencode({'cursor': deepest})}"
        for filters in ({"task_id": task_id}, {"status": "failed"}, {"trigger": "manual"}):
            told = " ".join(f"{name}={value}" for name, value in filters.items())
            yield f"{path} {told}", f"{path}?{urlencode(filters)}"
            yield f"{path} {told} deepest", f"{path}?{urlencode({**filters, 'cursor': deepest})}"
    for search in SEARCHES:
        yield f"/runs {search}", f"/runs?{urlencode({'q': search})}"
    task_runs = f"/api/v1/tasks/{task_id}/runs"
    yield f"{task_runs} deepest", f"{task_runs}?{urlencode({'cursor': deepest})}"


def _deepest(task_id: str, oldest: datetime) -> Iterator[tuple[str, str]]:
    """Yield the last pages of the other lists."""
    for path, name in (("/", "after"), ("/tasks", "after"), ("/api/v1/tasks/list", "cursor")):
        yield f"{path} deepest", f"{path}?{urlencode({name: task_id})}"
    for path in ("/audit", "/api/v1/audit"):
        yield f"{path} deepest", f"{path}?{urlencode({'cursor': encode(oldest, '40')})}"
    yield "/queues deepest", "/queues?page=99"
    yield "/workers deepest", "/workers?page=99"
