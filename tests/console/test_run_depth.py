"""Where a run's time went, when it will end, what led to it, and its whole log."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

from sqlalchemy import insert

from app import keys
from app.reads.shapes import Pace, RunDetail
from app.records.database import writing
from app.records.schema import attempts
from app.related_runs import RelatedRun, RelatedRuns
from app.system import System
from app.views import AttemptView, ProgressView, RunView
from console.run_end import expected
from console.run_graph import draw
from console.run_spans import spans
from tests.console.past_runs import FAULT, past_log, past_run
from tests.console.people import Browser
from tests.console.test_drawing import NOW, run
from tests.console.test_pages import follow

PACE = Pace(count=20, p50=60.0, p90=120.0)


def running(seconds: float, **changes: Any) -> RunView:
    started = NOW - timedelta(seconds=seconds)
    return replace(run(0, "running"), at=started, fire_time=started, started_at=started, **changes)


def test_progress_tells_when_it_ends() -> None:
    found = expected(running(30, progress=ProgressView(25, 100, "")), PACE, NOW)
    assert found
    assert found.by_progress
    assert found.late == NOW + timedelta(seconds=90)


def test_without_progress_past_runs_tell_from_when_to_when() -> None:
    found = expected(running(30), PACE, NOW)
    assert found
    assert (found.early, found.late) == (
        NOW + timedelta(seconds=30), NOW + timedelta(seconds=90),
    )  # fmt: skip
    assert not found.over


def test_a_run_longer_than_nine_of_ten_is_told_as_that() -> None:
    found = expected(running(121), PACE, NOW)
    assert found
    assert found.over
    assert expected(running(30), None, NOW) is None
    assert expected(run(5), PACE, NOW) is None


def test_a_line_of_time_tells_waits_and_attempts() -> None:
    at = NOW - timedelta(seconds=100)
    tries = (
        AttemptView(1, at + timedelta(seconds=10), at + timedelta(seconds=30), "failed", "w"),
        AttemptView(2, at + timedelta(seconds=80), at + timedelta(seconds=100), "succeeded", "w"),
    )
    found = spans(replace(run(0), at=at, fire_time=at, attempts=tries), NOW)
    assert [(span.x, span.width, span.kind) for span in found] == [
        (0, 10, "waits"), (10, 20, "failed"), (30, 50, "waits"), (80, 20, "succeeded"),
    ]  # fmt: skip
    assert found[1].title == "attempt 1: failed after 20 s"
    assert spans(run(1), NOW) == ()


def test_a_long_wait_does_not_hide_the_run() -> None:
    start = NOW - timedelta(seconds=10)
    tries = (AttemptView(1, start, NOW, "succeeded", "w"),)
    old = replace(run(0), at=NOW - timedelta(days=30), fire_time=None, attempts=tries)
    assert [span.kind for span in spans(replace(old, queued_at=start), NOW)] == ["succeeded"]


def related(count: int) -> RelatedRuns:
    some = tuple(RelatedRun(f"c{n}", "child", "queued", NOW) for n in range(min(count, 50)))
    return RelatedRuns(count, some)


def test_a_graph_leads_from_what_it_waited_for_to_what_came_of_it() -> None:
    me = run(1)
    detail = RunDetail(dependencies=related(2), children=related(1), parent=run(9))
    found = draw(me, detail)
    assert found
    assert len(found.boxes) == 5
    assert len(found.lines) == 4
    assert {box.x for box in found.boxes} == {0, 35.5, 71}
    assert found.summary == "3 before it, 1 after it"
    assert draw(me, RunDetail()) is None


def test_a_graph_of_thousands_stays_small() -> None:
    found = draw(run(1), RunDetail(children=related(4_000)))
    assert found
    assert len(found.boxes) == 7
    assert found.boxes[-1].label == "3995 more"


def test_a_run_s_page_shows_all_of_it(viewer: Browser, console_system: System) -> None:
    for minutes in range(10, 20):
        past_run(console_system, "greet", minutes_ago=minutes)
    parent = past_run(console_system, "greet", minutes_ago=9, status="failed", error=FAULT)
    run_id = past_run(
        console_system, "greet", minutes_ago=1, status="running", ended_at=None,
        parent_run_id=parent,
    )  # fmt: skip
    text = viewer.get(f"/runs/{run_id}").text
    assert (
        "10 past runs took 3.0 s (half of them) to 3.0 s (9 of 10)" in text or "Longer than" in text
    )
    graph = text.split('class="graph"')[1].split("</section>")[0]
    assert f'href="/runs/{parent}"' in graph
    assert f'href="/runs/{run_id}"' not in graph


def test_every_attempt_has_its_own_error(viewer: Browser, console_system: System) -> None:
    run_id = past_run(console_system, "greet", attempt=2)
    with writing(console_system.database) as connection:
        for number, error in ((1, FAULT), (2, None)):
            row = {
                "run_id": run_id, "attempt": number, "error": error,
                "outcome": "failed" if error else "succeeded",
            }  # fmt: skip
            connection.execute(insert(attempts).values(row))
    text = viewer.get(f"/runs/{run_id}").text.split('id="attempts"')[1]
    assert "SheetsError: 429 Quota exceeded" in text
    assert 'id="trace-1"' in text


def test_a_filter_looks_at_the_whole_log(viewer: Browser, console_system: System) -> None:
    run_id = past_run(console_system, "greet")
    past_log(console_system, run_id, "the needle", *(f"line {n}" for n in range(900)))
    assert "the needle" not in viewer.get(f"/runs/{run_id}").text
    assert "the needle" in viewer.get(f"/runs/{run_id}?find=needle").text
    assert "No line fits" in viewer.get(f"/runs/{run_id}?find=nothing").text


def running_in_redis(system: System, **fields: str) -> str:
    """Write a running run into the history and, as its worker does, into Redis."""
    run_id = past_run(system, "greet", minutes_ago=1, status="running", ended_at=None)
    static = {"task_id": "greet", "trigger": "schedule", "at": 0}
    shared: dict[Any, Any] = {
        "status": "started", "rota_static": json.dumps(static), "rota_revision": "5", **fields,
    }  # fmt: skip
    system.redis.hset(keys.job(run_id), mapping=shared)
    return run_id


def test_a_running_run_shows_what_it_uses_and_where_it_is(
    operator: Browser, viewer: Browser, console_system: System
) -> None:
    used = {
        "cpu_seconds": 2.5,
        "rss_bytes": 80_000_000,
        "max_rss_bytes": 95_000_000,
        "shared": False,
    }
    stack = {"at": NOW.isoformat(), "text": 'File "jobs/sheets.py", line 9, in <module>'}
    run_id = running_in_redis(
        console_system, rota_usage=json.dumps(used), rota_stack=json.dumps(stack)
    )
    text = viewer.get(f"/runs/{run_id}").text
    assert "<dt>Computed</dt><dd>2.5 s</dd>" in text
    assert "80.0 MB, at most 95.0 MB" in text
    assert "in &lt;module&gt;" in text.split('id="stack"')[1]
    assert "Where is it?" not in text
    assert "Where is it?" in operator.get(f"/runs/{run_id}").text
    assert "asked where it is" in follow(operator, f"/runs/{run_id}/stack")


def test_what_does_not_run_is_nowhere(operator: Browser, console_system: System) -> None:
    run_id = past_run(console_system, "greet")
    assert operator.post(f"/runs/{run_id}/stack").status_code == 409
    text = operator.get(f"/runs/{run_id}").text
    assert "<dt>Computed</dt>" not in text
    assert "Where is it?" not in text
