"""The vocabulary of the engine's tests: make a schedule due, fire it, look at what that wrote."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from redis import Redis
from sqlalchemy import RowMapping, select, text

from app import keys
from app.definitions import Definition, parsed
from app.due import look
from app.events import Event, parse
from app.firing import fire
from app.incarnation import recognise
from app.leader import Leadership
from app.reconcile import reconcile
from app.recorder import Recorder
from app.records.database import reading
from app.records.schema import audit, metadata
from app.system import System

QUEUES = ("high", "default", "low")


def server_now(redis: Redis) -> datetime:
    """Return the clock that the scripts go by."""
    seconds, microseconds = redis.time()
    return datetime.fromtimestamp(seconds, UTC) + timedelta(microseconds=microseconds)


def lead(system: System, name: str = "one") -> str:
    """Become the leader and return the lock value, which every later script asks for."""
    leadership = Leadership(system.redis, name)
    leadership.keep()
    return leadership.lock


def held(redis: Redis, schedule_id: str) -> dict[Any, Any]:
    """Return what Redis holds of a schedule, as text."""
    found: Any = redis.hgetall(keys.schedule(schedule_id))
    return {name.decode(): value.decode() for name, value in found.items()}


def definition(redis: Redis, schedule_id: str) -> Definition:
    """Return the definition that a schedule fires from."""
    return parsed(held(redis, schedule_id)["definition"])


def make_due(system: System, schedule_id: str, periods: int = 1) -> datetime:
    """Let `periods` fire times of this schedule be due and no other schedule; return the oldest."""
    reconcile(system, datetime.now(UTC))
    redis = system.redis
    schedule = definition(redis, schedule_id).schedule
    nominal = server_now(redis)
    for _ in range(periods):
        earlier = schedule.latest(nominal - timedelta(days=20), nominal - timedelta(seconds=1))
        assert earlier is not None
        nominal = earlier
    redis.delete(keys.SCHEDULE)
    stand_at(redis, schedule_id, nominal)
    return nominal


def stand_at(redis: Redis, schedule_id: str, nominal: datetime) -> None:
    """Put a schedule to a fire time, as if everything before had been dealt with."""
    redis.hset(keys.schedule(schedule_id), "nominal", str(int(nominal.timestamp())))
    redis.hdel(keys.schedule(schedule_id), "last")
    redis.zadd(keys.SCHEDULE, {schedule_id: int(nominal.timestamp())})


def fire_due(system: System, lock: str) -> dict[str, int]:
    """Fire what is due and return how many ended each way."""
    return fire(system.redis, lock, look(system.redis, lock, QUEUES))


def events(redis: Redis) -> list[Event]:
    """Return every event of the stream, oldest first."""
    found: Any = redis.xrange(keys.EVENTS)
    return [parse(position, fields) for position, fields in found]


def statuses(redis: Redis) -> list[tuple[str, str]]:
    """Return (run id, status) of every event."""
    return [(event.run_id, event.status) for event in events(redis)]


def queued(redis: Redis, name: str = "default") -> list[str]:
    """Return the run ids in a queue."""
    found: Any = redis.lrange(keys.queue(name), 0, -1)
    return [run_id.decode() for run_id in found]


def everything(redis: Redis) -> dict[bytes, bytes | None]:
    """Return all of Redis, for tests that nothing changed."""
    names: Any = redis.keys("*")
    return {name: redis.dump(name) for name in sorted(names)}


def whole_database(system: System) -> dict[str, list[tuple[Any, ...]]]:
    """Return all rows of all tables, for tests that nothing changed.

    What was refused stands in the audit, and is left out here.
    """
    found = {}
    with reading(system.database) as connection:
        for table in metadata.sorted_tables:
            query = select(table)
            if table is audit:
                query = query.where(audit.c.outcome != "refused")
            rows = (tuple(row) for row in connection.execute(query))
            found[table.name] = sorted(rows, key=repr)
    return found


def record_all(system: System) -> int:
    """Recognise Redis and record every event that waits; return how many."""
    recognise(system.redis, system.database, datetime.now(UTC))
    recorder = Recorder(system.redis, system.database)
    total = 0
    while found := recorder.step():
        total += found
    return total


def rows(system: System, query: str, **values: Any) -> list[RowMapping]:
    """Run a query over the database."""
    with reading(system.database) as connection:
        return list(connection.execute(text(query), values).mappings())
