"""Every page and every JSON endpoint that is read, first page and deepest."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from urllib.parse import urlencode

from sqlalchemy import func, select

from app.reads.cursors import encode
from app.records.database import reading
from app.records.schema import runs
from benchmarks.consoles.stage import Stage

FORM = {"filename": "console.css", "form": "csv", "backfill_id": "none", "name": "none"}
# Not lists or screens: downloads and what holds no data.
LEFT_OUT = ("runs.export", "sign_in.", "static")
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
    values = FORM | {"task_id": one.task_id, "schedule_id": one.task_id, "run_id": one.run_id}
    for rule in stage.app.url_map.iter_rules():
        if "GET" in (rule.methods or ()) and not rule.endpoint.startswith(LEFT_OUT):
            asked = {name: values[name] for name in rule.arguments}
            path = stage.app.url_map.bind("localhost").build(rule.endpoint, asked)
            yield path, path
    yield from _lists(one.task_id, oldest)


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
