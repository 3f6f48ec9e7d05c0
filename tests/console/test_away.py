"""When Redis or the database is away."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
import time_machine
from flask import Flask

from app.records.database import open_database
from app.system import System
from tests.console.past_runs import past_run
from tests.console.people import ACTING, OTTO, READING, Program, signed_in
from tests.servers import RedisServer

OpenConsole = Callable[..., Flask]


def test_acts_are_pending_while_redis_is_away(
    open_console: OpenConsole, own_redis: RedisServer
) -> None:
    app = open_console(redis_url=own_redis.url)
    browser, program = signed_in(app, OTTO), Program(app, ACTING)
    own_redis.kill()
    paused = program.post("/api/v1/tasks/greet/pause", {"reason": "quota"})
    assert (paused.status_code, paused.get_json()) == (202, {"id": "greet", "status": "pending"})
    everything = program.post("/api/v1/pause", {"reason": "moving"})
    assert (everything.status_code, everything.get_json()["status"]) == (202, "pending")
    triggered = program.post("/api/v1/tasks/greet/trigger")
    assert (triggered.status_code, triggered.get_json()["status"]) == (202, "pending")
    answer = browser.post("/tasks/greet/trigger")
    assert answer.status_code == 303
    page = browser.get(answer.location)
    assert page.status_code == 200
    assert "Redis is away" in page.text


def test_pages_say_that_redis_is_away_and_show_the_rest(
    open_console: OpenConsole, own_redis: RedisServer
) -> None:
    app = open_console(redis_url=own_redis.url)
    browser = signed_in(app, OTTO)
    system: System = app.extensions["rota-system"]
    run_id = past_run(system)
    own_redis.kill()
    for path in ("/", "/tasks", "/tasks/greet", "/runs", f"/runs/{run_id}", "/audit"):
        assert browser.get(path).status_code == 200, path
    assert "Nothing fires and nothing runs" in browser.get("/").text
    ready = browser.get("/readyz")
    assert (ready.status_code, ready.get_json()["redis"]) == (503, "away")
    assert browser.get("/healthz").status_code == 200


@pytest.fixture
def without_database(console: Flask, tmp_path: Path) -> Callable[[], None]:
    """Take the database away from under the running console."""

    def take_away() -> None:
        system: System = console.extensions["rota-system"]
        system.database.dispose()
        path = Path(str(system.database.url.database))
        shutil.move(path, tmp_path / "elsewhere.sqlite3")
        path.mkdir()

    return take_away


def test_without_the_database_a_stranger_is_told_so(
    console: Flask, without_database: Callable[[], None]
) -> None:
    without_database()
    answer = Program(console, "unknown token").get("/api/v1/tasks/list")
    assert answer.status_code == 503
    assert int(answer.headers["Retry-After"]) > 0
    assert answer.content_type == "application/problem+json"


def test_without_the_database_who_was_in_lately_stays_in_for_ten_minutes(
    console: Flask, without_database: Callable[[], None]
) -> None:
    browser = signed_in(console, OTTO)
    assert browser.get("/tasks").status_code == 200
    without_database()
    page = browser.get("/tasks")
    assert page.status_code == 503
    assert "The database is away" in page.text
    assert "otto" in page.text
    act = browser.post("/tasks/greet/pause", reason="x")
    assert act.status_code == 503
    with time_machine.travel(timedelta(minutes=11), tick=False):
        assert "otto" not in browser.get("/tasks").text


def test_without_the_database_tokens_of_the_environment_still_count(
    console: Flask, without_database: Callable[[], None]
) -> None:
    without_database()
    program = Program(console, READING)
    assert program.get("/readyz").status_code == 503
    assert program.get("/api/v1/panels").status_code == 200
    assert program.post("/api/v1/tasks/greet/trigger").status_code == 403


def test_the_database_was_really_there(console: Flask) -> None:
    system: System = console.extensions["rota-system"]
    again = open_database(str(system.database.url))
    assert Path(str(again.url.database)).is_file()
    again.dispose()
