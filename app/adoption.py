"""Take over entries that rq-scheduler's own API put into the schedule.

They may be pickled. They are read by an unpickler that refuses every global, so that nothing in
them is imported or called: an entry made of plain values can be read, any other cannot.
"""

from __future__ import annotations

import inspect
import io
import json
import pickle
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from redis import Redis

from app import actions, keys
from app.actions import Actor
from app.catalogue import Catalogue
from app.errors import Conflict, Invalid, RotaError
from app.schedules import Cron, parse_schedule
from app.system import System
from app.tasks import Task

MOST_BYTES = 1_000_000


@dataclass(frozen=True)
class Foreign:
    """One entry of the schedule that is not ours, and what would become of it.

    `problem` says why it cannot be taken over, `warning` what changes when it is.
    """

    entry: str
    task: Task[Any, Any] | None = None
    arguments: Mapping[str, Any] | None = None
    cron: str | None = None
    every: str | None = None
    max_runs: int | None = None
    at: datetime | None = None
    problem: str | None = None
    warning: str | None = None


def found(redis: Redis, catalogue: Catalogue) -> Iterator[Foreign]:
    """Yield every foreign entry: those in the schedule, and those set aside from it."""
    members: Any = redis.zrange(keys.SCHEDULE, 0, -1, withscores=True)
    set_aside: Any = redis.hgetall(keys.QUARANTINE)
    prefix = f"{keys.SCHEDULE} ".encode()
    quarantined = [(name[len(prefix) :], None) for name in set_aside if name.startswith(prefix)]
    for member, score in [*members, *quarantined]:
        name = member.decode("utf-8", "backslashreplace")
        if redis.exists(keys.schedule(name)):
            continue
        hash_: Any = redis.hgetall(keys.job(name))
        due = None if score is None else datetime.fromtimestamp(score, UTC)
        yield _read(name, due, hash_, catalogue)


def take_over(system: System, actor: Actor, foreign: Foreign, now: datetime) -> str:
    """Make an entry a schedule of ours, or a scheduled run, and remove it; return the new id.

    Raises Conflict for one with a problem, and whatever the action raises.
    """
    if foreign.problem or foreign.task is None:
        raise Conflict(f"{foreign.entry}: {foreign.problem}")
    arguments = dict(foreign.arguments or {})
    if foreign.cron or foreign.every:
        name = _name(foreign.entry)
        made = actions.create_schedule(
            system,
            actor,
            foreign.task.id,
            name,
            arguments,
            now,
            cron=foreign.cron,
            every=foreign.every,
            timezone="UTC",
            max_runs=foreign.max_runs,
        )
    else:
        at = foreign.at if foreign.at and foreign.at > now else None
        key = f"adopt {foreign.entry}"
        made = actions.trigger(system, actor, foreign.task.id, arguments, at, key, now).run_id
    system.redis.zrem(keys.SCHEDULE, foreign.entry)
    system.redis.hdel(keys.QUARANTINE, f"{keys.SCHEDULE} {foreign.entry}")
    return made


def _read(
    name: str, due: datetime | None, raw: Mapping[bytes, bytes], catalogue: Catalogue
) -> Foreign:
    try:
        path, args, kwargs = _call(raw.get(b"data", b""))
        task = catalogue.by_path(path)
        if task is None:
            return Foreign(name, problem=f"it calls {path[:100]}, which is no task here")
        bound = dict(inspect.signature(task.function).bind(*args, **kwargs).arguments)
        arguments = task.parameters.validate(bound)
        meta = _plain(raw.get(b"meta", b"")) or {}
        return _with_schedule(name, due, task, arguments, meta)
    except (ValueError, TypeError, KeyError, RotaError) as error:
        return Foreign(name, problem=f"it cannot be read: {error}")


def _with_schedule(
    name: str,
    due: datetime | None,
    task: Task[Any, Any],
    arguments: Mapping[str, Any],
    meta: Mapping[str, Any],
) -> Foreign:
    repeat = meta.get("repeat")
    # rq-scheduler counts down before it looks: 0 is the last time, as 1 is.
    most = None if repeat is None else max(int(repeat), 1)
    if cron := meta.get("cron_string"):
        schedule = parse_schedule(str(cron), "UTC")
        return Foreign(
            name,
            task,
            arguments,
            cron=str(cron),
            max_runs=most,
            warning=_cron_warning(schedule, str(cron)),
        )
    if interval := meta.get("interval"):
        warning = "its fire times are anchored from now on, without drift"
        every = f"{int(interval)}s"
        return Foreign(name, task, arguments, every=every, max_runs=most, warning=warning)
    return Foreign(name, task, arguments, at=due)


def _cron_warning(schedule: object, text: str) -> str | None:
    fields = text.split()
    both = isinstance(schedule, Cron) and len(fields) == 5
    if both and not fields[2].startswith("*") and not fields[4].startswith("*"):
        return "it fires where the day of month OR the day of week fits; before, both had to fit"
    return "its times are in UTC; before, they were in the scheduler process's zone"


def _call(data: bytes) -> tuple[str, list[Any], dict[str, Any]]:
    name, instance, args, kwargs = _plain(data)
    if instance is not None or not isinstance(name, str):
        raise ValueError("it calls a method, not a function")
    return name, list(args), dict(kwargs)


def _plain(data: bytes) -> Any:
    """Read plain values from JSON or pickle, compressed or not."""
    text = _inflated(data)
    if not text:
        return None
    try:
        return json.loads(text)
    except ValueError:
        try:
            return _PlainUnpickler(io.BytesIO(text)).load()
        except (pickle.UnpicklingError, EOFError, AttributeError, IndexError) as error:
            raise ValueError(f"its pickle holds more than plain values ({error})") from error


def _inflated(data: bytes) -> bytes:
    inflater = zlib.decompressobj()
    try:
        text = inflater.decompress(data, MOST_BYTES)
    except zlib.error:
        return data[:MOST_BYTES]
    if inflater.unconsumed_tail:
        raise ValueError(f"it inflates to more than {MOST_BYTES:,} bytes")
    return text


class _PlainUnpickler(pickle.Unpickler):
    """Unpickles numbers, texts, lists, dicts and the like, and nothing that has a name."""

    def find_class(self, module: str, name: str) -> Any:
        raise pickle.UnpicklingError(f"it names {module}.{name}")

    def persistent_load(self, pid: Any) -> Any:
        raise pickle.UnpicklingError(f"it names {pid!r}")


def _name(entry: str) -> str:
    kept = "".join(c if c.isascii() and (c.isalnum() or c == "_") else "_" for c in entry)
    if not kept.strip("_"):
        raise Invalid(f"{entry!r} has no usable name.")
    return f"adopted_{kept[:36]}"
