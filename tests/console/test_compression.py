"""Answers travel compressed, and are what they were."""

from __future__ import annotations

import gzip

from app.system import System
from tests.console.past_runs import past_run
from tests.console.people import Browser


def test_pages_data_and_files_travel_compressed(viewer: Browser) -> None:
    for path in ("/tasks", "/api/v1/tasks/list", "/static/console.css", "/static/console.js"):
        plain = viewer.get(path)
        packed = viewer.get(path, **{"Accept-Encoding": "gzip, br"})
        assert "Content-Encoding" not in plain.headers, path
        assert packed.headers["Content-Encoding"] == "gzip", path
        assert "Accept-Encoding" in packed.headers["Vary"]
        assert len(packed.data) < len(plain.data) / 2
        assert int(packed.headers["Content-Length"]) == len(packed.data)
        if path.startswith("/static"):
            assert gzip.decompress(packed.data) == plain.data


def test_a_full_page_of_tasks_is_small_on_the_way(viewer: Browser, console_system: System) -> None:
    for task_id in console_system.catalogue.tasks:
        for minutes in range(1, 61):
            past_run(console_system, task_id, minutes_ago=minutes)
    for path in ("/", "/tasks", "/runs", "/tasks/greet"):
        packed = viewer.get(path, **{"Accept-Encoding": "gzip"})
        assert len(packed.data) < 60_000, path


def test_the_script_and_the_style_are_small_before_that(viewer: Browser) -> None:
    sizes = [len(viewer.get(f"/static/console.{kind}").data) for kind in ("css", "js")]
    assert sum(sizes) <= 40 * 1024
