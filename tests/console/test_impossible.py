"""What cannot be is refused by the API with what is allowed; nothing changes."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from app.system import System
from app.views import rfc3339
from tests.console.people import Program
from tests.engine.stage import everything, whole_database

NOW = datetime.now(UTC)
PAST, SOON = rfc3339(NOW - timedelta(days=1)), rfc3339(NOW + timedelta(days=1))
LATER = rfc3339(NOW + timedelta(days=2))

SCHEDULES: list[tuple[dict[str, Any], str]] = [
    ({"cron": "0 0 30 2 *"}, "cron"),
    ({"cron": "0 9 * * *", "timezone": "Mars/Olympus"}, "cron"),
    ({"every": "0s"}, "every"),
    ({"every": "-1s"}, "every"),
    ({"every": "1000000000000s"}, "every"),
    ({"every": "1h", "end": PAST}, "end"),
    ({"every": "1h", "start": LATER, "end": SOON}, "end"),
    ({"every": "1h", "max_runs": 0}, "max_runs"),
    ({"every": "1h", "max_runs": 1.5}, "max_runs"),
]
ACTS: list[tuple[str, dict[str, Any], int]] = [
    ("tasks/nobody/trigger", {}, 404),
    ("tasks/nobody/pause", {}, 404),
    ("tasks/nobody/skip", {}, 404),
    ("tasks/nobody/reschedule", {"every": "1h"}, 404),
    ("tasks/nobody/backfill", {"from": PAST, "to": rfc3339(NOW)}, 404),
    ("tasks/greet/trigger", {"at": PAST}, 422),
    ("tasks/greet/pause", {"until": PAST}, 422),
    ("tasks/greet/skip", {"fire_time": PAST}, 422),
    ("tasks/greet/backfill", {"from": rfc3339(NOW), "to": SOON}, 422),
    (
        "tasks/tick/backfill",
        {"from": rfc3339(NOW - timedelta(seconds=1_000_001)), "to": rfc3339(NOW)},
        422,
    ),
]


@pytest.mark.parametrize(("wanted", "field"), SCHEDULES)
def test_an_impossible_schedule_is_refused(
    console_system: System, acting_program: Program, wanted: dict[str, Any], field: str
) -> None:
    before = everything(console_system.redis), whole_database(console_system)
    for path, body in (
        ("/api/v1/tasks/greet/reschedule", wanted),
        ("/api/v1/tasks/greet/schedules", {"name": "extra", **wanted}),
    ):
        answer = acting_program.post(path, body)
        assert answer.status_code == 422
        assert set(answer.get_json()["errors"]) == {field}
    assert (everything(console_system.redis), whole_database(console_system)) == before


@pytest.mark.parametrize(("path", "body", "status"), ACTS)
def test_an_impossible_act_is_refused(
    console_system: System, acting_program: Program, path: str, body: dict[str, Any], status: int
) -> None:
    before = everything(console_system.redis), whole_database(console_system)
    answer = acting_program.post(f"/api/v1/{path}", body)
    assert answer.status_code == status
    assert answer.get_json()["errors"] if status == 422 else answer.get_json()["detail"]
    assert (everything(console_system.redis), whole_database(console_system)) == before
