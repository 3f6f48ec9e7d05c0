"""What a browser fetches stays small: the console's own files, and its largest pages."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import insert

import console as package
from app import actions, reads
from app.records.database import writing
from app.records.schema import runs
from app.system import System
from tests.console.conftest import OpenConsole
from tests.console.past_runs import FAULT, past_log
from tests.console.people import ADA, signed_in
from tests.fixtures import OPERATOR

STATIC = Path(package.__file__).parent / "static"
MOST_STATIC, MOST_PAGE = 40_000, 60_000
PAGES = (
    "/", "/week", "/tasks", "/tasks/{task}", "/tasks/{task}/schedule", "/runs", "/runs/{run}",
    "/failures", "/queues", "/queues/default", "/workers", "/audit", "/health", "/go",
)  # fmt: skip
ENDS = ("failed", *["succeeded"] * 10, "skipped", "lost", "missed", *["succeeded"] * 7, "stopped")
EACH = 144


@pytest.fixture
def full(open_console: OpenConsole) -> Flask:
    """A console of many tasks that ran every ten minutes for a day, with every end."""
    app = open_console(task_modules=("tests.crowd",))
    system: System = app.extensions["rota-system"]
    now = datetime.now(UTC)
    rows = [
        _row(task_id, number, now)
        for place, task_id in enumerate(system.catalogue.tasks)
        for number in range(place, place + EACH)
    ]
    with writing(system.database) as connection:
        connection.execute(insert(runs), rows)
    for task_id in list(system.catalogue.tasks)[:10]:
        actions.pause(system, OPERATOR, task_id, "the source is being moved to another host")
        actions.resume(system, OPERATOR, task_id)
    past_log(system, str(rows[0]["run_id"]), *(f"page {number} of 200" for number in range(200)))
    return app


def _row(task_id: str, number: int, now: datetime) -> dict[str, object]:
    at = now - timedelta(minutes=10 * (number % EACH) + 1)
    status = ENDS[number % len(ENDS)]
    ran = status not in ("skipped", "missed")
    return {
        "run_id": f"{task_id}--{int(at.timestamp())}",
        "task_id": task_id,
        "schedule_id": task_id,
        "trigger": "schedule",
        "status": status,
        "queue": "default",
        "at": at,
        "fire_time": at,
        "queued_at": at if ran else None,
        "started_at": at if ran else None,
        "ended_at": at + timedelta(seconds=number % 50),
        "attempt": int(ran),
        "revision": 5,
        "error": FAULT if status in ("failed", "lost") else None,
        "worker": "host-7.1234" if ran else None,
    }


def test_script_and_style_are_small_together() -> None:
    sizes = {name: (STATIC / name).stat().st_size for name in ("console.css", "console.js")}
    assert sum(sizes.values()) <= MOST_STATIC, sizes


def test_full_pages_are_small(full: Flask) -> None:
    browser = signed_in(full, ADA)
    system: System = full.extensions["rota-system"]
    task = next(iter(system.catalogue.tasks))
    run = reads.runs(system, task_id=task, limit=1, now=datetime.now(UTC)).items[0].run_id
    sizes = {}
    for page in PAGES:
        answer = browser.get(page.format(task=task, run=run))
        assert answer.status_code == 200, page
        sizes[page] = len(answer.data)
    assert {page: size for page, size in sizes.items() if size > MOST_PAGE} == {}


def test_a_crowded_time_line_still_links_what_went_wrong_last(full: Flask) -> None:
    text = signed_in(full, ADA).get("/").text
    lane = text.split('id="lane-refresh_00000"')[1].split('id="lane-')[0]
    assert 'class="mark s-failed"' in lane
    assert 'class="mark s-succeeded"' not in lane
    assert re.search(r"<title>\d+ runs: succeeded</title>", lane)
    assert "<title>coming 12 hours: next " in lane
