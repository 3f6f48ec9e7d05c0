"""Every Redis key Rota touches: builder, type, content, lifetime, writer.

RQ's and rq-scheduler's own keys keep their names (their prefix is `rq`, which rq-scheduler
hard-codes); ours start with `rota:`.
"""

from __future__ import annotations

from collections.abc import Mapping

# --- rq-scheduler -------------------------------------------------------------------------------
SCHEDULE = "rq:scheduler:scheduled_jobs"  # zset: schedule id -> due time, epoch s; fire, define
LOCK = "rq:scheduler_lock"  # string `<scheduler>:<epoch>`, expires; keeps a plain rqscheduler idle

# --- RQ -----------------------------------------------------------------------------------------
QUEUES = "rq:queues"  # set of queue keys
WORKERS = "rq:workers"  # set of worker keys
SUSPENDED = "rq:suspended"  # string, written by `rq suspend`


def job(run_id: str) -> str:
    """Hash: RQ's job fields, plus ours named `rota_*`; expires with RQ's result and failure TTL."""
    return f"rq:job:{run_id}"


def queue(name: str) -> str:
    """List of run ids, oldest at the left."""
    return f"rq:queue:{name}"


def started(name: str) -> str:
    """Zset `<run id>:<execution id>` -> when RQ itself would call it abandoned, epoch s."""
    return f"rq:wip:{name}"


def delayed(name: str) -> str:
    """Zset run id -> when it moves to its queue, epoch s."""
    return f"rq:scheduled:{name}"


def finished(name: str) -> str:
    """Zset run id -> when RQ forgets it, epoch s."""
    return f"rq:finished:{name}"


def failed(name: str) -> str:
    """Zset run id -> when RQ forgets it, epoch s."""
    return f"rq:failed:{name}"


def results(run_id: str) -> str:
    """Stream of RQ results, newest last."""
    return f"rq:results:{run_id}"


def execution(run_id: str, execution_id: str) -> str:
    """Hash of one execution, as RQ writes it; expires."""
    return f"rq:execution:{run_id}:{execution_id}"


def executions(run_id: str) -> str:
    """Zset execution id -> expiry, epoch s."""
    return f"rq:executions:{run_id}"


def dependents(run_id: str) -> str:
    """Set of the ids of runs that wait for this one, as RQ has it."""
    return f"rq:job:{run_id}:dependents"


def dependencies(run_id: str) -> str:
    """Set of the ids that a run still waits for; the double colon is RQ's own."""
    return f"rq:job::{run_id}:dependencies"


def deferred(name: str) -> str:
    """Zset id of a run that waits for others -> since when, epoch s."""
    return f"rq:deferred:{name}"


def worker(name: str) -> str:
    """Hash of a worker, as RQ writes it; expires without a heartbeat."""
    return f"rq:worker:{name}"


def commands(name: str) -> str:
    """Channel of RQ's commands to one worker, as JSON; not a key."""
    return f"rq:pubsub:{name}"


def worker_executions(name: str) -> str:
    """Set of `<run id>:<execution id>` a worker runs now."""
    return f"rq:worker:{name}:executions"


# --- ours ---------------------------------------------------------------------------------------
EVENTS = "rota:events"  # stream: one entry a state change; trimmed by the recorder
INCARNATION = "rota:incarnation"  # string: the identity of this Redis's content
MENDED = "rota:mended"  # string: since when something set aside is still to be built again
PAUSES = "rota:pauses"  # hash: task id, `queue:<name>` or `*` -> JSON {by, at, reason, until}
WAKE = "rota:wake"  # list, at most 1 element: ends the scheduler's sleep
LEADER_EPOCH = "rota:leader_epoch"  # counter: fencing tokens given out
LIVENESS = "rota:liveness"  # zset `<queue>|<run id>|<execution id>` -> dead when past, epoch s
BUFFERED = "rota:buffered"  # hash: task id -> run id kept back until the live one ends
QUARANTINE = "rota:quarantine"  # hash: what was set aside -> JSON {reason, at, payload}
SCHEDULERS = "rota:schedulers"  # hash: scheduler name -> JSON {at, leader, lag}
HELD = "rota:held"  # zset: task id whose limits hold runs back -> when the next may start, epoch s
LIMITS = "rota:limits"  # hash: such a task id -> JSON [at once, starts, within seconds]
LET_GO = "rota:let_go"  # hash: task id -> the run that its limits let go last
PLACES = "rota:places"  # counter: places given to runs that are held back
SETTLING = "rota:settling"  # set: ended runs that have more dependents than one step deals with
CHANGES = "rota:changes"  # counter: whatever a screen shows changed; every writer counts up


def schedule(schedule_id: str) -> str:
    """Hash {definition, revision, nominal, last, fired, fired_since}: what it fires from."""
    return f"rota:schedule:{schedule_id}"


def skips(schedule_id: str) -> str:
    """Hash: fire time, epoch s -> who skips it."""
    return f"rota:skips:{schedule_id}"


def live(task_id: str) -> str:
    """Set of the task's run ids that are neither ended nor gone."""
    return f"rota:live:{task_id}"


def slots(task_id: str) -> str:
    """Set of `<queue>|<run id>|<execution id>` that go on, of a task with `max_concurrent`."""
    return f"rota:slots:{task_id}"


def starts(task_id: str) -> str:
    """Zset of the same -> when it started, epoch s, of a task with `rate_limit`; expires."""
    return f"rota:starts:{task_id}"


def held(task_id: str) -> str:
    """Zset of run ids that its limits hold back -> their place in the order."""
    return f"rota:held:{task_id}"


def awaited(task_id: str) -> str:
    """String: a run that Redis lost and its worker still executes; expires after 30 s."""
    return f"rota:awaited:{task_id}"


def ready(queue_name: str) -> str:
    """List, at most 64 elements: ends one worker's wait for this queue."""
    return f"rota:ready:{queue_name}"


def log(run_id: str) -> str:
    """List of JSON log lines of a run, capped, expires a day after the last line."""
    return f"rota:log:{run_id}"


def set_aside(key: str) -> str:
    """A key that was found with another type or content, renamed and otherwise as it was."""
    return f"rota:set_aside:{key}"


# --- types, as `mend.lua` checks them; a `counter` is a string that can be counted up -------------
TYPES: Mapping[str, str] = {
    SCHEDULE: "zset",
    LOCK: "string",
    QUEUES: "set",
    WORKERS: "set",
    EVENTS: "stream",
    INCARNATION: "string",
    PAUSES: "hash",
    WAKE: "list",
    LEADER_EPOCH: "counter",
    LIVENESS: "zset",
    BUFFERED: "hash",
    QUARANTINE: "hash",
    SCHEDULERS: "hash",
    CHANGES: "counter",
    SETTLING: "set",
    HELD: "zset",
    LIMITS: "hash",
    LET_GO: "hash",
    PLACES: "counter",
    MENDED: "string",
}


def queue_types(name: str) -> Mapping[str, str]:
    """Return the types of all keys of a queue."""
    return {
        queue(name): "list",
        ready(name): "list",
        f"rq:workers:{name}": "set",
        **{f"rq:{kind}:{name}": "zset" for kind in REGISTRIES},
    }


REGISTRIES = ("wip", "scheduled", "finished", "failed", "deferred", "canceled")
