"""What a person may do with one run."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from app import actions, keys, reads
from app.errors import Conflict, Forbidden, Unknown
from app.recorder import Recorder
from app.system import System
from tests.fixtures import OPERATOR, VIEWER


@pytest.fixture
def recorder(system: System) -> Recorder:
    """A recorder that recognised the Redis."""
    from app.incarnation import recognise

    recognise(system.redis, system.database, datetime.now(UTC))
    return Recorder(system.redis, system.database)


def _status(system: System, recorder: Recorder, run_id: str) -> str:
    recorder.step()
    return reads.run(system, run_id).status


def test_a_waiting_run_is_cancelled_and_leaves_its_queue(
    system: System, recorder: Recorder
) -> None:
    run_id = actions.trigger(system, OPERATOR, "greet").run_id
    assert actions.cancel(system, OPERATOR, run_id)
    assert _status(system, recorder, run_id) == "cancelled"
    assert system.redis.llen(keys.queue("default")) == 0
    assert reads.run(system, run_id).reason == "cancelled by olga"
    with pytest.raises(Conflict, match="has cancelled"):
        actions.cancel(system, OPERATOR, run_id)


def test_a_scheduled_run_is_moved_and_cancelled(system: System, recorder: Recorder) -> None:
    soon = datetime.now(UTC) + timedelta(hours=1)
    run_id = actions.trigger(system, OPERATOR, "greet", at=soon).run_id
    assert _status(system, recorder, run_id) == "scheduled"
    later = soon + timedelta(hours=1)
    assert actions.move(system, OPERATOR, run_id, later)
    assert system.redis.zscore(keys.delayed("default"), run_id) == later.timestamp()
    assert actions.cancel(system, OPERATOR, run_id)
    assert system.redis.zcard(keys.delayed("default")) == 0
    assert _status(system, recorder, run_id) == "cancelled"


def test_a_queued_run_is_moved_to_later(system: System, recorder: Recorder) -> None:
    run_id = actions.trigger(system, OPERATOR, "greet").run_id
    actions.move(system, OPERATOR, run_id, datetime.now(UTC) + timedelta(hours=1))
    assert _status(system, recorder, run_id) == "scheduled"
    assert system.redis.llen(keys.queue("default")) == 0


def test_a_cancelled_run_is_retried_under_its_id(system: System, recorder: Recorder) -> None:
    run_id = actions.trigger(system, OPERATOR, "greet", {"name": "Ada"}).run_id
    actions.cancel(system, OPERATOR, run_id)
    recorder.step()
    assert actions.retry(system, OPERATOR, run_id)
    assert _status(system, recorder, run_id) == "queued"
    assert system.redis.lrange(keys.queue("default"), 0, -1) == [run_id.encode()]
    with pytest.raises(Conflict, match="is queued"):
        actions.retry(system, OPERATOR, run_id)


def test_a_run_that_redis_has_forgotten_is_retried_all_the_same(
    system: System, recorder: Recorder
) -> None:
    run_id = actions.trigger(system, OPERATOR, "greet", {"name": "Ada"}).run_id
    actions.cancel(system, OPERATOR, run_id)
    recorder.step()
    system.redis.delete(keys.job(run_id))
    assert actions.retry(system, OPERATOR, run_id)
    assert _status(system, recorder, run_id) == "queued"
    assert reads.run(system, run_id).arguments == {"name": "Ada"}


def test_running_again_makes_a_child_with_other_arguments(
    system: System, recorder: Recorder
) -> None:
    parent = actions.trigger(system, OPERATOR, "greet", {"name": "Ada", "times": 2}).run_id
    child = actions.again(system, OPERATOR, parent, {"name": "Grace"})
    assert _status(system, recorder, child.run_id) == "queued"
    found = reads.run(system, child.run_id)
    assert (found.parent_run_id, found.arguments) == (parent, {"name": "Grace"})
    same = actions.again(system, OPERATOR, parent)
    assert reads.run(system, same.run_id).arguments == {"name": "Ada", "times": 2}


def test_only_what_runs_can_be_stopped(system: System) -> None:
    run_id = actions.trigger(system, OPERATOR, "greet").run_id
    with pytest.raises(Conflict, match="has to be running"):
        actions.stop(system, OPERATOR, run_id)


def test_unknown_runs_and_viewers_are_refused(system: System) -> None:
    with pytest.raises(Unknown):
        actions.cancel(system, OPERATOR, "greet--m1-nope")
    run_id = actions.trigger(system, OPERATOR, "greet").run_id
    with pytest.raises(Forbidden):
        actions.cancel(system, VIEWER, run_id)
    assert reads.audit(system).items[0].outcome == "refused"
