"""One act on everything that a search finds: each run once, whatever dies meanwhile."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from redis.client import Pipeline
from sqlalchemy import delete, insert, select, update

from app import actions, keys, reads
from app.bulk import carry_on, carrying
from app.errors import Conflict, Forbidden, Invalid, Unknown
from app.reach import Reach
from app.records.bulk_schema import bulk_runs, bulks
from app.records.database import reading, writing
from app.records.schema import runs
from app.system import System
from tests.engine.stage import queued, record_all, rows
from tests.fixtures import OPERATOR, VIEWER


def now() -> datetime:
    return datetime.now(UTC)


def failed(system: System, number: int, task_id: str = "greet", **columns: object) -> list[str]:
    """Write runs that failed; return their ids, oldest first."""
    start = now() - timedelta(hours=1)
    ids = [f"{task_id}--m{place:04}" for place in range(number)]
    with writing(system.database) as connection:
        connection.execute(
            insert(runs),
            [
                {
                    "run_id": run_id, "task_id": task_id, "trigger": "manual", "queue": "default",
                    "at": start + timedelta(seconds=place), "status": "failed", "attempt": 1,
                    "revision": 3, "arguments": {}, **columns,
                }
                for place, run_id in enumerate(ids)
            ],
        )  # fmt: skip
    return ids


def waiting(system: System, number: int, at: datetime | None = None) -> list[str]:
    """Trigger runs that then wait; return their ids."""
    ids = [actions.trigger(system, OPERATOR, "greet", at=at).run_id for _ in range(number)]
    record_all(system)
    return ids


def outcomes(system: System, bulk_id: str) -> Counter[tuple[str | None, str | None]]:
    found = rows(system, "SELECT outcome, reason FROM bulk_runs WHERE bulk_id = :id", id=bulk_id)
    return Counter((row["outcome"], row["reason"]) for row in found)


def status(system: System, run_id: str) -> str:
    record_all(system)
    return reads.run(system, run_id).status


def test_a_plan_counts_and_tells_what_is_left_out_and_changes_nothing(system: System) -> None:
    ids = failed(system, 12)
    failed(system, 3, "fails", status="succeeded")
    failed(system, 2, "vanished")
    found = actions.plan_bulk(system, OPERATOR, "retry", "since:2h")
    assert (found.runs, found.capped) == (12, False)
    assert [one.run_id for one in found.sample] == ids[:10]
    assert {(one.runs, one.reason.partition(":")[0]) for one in found.left_out} == {
        (3, "succeeded"),
        (2, "the task vanished is gone from the code"),
    }
    assert reads.audit(system).items == ()
    assert reads.bulks(system).items == ()


def test_a_count_stops_at_ten_thousand_and_says_so(
    sqlite_system: System, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.bulk.choosing.MOST_COUNTED", 5)
    failed(sqlite_system, 7)
    failed(sqlite_system, 6, "fails", status="succeeded")
    found = actions.plan_bulk(sqlite_system, OPERATOR, "retry", "since:2h")
    assert (found.runs, found.capped, found.left_out_capped) == (5, True, True)


def test_everything_found_is_retried_oldest_first_under_its_id(system: System) -> None:
    ids = failed(system, 450)
    bulk_id, total = actions.bulk(system, OPERATOR, "retry", "status:failed since:2h")
    assert total == 450
    assert reads.bulk(system, bulk_id, now()).bulk.state == "waiting"
    assert carry_on(system, now(), 30) == 450
    assert queued(system.redis) == ids
    report = reads.bulk(system, bulk_id, now())
    assert (report.bulk.state, report.bulk.done, report.bulk.skipped) == ("done", 450, 0)
    assert carry_on(system, now(), 30) == 0
    assert len(queued(system.redis)) == 450


def test_what_comes_after_the_confirmation_is_not_touched(sqlite_system: System) -> None:
    ids = failed(sqlite_system, 2)
    actions.bulk(sqlite_system, OPERATOR, "retry", "status:failed since:2h")
    failed(sqlite_system, 2, "fails")
    carry_on(sqlite_system, now())
    assert queued(sqlite_system.redis) == ids


def test_what_moved_on_is_left_as_it_is_with_the_reason(sqlite_system: System) -> None:
    [first, second, third] = waiting(sqlite_system, 3)
    bulk_id, _ = actions.bulk(sqlite_system, OPERATOR, "cancel", "status:queued")
    actions.cancel(sqlite_system, OPERATOR, first)
    sqlite_system.redis.hset(keys.job(second), "status", "started")
    carry_on(sqlite_system, now())
    report = reads.bulk(sqlite_system, bulk_id, now())
    assert {(one.runs, one.reason) for one in report.reasons} == {
        (1, "it is cancelled meanwhile"),
        (1, "it is running meanwhile"),
    }
    assert (report.bulk.done, report.bulk.skipped) == (1, 2)
    assert reads.run(sqlite_system, third).status == "cancelled"
    record_all(sqlite_system)
    assert bulk_id in str(reads.run(sqlite_system, third).reason)


def test_running_runs_are_asked_to_stop_and_that_is_not_taken_back(sqlite_system: System) -> None:
    [run_id] = waiting(sqlite_system, 1)
    sqlite_system.redis.hset(keys.job(run_id), "status", "started")
    with writing(sqlite_system.database) as connection:
        connection.execute(update(runs).values(status="running"))
    bulk_id, _ = actions.bulk(sqlite_system, OPERATOR, "stop", "status:running")
    carry_on(sqlite_system, now())
    assert bulk_id.encode() in (sqlite_system.redis.hget(keys.job(run_id), "rota_stop") or b"")
    assert not reads.bulk(sqlite_system, bulk_id, now()).bulk.undo
    with pytest.raises(Conflict, match="run it again instead"):
        actions.undo_bulk(sqlite_system, OPERATOR, bulk_id)


def test_run_again_makes_one_child_each_even_when_a_step_is_repeated(system: System) -> None:
    ids = failed(system, 3, status="succeeded")
    bulk_id, _ = actions.bulk(system, OPERATOR, "again", "status:succeeded since:2h")
    carry_on(system, now())
    with writing(system.database) as connection:
        connection.execute(update(bulks).values(position=0, ended_at=None))
    carry_on(system, now())
    record_all(system)
    children = rows(system, "SELECT parent_run_id FROM runs WHERE parent_run_id IS NOT NULL")
    assert sorted(row["parent_run_id"] for row in children) == ids
    assert len(queued(system.redis)) == 3
    undo_id, total = actions.undo_bulk(system, OPERATOR, bulk_id)
    carry_on(system, now())
    assert (total, queued(system.redis)) == (3, [])
    assert reads.bulk(system, undo_id, now()).bulk.done == 3


@pytest.mark.parametrize("act", ["retry", "cancel"])
def test_a_step_that_died_before_it_was_written_acts_on_nothing_twice(
    sqlite_system: System, act: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = failed(sqlite_system, 4) if act == "retry" else waiting(sqlite_system, 4)
    wanted = "status:failed since:2h" if act == "retry" else "status:queued"
    bulk_id, _ = actions.bulk(sqlite_system, OPERATOR, act, wanted)

    def killed(*_arguments: object) -> bool:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(carrying, "_written", killed)
        with pytest.raises(KeyboardInterrupt):
            carry_on(sqlite_system, now())
    assert outcomes(sqlite_system, bulk_id) == {(None, None): 4}
    if act == "retry":
        # One was taken, and failed once more, before the scheduler came back.
        sqlite_system.redis.lrem(keys.queue("default"), 0, ids[0])
        sqlite_system.redis.hset(keys.job(ids[0]), "status", "failed")
    carry_on(sqlite_system, now())
    assert outcomes(sqlite_system, bulk_id) == {("done", None): 4}
    assert queued(sqlite_system.redis) == (ids[1:] if act == "retry" else [])


def test_two_schedulers_at_the_same_step_count_it_once(
    sqlite_system: System, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = failed(sqlite_system, 4)
    bulk_id, _ = actions.bulk(sqlite_system, OPERATOR, "retry", "status:failed since:2h")
    plain = carrying._acted

    def overtaken(*arguments: object) -> object:
        monkeypatch.setattr(carrying, "_acted", plain)
        carry_on(sqlite_system, now())
        return plain(*arguments)  # type: ignore[arg-type]  # handed on as they came

    monkeypatch.setattr(carrying, "_acted", overtaken)
    carry_on(sqlite_system, now())
    view = reads.bulk(sqlite_system, bulk_id, now()).bulk
    assert (view.done, view.skipped, view.state) == (4, 0, "done")
    assert queued(sqlite_system.redis) == ids


def test_broken_data_of_one_run_keeps_no_other_from_its_turn(sqlite_system: System) -> None:
    ids = waiting(sqlite_system, 3)
    bulk_id, _ = actions.bulk(sqlite_system, OPERATOR, "cancel", "status:queued")
    sqlite_system.redis.delete(keys.job(ids[1]))
    sqlite_system.redis.set(keys.job(ids[1]), "garbage")
    carry_on(sqlite_system, now())
    view = reads.bulk(sqlite_system, bulk_id, now()).bulk
    assert (view.done, view.skipped, view.state) == (2, 1, "done")


def test_cancelling_leaves_the_rest_as_it_is(
    sqlite_system: System, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(carrying, "CHUNK", 2)
    ids = failed(sqlite_system, 5)
    bulk_id, _ = actions.bulk(sqlite_system, OPERATOR, "retry", "status:failed since:2h")
    carry_on(sqlite_system, now(), 0.0)
    with monkeypatch.context() as patched:
        patched.setattr(carrying, "monotonic", iter([0.0, 0.1, 0.9, 0.9]).__next__)
        carry_on(sqlite_system, now())
    assert actions.cancel_bulk(sqlite_system, OPERATOR, bulk_id) == 3
    carry_on(sqlite_system, now())
    assert queued(sqlite_system.redis) == ids[:2]
    view = reads.bulk(sqlite_system, bulk_id, now()).bulk
    assert (view.state, view.done, view.left) == ("cancelled", 2, 3)
    with pytest.raises(Conflict, match="has ended"):
        actions.cancel_bulk(sqlite_system, OPERATOR, bulk_id)


def test_what_was_cancelled_waits_again_after_an_undo_at_its_own_time(system: System) -> None:
    [soon] = waiting(system, 1)
    tomorrow = now() + timedelta(days=1)
    [later] = waiting(system, 1, at=tomorrow)
    [other] = waiting(system, 1)
    bulk_id, total = actions.bulk(system, OPERATOR, "cancel", "status:queued,scheduled")
    assert total == 3
    carry_on(system, now())
    record_all(system)
    actions.retry(system, OPERATOR, other)
    undo_id, _ = actions.undo_bulk(system, OPERATOR, bulk_id)
    carry_on(system, now())
    assert sorted(queued(system.redis)) == sorted([soon, other])
    assert (status(system, soon), status(system, later)) == ("queued", "scheduled")
    due = system.redis.zscore(keys.delayed("default"), later)
    assert due == pytest.approx(tomorrow.timestamp())
    report = reads.bulk(system, undo_id, now())
    assert [(one.runs, one.reason) for one in report.reasons] == [(1, "it is queued meanwhile")]
    with pytest.raises(Conflict, match="taken back already"):
        actions.undo_bulk(system, OPERATOR, bulk_id)
    with pytest.raises(Conflict, match="in turn"):
        actions.undo_bulk(system, OPERATOR, undo_id)


def test_what_somebody_retried_since_is_not_cancelled_by_an_undo(sqlite_system: System) -> None:
    ids = failed(sqlite_system, 2)
    bulk_id, _ = actions.bulk(sqlite_system, OPERATOR, "retry", "status:failed since:2h")
    with pytest.raises(Conflict, match="still goes on"):
        actions.undo_bulk(sqlite_system, OPERATOR, bulk_id)
    carry_on(sqlite_system, now())
    record_all(sqlite_system)
    actions.cancel(sqlite_system, OPERATOR, ids[0])
    record_all(sqlite_system)
    actions.retry(sqlite_system, OPERATOR, ids[0])
    undo_id, _ = actions.undo_bulk(sqlite_system, OPERATOR, bulk_id)
    carry_on(sqlite_system, now())
    assert queued(sqlite_system.redis) == [ids[0]]
    [reason] = reads.bulk(sqlite_system, undo_id, now()).reasons
    assert (reason.runs, reason.reason) == (1, "somebody has acted on it since")


def test_one_row_in_the_audit_names_the_act_and_its_runs_are_found_by_it(
    sqlite_system: System,
) -> None:
    ids = failed(sqlite_system, 2)
    bulk_id, _ = actions.bulk(sqlite_system, OPERATOR, "retry", "status:failed since:2h")
    carry_on(sqlite_system, now())
    [row] = reads.audit(sqlite_system).items
    assert (row.verb, row.target, row.after) == (
        "bulk",
        bulk_id,
        {"bulk_id": bulk_id, "act": "retry", "filter": "status:failed since:2h", "runs": 2},
    )
    found = reads.runs(sqlite_system, q=f"bulk:{bulk_id}", now=now()).items
    assert sorted(run.run_id for run in found) == ids


def test_who_is_limited_acts_on_their_own_tasks_alone(system: System) -> None:
    mine = failed(system, 2)
    failed(system, 3, "fails")
    limited = replace(OPERATOR, name="lena", reach=Reach(tasks=("gree*",)))
    plan = actions.plan_bulk(system, limited, "retry", "status:failed since:2h")
    assert plan.runs == 2
    assert [(one.runs, one.reason) for one in plan.left_out] == [
        (3, "fails is not within your reach")
    ]
    bulk_id, total = actions.bulk(system, limited, "retry", "status:failed since:2h")
    carry_on(system, now())
    assert (total, queued(system.redis)) == (2, mine)
    with pytest.raises(Forbidden, match="limited"):
        actions.undo_bulk(system, replace(limited, name="lars"), bulk_id)
    with pytest.raises(Forbidden, match="viewer"):
        actions.bulk(system, VIEWER, "retry", "status:failed since:2h")


def test_what_makes_no_sense_is_refused_and_changes_nothing(sqlite_system: System) -> None:
    failed(sqlite_system, 2)
    with pytest.raises(Invalid, match="cannot be done"):
        actions.bulk(sqlite_system, OPERATOR, "explode", "")
    with pytest.raises(Invalid, match="cannot be understood"):
        actions.bulk(sqlite_system, OPERATOR, "retry", "colour:red")
    with pytest.raises(Conflict, match="No run"):
        actions.bulk(sqlite_system, OPERATOR, "stop", "")
    with pytest.raises(Conflict, match="would be 2 runs, not 1"):
        actions.bulk(sqlite_system, OPERATOR, "retry", "", expected=1)
    with pytest.raises(Unknown):
        actions.cancel_bulk(sqlite_system, OPERATOR, "nope")
    with reading(sqlite_system.database) as connection:
        assert connection.execute(select(bulk_runs)).all() == []
    assert reads.bulks(sqlite_system).items == ()


def test_a_record_that_was_pruned_meanwhile_is_told(sqlite_system: System) -> None:
    failed(sqlite_system, 2)
    bulk_id, _ = actions.bulk(sqlite_system, OPERATOR, "retry", "status:failed since:2h")
    with writing(sqlite_system.database) as connection:
        connection.execute(delete(runs).where(runs.c.run_id == "greet--m0000"))
    carry_on(sqlite_system, now())
    assert outcomes(sqlite_system, bulk_id) == {
        ("done", None): 1,
        ("skipped", "its record is gone"): 1,
    }


def test_it_says_that_it_waits_while_no_scheduler_runs(sqlite_system: System) -> None:
    failed(sqlite_system, 1)
    bulk_id, _ = actions.bulk(sqlite_system, OPERATOR, "retry", "status:failed since:2h")
    assert reads.bulk(sqlite_system, bulk_id, now()).waits_for == "No scheduler is running."
    carry_on(sqlite_system, now())
    assert reads.bulk(sqlite_system, bulk_id, now()).waits_for is None


def test_while_redis_is_away_nothing_is_counted_and_it_goes_on_later(
    sqlite_system: System, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = failed(sqlite_system, 2)
    bulk_id, _ = actions.bulk(sqlite_system, OPERATOR, "retry", "status:failed since:2h")

    def away(*_arguments: object, **_options: object) -> list[object]:
        raise ConnectionError("gone")

    with monkeypatch.context() as patched:
        patched.setattr(Pipeline, "execute", away)
        with pytest.raises(OSError, match="gone"):
            carry_on(sqlite_system, now())
    assert outcomes(sqlite_system, bulk_id) == {(None, None): 2}
    carry_on(sqlite_system, now())
    assert queued(sqlite_system.redis) == ids
