"""What each screen reads, on both databases: one query, and what was written comes back."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import insert

from app import actions, reads
from app.records.database import writing
from app.records.schema import runs
from app.system import System
from tests.fixtures import OPERATOR

ERROR = {"type": "KeyError", "message": "'x'\nsecond line", "traceback": "…", "fingerprint": "f00d"}


def write(system: System, run_id: str, at: datetime, **columns: Any) -> None:
    values: dict[str, Any] = {
        "run_id": run_id, "task_id": "greet", "trigger": "schedule", "status": "succeeded",
        "at": at, "queued_at": at, "started_at": at, "ended_at": at + timedelta(seconds=2),
    }  # fmt: skip
    with writing(system.database) as connection:
        connection.execute(insert(runs).values(values | columns))


def test_the_frame_counts_what_needs_a_person(system: System) -> None:
    now = datetime.now(UTC)
    before = reads.frame(system, now).problems
    write(system, "a", now - timedelta(hours=1), status="failed", error=ERROR)
    assert reads.frame(system, now).problems == before + 1
    write(system, "b", now - timedelta(minutes=5))
    assert reads.frame(system, now).problems == before
    actions.pause_everything(system, OPERATOR, "moving")
    pause = reads.frame(system, now).pause
    assert pause
    assert pause.reason == "moving"
    assert reads.frame(system, now).problems == len(reads.overview(system, now).problems)


def test_a_run_knows_its_neighbours_and_kin(system: System) -> None:
    now = datetime.now(UTC)
    for number in range(5):
        write(system, f"r{number}", now - timedelta(minutes=10 - number // 2))
    write(system, "child", now, parent_run_id="r2")
    view, detail, _ = reads.run_page(system, "r2", 100)
    assert (view.run_id, detail.before, detail.after) == ("r2", "r1", "r3")
    assert detail.children.total == 1
    assert [run.run_id for run in detail.children.runs] == ["child"]
    _, detail, _ = reads.run_page(system, "child", 100)
    assert detail.parent
    assert (detail.parent.run_id, detail.after) == ("r2", None)


def test_failures_are_grouped_by_cause(system: System) -> None:
    now = datetime.now(UTC)
    for hours in (1, 30):
        write(system, f"a{hours}", now - timedelta(hours=hours), status="failed", error=ERROR)
    write(system, "b", now - timedelta(hours=2), status="lost", reason="its worker died")
    write(system, "old", now - timedelta(days=8), status="failed", error=ERROR)
    found = reads.failures(system, now)
    assert [(group.type, group.count, group.message) for group in found.groups] == [
        ("KeyError", 2, "'x'"),
        ("lost", 1, "its worker died"),
    ]
    assert sum(found.groups[0].trend) == 2
    assert found.groups[0].first_at == now - timedelta(hours=30)
    assert reads.failed_runs(system, now, "greet", "f00d") == ["a1", "a30"]


def test_a_task_s_page_tells_what_people_decided(system: System) -> None:
    now = datetime.now(UTC)
    actions.reschedule(system, OPERATOR, "greet", every="5m")
    skipped = actions.skip(system, OPERATOR, "greet")
    backfill = actions.backfill(system, OPERATOR, "greet", now - timedelta(minutes=30), now)
    task, detail = reads.task_page(system, "greet", now)
    assert task.schedule
    assert task.schedule.every_seconds == 300
    [override] = detail.overrides
    assert (override.text, override.code_text, override.by) == (
        "Every 5 minutes", "Every 30 minutes", "olga",
    )  # fmt: skip
    assert detail.skips == (("greet", skipped),)
    [shown] = detail.backfills
    assert (shown.total, shown.done, shown.statuses) == (backfill.runs, 0, {"scheduled": 6})


def test_a_preview_compares_with_the_present_schedule(system: System) -> None:
    now = datetime(2026, 6, 1, 12, tzinfo=UTC)
    tried = reads.preview(system, "greet", now, every="1h")
    assert (tried.present_a_week, tried.tried_a_week, tried.differs) == (336, 168, True)
    assert (len(tried.removed), tried.added) == (20, ())
    assert not reads.preview(system, "greet", now).differs


def test_the_other_screens_read_on_both_databases(system: System) -> None:
    now = datetime.now(UTC)
    found, around = reads.health(system, now)
    assert found.database["kind"] in ("SQLite", "PostgreSQL")
    assert found.database["acts_waiting"] == 0
    assert around
    assert reads.queues(system, now)[0].queues
    assert reads.workers(system, now)[0].workers == ()
    assert [run.run_id for run in reads.exported_runs(system)] == []
