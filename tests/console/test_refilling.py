"""Emptying a queue can be taken back."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from app import actions
from app.system import System
from tests.console.past_runs import past_run
from tests.console.people import Browser, Program
from tests.console.test_pages import follow
from tests.fixtures import OPERATOR

REASON = "queue emptied by otto"


def emptied(system: System, minutes_ago: float = 5, reason: str = REASON) -> str:
    ended = datetime.now(UTC) - timedelta(minutes=minutes_ago)
    return past_run(
        system, "greet", minutes_ago=minutes_ago, status="cancelled", reason=reason,
        started_at=None, ended_at=ended,
    )  # fmt: skip


def test_what_was_emptied_out_of_a_queue_is_put_back(
    operator: Browser, console_system: System
) -> None:
    run_id = emptied(console_system)
    emptied(console_system, 6, "cancelled by otto")
    emptied(console_system, 70)
    row = operator.get("/queues").text.split('id="queue-default"')[1].split("</tr>")[0]
    assert "Put 1 back" in row
    text = follow(operator, "/queues/default/refill")
    assert "Back in default: 1 run." in text
    assert "queued" in operator.get(f"/runs/{run_id}").text
    assert actions.empty_queue(console_system, OPERATOR, "default") == 1


def test_where_nothing_was_emptied_nothing_is_put_back(
    operator: Browser, viewer: Browser, acting_program: Program, console_system: System
) -> None:
    assert operator.post("/queues/default/refill").status_code == 409
    emptied(console_system)
    assert viewer.post("/queues/default/refill").status_code == 403
    answer = acting_program.post("/api/v1/queues/default/refill")
    assert answer.get_json() == {"name": "default", "queued": 1}
