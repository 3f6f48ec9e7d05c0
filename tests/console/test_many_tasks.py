"""Screens of more tasks than a page holds."""

from __future__ import annotations

import re

import pytest

from tests.console.people import Browser


def test_a_long_list_of_tasks_is_searched_and_turned_over(
    viewer: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("console.pages.tasks.PAGE", 2)
    first = viewer.get("/tasks").text
    names = re.findall(r'<tr id="task-([^"]+)"', first)
    assert len(names) == 2
    assert 'rel="next"' in first
    further = re.findall(r'<tr id="task-([^"]+)"', viewer.get(f"/tasks?after={names[-1]}").text)
    assert further
    assert further[0] > names[-1]
    assert re.findall(r'<tr id="task-([^"]+)"', viewer.get("/tasks?q=gree").text) == ["greet"]
    assert "No task is named like that" in viewer.get("/tasks?q=nothing+like+it").text


def test_today_shows_some_tasks_at_a_time(viewer: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.reads.time_line.MOST_LANES", 2)
    lanes = re.findall(r'id="lane-([^"]+)"', viewer.get("/").text)
    assert len(lanes) == 2
    further = re.findall(r'id="lane-([^"]+)"', viewer.get(f"/?after={lanes[-1]}").text)
    assert further
    assert further[0] > lanes[-1]


def test_workers_and_queues_are_turned_over(
    viewer: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("console.pages.queues.PAGE", 2)
    shown = [
        name
        for page in ("1", "2", "99", "banana")
        for name in re.findall(r'<tr id="queue-([^"]+)"', viewer.get(f"/queues?page={page}").text)
    ]
    assert shown == ["default", "high", "low", "low", "default", "high"]
