"""What must hold after every step: one place a run, one run a fire time, ends that last."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from sqlalchemy import func, select

from app import keys
from app.events import Event, parse
from app.records.database import reading
from app.records.schema import runs
from app.views import ENDED
from tests.engine.model.world import World

SECOND = timedelta(seconds=1)
# Where a run has to stand for each status of its job.
PLACES = {
    "queued": {"queue"},
    "started": {"running"},
    "scheduled": {"delayed"},
    "deferred": {"buffered"},
    "finished": {"finished"},
    "failed": {"failed"},
    "stopped": {"failed"},
    "canceled": set(),
}
LIVE = ("queued", "started", "scheduled")


@dataclass
class Watch:
    """Follows the stream of events from step to step."""

    world: World
    position: str = "0-0"
    content: tuple[Any, int] = (b"", 0)
    events: dict[str, Event] = field(default_factory=dict)

    def look(self) -> None:
        """Check everything that must hold between any two steps."""
        self._follow_events()
        self._one_place_each()

    def _follow_events(self) -> None:
        redis = self.world.redis
        content = redis.get(keys.INCARNATION), self.world.flushes
        if content != self.content:
            # Within one incarnation all is exact; a new one starts again from what SQL knows. What
            # is flushed before anybody has named it has no identity of its own.
            self.content, self.position, self.events = content, "0-0", {}
        found: Any = redis.xrange(keys.EVENTS, f"({self.position}")
        for position, fields in found:
            event = parse(position, fields)
            self.position = event.position
            self._check(event, self.events.get(event.run_id))
            self.events[event.run_id] = event

    def _check(self, event: Event, before: Event | None) -> None:
        if before is None or _told_again(event, before):
            return
        assert event.revision > before.revision, f"{event.run_id} had its change twice: {event}"
        if before.status in ENDED:
            assert event.run_id in self.world.retried, f"{before.status} changed: {event}"
            assert event.status == "queued", f"{before.status} became {event.status}"

    def _one_place_each(self) -> None:
        """Each run stands where its status says, once, and nothing else stands anywhere."""
        statuses = self._statuses()
        places = self._places()
        for run_id, status in statuses.items():
            found = places.pop(run_id, Counter())
            wanted = Counter(PLACES[status])
            assert found == wanted, f"{run_id} is {status} and stands in {dict(found)}"
        assert not places, f"these have no job: {places}"

    def _statuses(self) -> dict[str, str]:
        redis = self.world.redis
        names: Any = [name for name in redis.keys("rq:job:*") if b"--" in name]
        pipeline = redis.pipeline(transaction=False)
        for name in names:
            pipeline.hget(name, "status")
        found = pipeline.execute() if names else []
        return {
            name.decode().removeprefix("rq:job:"): status.decode()
            for name, status in zip(names, found, strict=True)
        }

    def _places(self) -> dict[str, Counter[str]]:
        pipeline = self.world.redis.pipeline(transaction=False)
        pipeline.lrange(keys.queue("default"), 0, -1)
        pipeline.zrange(keys.LIVENESS, 0, -1)
        pipeline.zrange(keys.delayed("default"), 0, -1)
        pipeline.hvals(keys.BUFFERED)
        pipeline.zrange(keys.finished("default"), 0, -1)
        pipeline.zrange(keys.failed("default"), 0, -1)
        queue, running, *others = pipeline.execute()
        running = [member.split(b"|")[1] for member in running]
        names = ("queue", "running", "delayed", "buffered", "finished", "failed")
        found: dict[str, Counter[str]] = {}
        for name, members in zip(names, (queue, running, *others), strict=True):
            for member in members:
                found.setdefault(member.decode(), Counter())[name] += 1
        return found


def _told_again(event: Event, before: Event) -> bool:
    """Tell whether an end is said once more, bare, for a history that may have lost it."""
    same = event.status == before.status and event.revision == before.revision
    return same and event.status in ENDED and not event.data


def each_fire_time_has_one_event(watch: Watch, before: dict[str, Any]) -> None:
    """After a pass, each fire time that was due is in the history, or still to come."""
    world = watch.world
    after = {name: at for name, (_, at) in world.nominals().items()}
    for name, (schedule, nominal) in before.items():
        if nominal > world.now or name not in after:
            continue
        for time in schedule.between(nominal - SECOND, world.now):
            run_id = f"{name}--{int(time.timestamp())}"
            known = run_id in watch.events or after[name] <= time
            assert known, f"{run_id} was forgotten"


def everything_accepted_ended(world: World) -> None:
    """Every acknowledged run has one end in the history."""
    with reading(world.system.database) as connection:
        found = select(runs.c.run_id, runs.c.status)
        statuses = {row.run_id: row.status for row in connection.execute(found)}
        live = select(func.count()).where(runs.c.status.not_in(ENDED))
        left = connection.execute(live).scalar_one()
    lost = {run: statuses.get(run) for run in world.accepted if statuses.get(run) not in ENDED}
    assert not lost, f"accepted, and not ended: {lost}"
    assert not left, f"{left} runs never end: {statuses}"


def every_schedule_stands(world: World) -> None:
    """A schedule is missing only by a decision: paused, used up, or removed."""
    members: Any = world.redis.zrange(keys.SCHEDULE, 0, -1)
    standing = {name.decode() for name in members}
    known = set(world.schedule_ids())
    assert standing <= known
    paused = world.redis.hkeys(keys.PAUSES)
    for name in known - standing:
        held: Any = world.redis.hgetall(keys.schedule(name))
        definition = held[b"definition"].decode()
        used_up = '"max_runs"' in definition
        assert used_up or paused, f"{name} is gone: {held}"
