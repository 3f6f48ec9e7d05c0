"""The engine's real scripts, acts and records in one process, on a clock that the test sets."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

from sqlalchemy import delete, select

from app import actions, keys
from app.backfill import feed
from app.definitions import parsed
from app.due import Due, look
from app.errors import RotaError
from app.execution import RunExecution
from app.firing import fire
from app.incarnation import restart_lost_runs
from app.keeping import refresh, take_over
from app.leader import Leadership
from app.outbox import sweep
from app.outcomes import Outcome
from app.recorder import Recorder
from app.records.database import reading, writing
from app.records.schema import metadata, releases, runs, schedules
from app.recovery import move, recover, release
from app.system import System
from app.taking import advance, take
from app.views import ENDED
from tests.engine.model.clock import Bomb, Crash, set_clock
from tests.fixtures import OPERATOR
from tests.fixtures import release as release_code

Answer = TypeVar("Answer")

START = datetime(2027, 3, 1, 12, tzinfo=UTC)
QUEUES = ("default",)
AWAITED = timedelta(seconds=30)


class World:
    """What one example does, and what it remembers of it."""

    def __init__(self, system: System, bomb: Bomb) -> None:
        self.system = system
        self.redis = system.redis
        self.bomb = bomb
        self.now = START
        self.accepted: list[str] = []
        self.retried: set[str] = set()
        self.running: list[RunExecution] = []
        # After how many steps the next thing done dies, None: it does not.
        self.crash_after: int | None = None
        self.crashes = 0
        self.flushes = 0
        self.looked: tuple[str, Due] | None = None
        self._begin()

    def _begin(self) -> None:
        """Start from nothing: an empty Redis, and a database with the code's schedules only."""
        self.redis.flushall()
        set_clock(self.redis, self.now)
        with writing(self.system.database) as connection:
            for table in metadata.sorted_tables:
                if table is not releases:
                    connection.execute(delete(table))
        release_code(self.system, self.now)
        self.take_over()

    def survives(self, operation: Callable[[], Answer]) -> Answer | None:
        """Do something; None where it was refused or the process died in the middle of it."""
        self.bomb.left, self.crash_after = self.crash_after, None
        try:
            return operation()
        except RotaError:
            return None
        except Crash:
            self.crashes += 1
            self.redis.connection_pool.disconnect()
            return None
        finally:
            self.bomb.left = None

    # --- time ------------------------------------------------------------------------------------

    def pass_time(self, seconds: float) -> None:
        """Let the clock go on, or jump; what expires after half a minute is gone after it."""
        self.now += timedelta(seconds=seconds)
        set_clock(self.redis, self.now)
        if timedelta(seconds=seconds) >= AWAITED:
            for name in self.redis.keys(keys.awaited("*")):
                self.redis.delete(name)

    # --- processes -------------------------------------------------------------------------------

    def schedule_pass(self, name: str) -> None:
        """One pass of a scheduler that has just become the leader, as `Scheduler.tick` does it."""
        self.redis.delete(keys.LOCK)
        leadership = Leadership(self.redis, name)
        leadership.keep()
        due = look(self.redis, leadership.lock, QUEUES)
        if not due.incarnation:
            self.take_over()
            due = look(self.redis, leadership.lock, QUEUES)
        self.looked = leadership.lock, due
        move(self.redis, due.runs)
        fire(self.redis, leadership.lock, due)
        release(self.redis)

    def late_pass(self) -> None:
        """What an earlier pass found is fired now: once more, or for the first time."""
        if self.looked is not None:
            lock, due = self.looked
            move(self.redis, due.runs)
            fire(self.redis, lock, due)

    def take_over(self) -> None:
        take_over(self.system, self.now)

    def keep(self) -> None:
        """The leader's work on SQL."""
        sweep(self.system, self.now)
        feed(self.system, self.now)
        restart_lost_runs(self.system, self.now)
        actions.end_expired_pauses(self.system, self.now)
        refresh(self.system, self.now)

    def record(self) -> None:
        while Recorder(self.redis, self.system.database).step():
            pass

    def recover(self) -> None:
        recover(self.redis, self.now.timestamp())

    def take(self, worker: str) -> RunExecution | None:
        """A worker takes the next run."""
        taken = take(self.redis, self.system.catalogue, worker, QUEUES)
        if taken is None:
            return None
        execution = RunExecution(self.redis, taken, worker)
        self.running.append(execution)
        return execution

    def beat(self) -> None:
        """Every worker gives a sign of life; after a flush that registers its run again."""
        for execution in list(self.running):
            execution._beat()
            if execution.outcome is not None:
                self.finish(execution, execution.outcome)

    def finish(self, execution: RunExecution, outcome: Outcome) -> None:
        """Write how an execution ended; one that is not the run's own any more writes nothing."""
        if execution not in self.running:
            return
        run_id, mine = execution.taken.run_id, execution.taken.execution_id
        held: Any = self.redis.hget(keys.job(run_id), "rota_execution")
        if not execution.fenced:
            execution.settle(outcome)
            ended, _ = execution.ended()
            done = advance(self.redis, self.system.catalogue, "w", (), ended)
            assert done.written == (held == mine.encode()), f"{run_id} was written by a stale one"
        self.running.remove(execution)

    # --- what there is ---------------------------------------------------------------------------

    def run_ids(self) -> list[str]:
        """Return the newest runs that SQL knows."""
        with reading(self.system.database) as connection:
            found = select(runs.c.run_id).order_by(runs.c.at.desc(), runs.c.run_id).limit(8)
            return list(connection.execute(found).scalars())

    def live_ids(self) -> list[str]:
        """Return the runs that have not ended, as SQL knows."""
        with reading(self.system.database) as connection:
            found = select(runs.c.run_id).where(runs.c.status.not_in(ENDED))
            return list(connection.execute(found).scalars())

    def schedule_ids(self) -> list[str]:
        with reading(self.system.database) as connection:
            found = select(schedules.c.schedule_id).where(schedules.c.retired_at.is_(None))
            return sorted(connection.execute(found).scalars())

    def nominals(self) -> dict[str, tuple[Any, datetime]]:
        """Return (timetable, next fire time) of each schedule that stands in Redis."""
        found: dict[str, tuple[Any, datetime]] = {}
        for name in self.schedule_ids():
            held: Any = self.redis.hmget(keys.schedule(name), ["definition", "nominal"])
            if held[0] and held[1]:
                at = datetime.fromtimestamp(int(held[1]), UTC)
                found[name] = (parsed(held[0].decode()).schedule, at)
        return found

    def trigger(self, task_id: str, at: datetime | None, key: str | None) -> None:
        accepted = self.survives(
            lambda: actions.trigger(
                self.system, OPERATOR, task_id, at=at, idempotency_key=key, now=self.now
            )
        )
        if accepted is not None:
            self.accepted.append(accepted.run_id)
