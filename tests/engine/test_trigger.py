"""Run a task by hand: at once or later, once for each idempotency key, audited."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from app import actions, keys, reads
from app.actions import Actor
from app.errors import Conflict, Forbidden, Invalid, Unknown
from app.expiry import expired
from app.outbox import sweep
from app.recovery import move
from app.settings import current_settings
from app.system import System
from tests.engine.ending import begin, run_next
from tests.engine.stage import events, queued, record_all, rows, server_now
from tests.fixtures import OPERATOR, VIEWER
from tests.samples.basic import greet


def test_a_triggered_run_is_queued_and_found_at_once(system: System) -> None:
    accepted = actions.trigger(system, OPERATOR, "greet", {"name": "Ada"})
    assert (accepted.task_id, accepted.status, accepted.note) == ("greet", "queued", None)
    assert queued(system.redis) == [accepted.run_id]
    run = reads.run(system, accepted.run_id)
    assert (run.status, run.arguments, run.triggered_by) == ("queued", {"name": "Ada"}, "olga")
    assert run.trigger == "api"
    record_all(system)
    assert reads.run(system, accepted.run_id).arguments == {"name": "Ada"}


@pytest.mark.parametrize(
    ("via", "trigger"), [("console", "manual"), ("cli", "cli"), ("api", "api")]
)
def test_a_run_says_through_what_it_was_triggered(
    sqlite_system: System, via: str, trigger: str
) -> None:
    actor = Actor("olga", "operator", via)
    run_id = actions.trigger(sqlite_system, actor, "greet").run_id
    assert reads.run(sqlite_system, run_id).trigger == trigger


def test_a_run_for_later_waits_until_its_time(sqlite_system: System) -> None:
    redis = sqlite_system.redis
    at = server_now(redis) + timedelta(hours=1)
    accepted = actions.trigger(sqlite_system, OPERATOR, "greet", at=at)
    assert accepted.status == "scheduled"
    assert queued(redis) == []
    score = redis.zscore(keys.delayed("default"), accepted.run_id)
    assert score == pytest.approx(at.timestamp(), abs=0.001)
    run = reads.run(sqlite_system, accepted.run_id)
    assert (run.status, run.at.replace(microsecond=0)) == ("scheduled", at.replace(microsecond=0))
    assert move(redis, [("default", accepted.run_id)]) == 0
    redis.zadd(keys.delayed("default"), {accepted.run_id: 1})
    assert move(redis, [("default", accepted.run_id)]) == 1
    assert queued(redis) == [accepted.run_id]


@pytest.mark.parametrize(
    ("at", "allowed"),
    [
        (datetime(2026, 1, 1, tzinfo=UTC), "after now"),
        (datetime(2027, 6, 3, tzinfo=UTC), "at most 366 days"),
        (datetime(2026, 6, 2), "RFC 3339"),  # noqa: DTZ001 - the mistake that is refused
    ],
)
def test_a_time_that_cannot_be_meant_is_refused(
    sqlite_system: System, at: datetime, allowed: str
) -> None:
    now = datetime(2026, 6, 1, tzinfo=UTC)
    with pytest.raises(Invalid) as refused:
        actions.trigger(sqlite_system, OPERATOR, "greet", at=at, now=now)
    assert allowed in refused.value.fields["at"]


def test_wrong_arguments_are_refused_by_name_and_leave_the_refusal_alone(
    sqlite_system: System,
) -> None:
    with pytest.raises(Invalid) as refused:
        actions.trigger(sqlite_system, OPERATOR, "greet", {"times": "many", "nome": "Ada"})
    assert set(refused.value.fields) == {"times", "nome"}
    assert rows(sqlite_system, "SELECT * FROM runs") == []
    (row,) = rows(sqlite_system, "SELECT * FROM audit")
    assert (row["verb"], row["target"], row["outcome"]) == ("trigger", "greet", "refused")


def test_text_that_cannot_be_stored_is_refused(system: System) -> None:
    with pytest.raises(Invalid) as refused:
        actions.trigger(system, OPERATOR, "greet", {"name": "zero \x00"})
    assert "name" in refused.value.fields
    with pytest.raises(Invalid):
        actions.trigger(system, OPERATOR, "greet", {"name": "half \ud800"})


def test_an_unknown_task_is_unknown(sqlite_system: System) -> None:
    with pytest.raises(Unknown, match="nobody"):
        actions.trigger(sqlite_system, OPERATOR, "nobody")


def test_a_paused_task_runs_by_hand_and_says_so(sqlite_system: System) -> None:
    actions.pause(sqlite_system, OPERATOR, "greet", "holiday")
    accepted = actions.trigger(sqlite_system, OPERATOR, "greet")
    assert accepted.note == "The task is paused; a run by hand runs all the same."
    assert queued(sqlite_system.redis) == [accepted.run_id]


# --- idempotency ---------------------------------------------------------------------------------


def test_the_same_key_gives_the_same_run(system: System) -> None:
    first = actions.trigger(system, OPERATOR, "greet", {"times": 2}, idempotency_key="k")
    second = actions.trigger(system, OPERATOR, "greet", {"times": 2}, idempotency_key="k")
    assert second.run_id == first.run_id
    assert second.note == "The same request was accepted before."
    assert queued(system.redis) == [first.run_id]
    assert len(rows(system, "SELECT * FROM audit")) == 1


def test_the_same_key_with_other_arguments_is_a_conflict(sqlite_system: System) -> None:
    actions.trigger(sqlite_system, OPERATOR, "greet", {"times": 2}, idempotency_key="k")
    with pytest.raises(Conflict, match="other arguments"):
        actions.trigger(sqlite_system, OPERATOR, "greet", {"times": 3}, idempotency_key="k")


@pytest.mark.parametrize(("first", "second"), [(1, 2), (1, None), (None, 1)])
def test_the_same_key_for_another_time_is_refused(
    system: System, first: int | None, second: int | None
) -> None:
    now = datetime.now(UTC)
    times = [None if hours is None else now + timedelta(hours=hours) for hours in (first, second)]
    actions.trigger(system, OPERATOR, "greet", at=times[0], idempotency_key="k")
    with pytest.raises(Conflict, match="another time"):
        actions.trigger(system, OPERATOR, "greet", at=times[1], idempotency_key="k")


def test_the_same_key_and_time_give_the_same_run_even_after_that_time(system: System) -> None:
    at = datetime.now(UTC) + timedelta(minutes=1)
    first = actions.trigger(system, OPERATOR, "greet", at=at, idempotency_key="k")
    later = at + timedelta(minutes=1)
    again = actions.trigger(system, OPERATOR, "greet", at=at, idempotency_key="k", now=later)
    assert again.run_id == first.run_id


def test_a_key_belongs_to_one_person_and_one_task(sqlite_system: System) -> None:
    other = Actor("otto", "operator", "api")
    ids = {
        actions.trigger(sqlite_system, OPERATOR, "greet", idempotency_key="k").run_id,
        actions.trigger(sqlite_system, other, "greet", idempotency_key="k").run_id,
        actions.trigger(sqlite_system, OPERATOR, "morning", idempotency_key="k").run_id,
    }
    assert len(ids) == 3


@pytest.mark.parametrize("key", ["", "x" * 256, "new\nline"])
def test_a_key_that_cannot_be_kept_is_refused(sqlite_system: System, key: str) -> None:
    with pytest.raises(Invalid) as refused:
        actions.trigger(sqlite_system, OPERATOR, "greet", idempotency_key=key)
    assert refused.value.fields == {"Idempotency-Key": "1 to 255 printable characters"}


def test_fifty_requests_at_once_with_one_key_give_one_run(system: System) -> None:
    def request(_: int) -> str:
        return actions.trigger(system, OPERATOR, "greet", idempotency_key="k").run_id

    with ThreadPoolExecutor(50) as threads:
        ids = set(threads.map(request, range(50)))
    assert len(ids) == 1
    assert queued(system.redis) == list(ids)
    assert [event.status for event in events(system.redis)] == ["queued"]
    assert len(rows(system, "SELECT * FROM audit")) == 1


# --- who may, and what is written ----------------------------------------------------------------


def test_a_viewer_may_not_and_the_attempt_is_written(sqlite_system: System) -> None:
    with pytest.raises(Forbidden, match="victor is a viewer"):
        actions.trigger(sqlite_system, VIEWER, "greet")
    (row,) = rows(sqlite_system, "SELECT * FROM audit")
    assert (row["actor"], row["verb"], row["target"]) == ("victor", "trigger", "greet")
    assert (row["outcome"], row["act_id"]) == ("refused", None)
    assert queued(sqlite_system.redis) == []


def test_every_trigger_leaves_one_audit_row(sqlite_system: System) -> None:
    accepted = actions.trigger(sqlite_system, OPERATOR, "greet", {"name": "Ada"})
    (row,) = reads.audit(sqlite_system).items
    assert (row.actor, row.role, row.via, row.address) == ("olga", "operator", "api", "127.0.0.1")
    assert (row.verb, row.target, row.outcome) == ("trigger", "greet", "accepted")
    assert row.after["run_id"] == accepted.run_id
    assert row.after["arguments"] == {"name": "Ada"}


def test_nothing_of_an_applied_act_waits_in_the_outbox(sqlite_system: System) -> None:
    actions.trigger(sqlite_system, OPERATOR, "greet")
    assert sweep(sqlite_system, datetime.now(UTC)) == 0


def test_a_run_by_hand_may_expire_on_its_own_terms(sqlite_system: System) -> None:
    past = datetime.now(UTC) - timedelta(seconds=30)
    run_id = actions.trigger(sqlite_system, OPERATOR, "greet", start_within="20s", now=past).run_id
    patient = actions.trigger(sqlite_system, OPERATOR, "greet", start_within="1h", now=past).run_id
    assert starts(sqlite_system) == {run_id: "no worker took it within 20 s", patient: None}
    with pytest.raises(Invalid, match="How soon"):
        actions.trigger(sqlite_system, OPERATOR, "greet", start_within="soon")


def test_a_run_that_was_put_back_does_not_expire(sqlite_system: System) -> None:
    past = datetime.now(UTC) - timedelta(seconds=30)
    run_id = actions.trigger(sqlite_system, OPERATOR, "greet", start_within="20s", now=past).run_id
    run_next(sqlite_system, "interrupted")
    assert starts(sqlite_system) == {run_id: None}


def test_waiting_for_other_runs_does_not_count(
    sqlite_system: System, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REDIS_URL", sqlite_system.settings.redis_url)
    current_settings.cache_clear()
    first = greet.enqueue()
    hurried = sqlite_system.catalogue.task("hurries").enqueue(depends_on=first)
    static: Any = sqlite_system.redis.hget(keys.job(hurried), "rota_static")
    old = json.dumps({**json.loads(static), "at": 1_000})
    sqlite_system.redis.hset(keys.job(hurried), "rota_static", old)
    run_next(sqlite_system)
    assert starts(sqlite_system) == {hurried: None}
    current_settings.cache_clear()


def starts(system: System) -> dict[str, str | None]:
    """Take all that waits; return why each did not start, None where it did."""
    found: dict[str, str | None] = {}
    while taken := begin(system):
        outcome = expired(system.redis, taken)
        found[taken.run_id] = outcome.reason if outcome else None
    return found


def test_a_run_at_the_front_comes_before_the_others(sqlite_system: System) -> None:
    first = actions.trigger(sqlite_system, OPERATOR, "greet").run_id
    at = server_now(sqlite_system.redis) + timedelta(hours=1)
    later = actions.trigger(sqlite_system, OPERATOR, "greet", at=at, at_front=True).run_id
    urgent = actions.trigger(sqlite_system, OPERATOR, "greet", at_front=True).run_id
    assert queued(sqlite_system.redis) == [urgent, first]
    sqlite_system.redis.zadd(keys.delayed("default"), {later: 1})
    move(sqlite_system.redis, [("default", later)])
    assert queued(sqlite_system.redis) == [later, urgent, first]
