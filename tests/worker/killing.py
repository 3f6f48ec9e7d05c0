"""A worker that is killed at a step, and what must hold of its runs afterwards."""

from __future__ import annotations

import itertools
import os
import signal
import time
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import delete

import app.execution
import app.worker
from app import keys
from app.incarnation import recognise
from app.limits import let_go, limits_json
from app.records.database import writing
from app.records.schema import attempts, run_dependencies, run_logs, runs
from app.recovery import move, recover
from app.system import System
from app.telling import Link
from tests.engine.stage import record_all, rows

MODULES = ("tests.worker.crashing",)
SOON = 0.1
QUIET_SECONDS = 20


def work(system: System, beat: float = 5.0) -> None:
    """Be a worker in this process until nothing waits. Call it in a fork."""
    os.setsid()
    app.worker.DRAIN_SECONDS = SOON
    app.execution.BEAT_SECONDS = beat
    worker = app.worker.Worker(
        ["default"], name=f"w-{os.getpid()}", connection=system.redis, system=system
    )
    worker.work(burst=True)


def in_fork(act: Callable[[], object]) -> int:
    """Do something in a forked process; return how it ended, negative for a signal."""
    pid = os.fork()
    if pid == 0:
        try:
            act()
        except BaseException as error:
            os.write(2, f"{error!r}\n".encode())
            os._exit(3)
        os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def clear(system: System, ledger: Path) -> None:
    """Begin anew."""
    system.redis.flushall()
    for path in (ledger, Path(f"{ledger}.down")):
        path.unlink(missing_ok=True)
    with writing(system.database) as connection:
        for table in (runs, attempts, run_logs, run_dependencies):
            connection.execute(delete(table))
    recognise(system.redis, system.database, datetime.now(UTC))


def finish_all(system: System) -> None:
    """Recover what the killed worker left, and let others work until every run has ended."""
    deadline = time.monotonic() + QUIET_SECONDS
    while live := _live(system):
        assert time.monotonic() < deadline, f"these never end: {live}"
        for member in _members(system, keys.LIVENESS):
            system.redis.zadd(keys.LIVENESS, {member: 1})
        recover(system.redis, time.time())
        delayed = _members(system, keys.delayed("default"))
        for run_id in delayed:
            system.redis.zadd(keys.delayed("default"), {run_id: 1})
        move(system.redis, [("default", run_id.decode()) for run_id in delayed])
        let_go(system.redis, limits_json(system.catalogue), everywhere=True)
        assert in_fork(lambda: work(system, SOON)) == 0
    record_all(system)


def _live(system: System) -> list[Any]:
    places = [keys.queue("default")]
    found: list[Any] = [each for key in places for each in _list(system, key)]
    for key in (keys.LIVENESS, keys.delayed("default"), keys.deferred("default"), keys.HELD):
        found += _members(system, key)
    return found


def _list(system: System, key: str) -> list[bytes]:
    found: Any = system.redis.lrange(key, 0, -1)
    return list(found)


def _members(system: System, key: str) -> list[bytes]:
    found: Any = system.redis.zrange(key, 0, -1)
    return list(found)


def ledger_of(path: Path) -> Counter[str]:
    """Return how often each run came to its end."""
    return Counter(path.read_text().split()) if path.exists() else Counter()


def assert_nothing_lost(
    system: System, run_ids: list[str], ledger: Path, point: object, status: str = "succeeded"
) -> int:
    """Every run ended as it should; the history tells of each execution. Return how many doubled.

    An execution may come to its end twice only where the history says that one was lost.
    """
    doubled = 0
    ended = ledger_of(ledger)
    for run_id in run_ids:
        (run,) = rows(system, "SELECT status FROM runs WHERE run_id = :id", id=run_id)
        assert run["status"] == status, (point, run_id, run["status"])
        tries = rows(
            system,
            "SELECT outcome FROM attempts WHERE run_id = :id ORDER BY attempt",
            id=run_id,
        )
        outcomes = [each["outcome"] for each in tries]
        assert None not in outcomes, (point, outcomes)
        counted = sum(outcome in ("succeeded", "failed") for outcome in outcomes)
        assert ended[run_id] - counted <= outcomes.count("lost"), (point, ended[run_id], outcomes)
        if status == "succeeded":
            assert ended[run_id] >= counted, (point, ended[run_id], outcomes)
        doubled += ended[run_id] > counted
    left = {key.decode() for key in _keys(system)}
    loose = ("rq:wip:", "rota:liveness", "rota:slots:", "rq:execution:", "rota:held")
    assert not [key for key in left if key.startswith(loose)], (point, left)
    return doubled


def _keys(system: System) -> list[bytes]:
    found: Any = system.redis.keys("*")
    return list(found)


def killed_at_each_frame(
    prepare: Callable[[], None], operation: Callable[[], object], every: int = 1
) -> Iterator[str]:
    """Kill the worker's child before and after each message that it sends, one after the other."""
    whole = Link.send
    # Not `product`: it would count to the end first.
    for number, after in ((n, a) for n in itertools.count(1, every) for a in (False, True)):
        struck = Path(f"/tmp/rota-frame-{os.getpid()}")
        struck.unlink(missing_ok=True)
        prepare()
        seen = itertools.count(1)

        def send(self: Link, message: bytes) -> None:
            mine = next(seen) == number and not struck.exists()  # noqa: B023 - used in this turn
            if mine and not after:  # noqa: B023 - used in this turn
                struck.touch()  # noqa: B023 - used in this turn
                os.kill(os.getpid(), signal.SIGKILL)
            whole(self, message)
            if mine:
                struck.touch()  # noqa: B023 - used in this turn
                os.kill(os.getpid(), signal.SIGKILL)

        def act() -> None:
            Link.send = send  # type: ignore[method-assign]  # the kill is the test
            operation()

        assert in_fork(act) == 0
        if not struck.exists():
            return
        struck.unlink()
        yield f"{'after' if after else 'before'} frame {number}"
