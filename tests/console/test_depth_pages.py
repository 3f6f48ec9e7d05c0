"""The week, a queue's charts, a task's durations, and the time line of what runs all the time."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from app.contributions import Panel, PanelContent, contributions
from app.reads.shapes import WeekCell, WeekView
from app.records.database import writing
from app.records.schema import releases
from app.system import System
from console import chart, heat
from tests.console.past_runs import FAULT, past_run
from tests.console.people import Browser
from tests.console.test_drawing import NOW, drawn, run

UTC_ZONE = ZoneInfo("UTC")


def week_of(*cells: WeekCell, deploys: tuple[datetime, ...] = ()) -> WeekView:
    task_ids = tuple(sorted({cell.task_id for cell in cells}))
    return WeekView(NOW.replace(hour=0) - timedelta(days=6), NOW, cells, deploys, (), task_ids)


def test_a_heat_map_tells_by_number_shade_and_mark() -> None:
    cells = [
        WeekCell("t", NOW.replace(hour=9), "succeeded", 100, bad=False),
        WeekCell("t", NOW.replace(hour=9), "failed", 3, bad=True),
        WeekCell("u", NOW.replace(hour=3), "succeeded", 1, bad=False),
    ]
    found = heat.draw(week_of(*cells, deploys=(NOW.replace(hour=3, minute=20),)), UTC_ZONE, "hour")
    nine, three = found.rows[9].cells[-1], found.rows[3].cells[-1]
    assert (nine.number, nine.bad, nine.shade, nine.told) == (103, 3, 4, "103 runs, 3 went wrong")
    assert (three.number, three.shade, three.deploys) == (1, 1, "03:20")
    assert nine.q == "at:2026-11-24T09"
    assert found.rows[4].cells[-1].shade == 0
    by_task = heat.draw(week_of(*cells), UTC_ZONE, "task")
    assert [row.label for row in by_task.rows] == ["t", "u"]
    assert by_task.rows[0].cells[-1].q == "at:2026-11-24 task:t"


def test_every_number_of_the_week_leads_to_its_runs(
    viewer: Browser, console_system: System
) -> None:
    bad = past_run(console_system, "fails", minutes_ago=1, status="failed", error=FAULT)
    text = viewer.get("/week").text
    [link] = re.findall(r'class="h-bad" href="([^"]+)"', text)
    assert bad in viewer.get(link.replace("&amp;", "&")).text
    assert "went wrong" in text
    assert "<style" not in text
    assert 'style="' not in text
    assert ">fails</a>" in viewer.get("/week?by=task").text
    assert "No runs yet" not in viewer.get("/week?task_id=fails").text
    assert '<a href="/week">past 7 days</a>' in viewer.get("/").text


def test_a_queue_has_charts_with_words_and_a_table(viewer: Browser, console_system: System) -> None:
    past_run(console_system, "greet", minutes_ago=1)
    past_run(console_system, "fails", minutes_ago=1, status="failed", error=FAULT)
    text = viewer.get("/queues/default").text
    assert "past 24 hours: 2 runs, 1 went wrong; at most 2 an hour" in text
    assert "dots are p50, circles p95" in text
    assert text.count("<figure") == 3
    assert text.count("<tr>") == 25
    assert viewer.get("/queues/nothing").status_code == 404
    assert 'href="/queues/default"' in viewer.get("/queues").text


def test_a_task_shows_how_long_its_runs_took(viewer: Browser, console_system: System) -> None:
    for minutes in range(1, 21):
        past_run(console_system, "greet", minutes_ago=minutes)
    with writing(console_system.database) as connection:
        at = datetime.now(UTC) - timedelta(minutes=10, seconds=30)
        connection.execute(releases.insert().values(catalogue_hash="x", at=at))
    text = viewer.get("/tasks/greet").text
    assert "last 20 runs: p50 3.0 s, p95 3.0 s, longest 3.0 s" in text
    assert text.split("<figure")[1].split("</figure>")[0].count("deployed today") == 2


def test_durations_have_percentiles_of_what_succeeded() -> None:
    runs = [run(minutes, seconds=minutes) for minutes in range(20, 0, -1)]
    found = chart.durations([*runs, run(0, "failed", 500)], (), UTC_ZONE, NOW)
    assert found
    assert [level.label for level in found.levels] == ["p50 10 s", "p95 19 s"]
    assert found.marks[-1].glyph == "failed"
    assert len(found.marks) == 21
    assert chart.durations([run(1)], (), UTC_ZONE, NOW) is None


def test_what_runs_all_the_time_does_not_push_others_off_the_time_line(
    viewer: Browser, console_system: System
) -> None:
    other = past_run(console_system, "morning", minutes_ago=600)
    early = past_run(console_system, "greet", minutes_ago=500, status="failed", error=FAULT)
    for number in range(200):
        past_run(console_system, "greet", minutes_ago=number / 12, run_id=f"greet--{number}")
    text = viewer.get("/").text
    assert other in text
    lane = text.split('id="lane-greet"')[1].split("</svg>")[0]
    assert early in lane
    assert "are too many to be drawn one by one" in lane


def test_deploys_stand_on_the_time_line() -> None:
    assert drawn().deploys == ()


def test_a_panel_names_the_task_that_fills_it_and_runs_it(
    operator: Browser, viewer: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    panel = Panel("made-up", "Made up", "", PanelContent, filled_by="greet")
    monkeypatch.setitem(contributions.panels, "made-up", panel)
    text = operator.get("/panels/made-up").text
    assert "There is nothing to show yet: Greet fills it." in text
    assert 'action="/tasks/greet/trigger"' in text
    assert 'action="/tasks/greet/trigger"' not in viewer.get("/panels/made-up").text
