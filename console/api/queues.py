"""Queues and workers."""

from __future__ import annotations

from flask import Blueprint, jsonify
from flask.typing import ResponseReturnValue

from app import actions, reads
from app.reads.shapes import SetAside, WorkerView
from app.views import QueueView, to_json
from console.api import parts
from console.api.body import moment_of, read_body, text_of
from console.api.operations import operation
from console.api.query import query
from console.api.task_acts import NO_REASON
from console.context import actor, current_system, now

QUEUES = {"queues": list[QueueView], "set_aside": list[SetAside], "set_aside_total": int}
DONE = {"name": str, "status": str}

blueprint = Blueprint("api_queues", __name__, url_prefix="/api/v1")


@blueprint.get("/queues")
@operation({200: QUEUES})
def list_queues() -> ResponseReturnValue:
    """List queues with their registries, and what was set aside."""
    query()
    found, _ = reads.queues(current_system(), now())
    reads.demand_redis(found.away)
    document = to_json(found)
    return jsonify({name: document[name] for name in QUEUES})


@blueprint.post("/queues/<name>/pause")
@operation({200: DONE, 202: DONE}, body={"reason": parts.REASON, "until": parts.UNTIL})
def pause(name: str) -> ResponseReturnValue:
    """Let no worker take from a queue; what runs goes on."""
    query()
    body = read_body()
    applied = actions.pause_queue(
        current_system(),
        actor(),
        name,
        text_of(body, "reason", parts.LONGEST_REASON, NO_REASON),
        until=moment_of(body, "until"),
        now=now(),
    )
    return _answer(name, applied)


@blueprint.post("/queues/<name>/resume")
@operation({200: DONE, 202: DONE})
def resume(name: str) -> ResponseReturnValue:
    """Let workers take from a queue again."""
    query()
    read_body()
    return _answer(name, actions.resume_queue(current_system(), actor(), name, now=now()))


@blueprint.post("/queues/<name>/empty")
@operation({200: {"name": str, "cancelled": int}})
def empty(name: str) -> ResponseReturnValue:
    """Cancel every run that waits in a queue."""
    query()
    read_body()
    cancelled = actions.empty_queue(current_system(), actor(), name, now=now())
    return jsonify(name=name, cancelled=cancelled)


@blueprint.post("/queues/<name>/refill")
@operation({200: {"name": str, "queued": int}})
def refill(name: str) -> ResponseReturnValue:
    """Take back the emptying of a queue within an hour: its runs are queued again."""
    query()
    read_body()
    return jsonify(
        name=name, queued=actions.refill_queue(current_system(), actor(), name, now=now())
    )


@blueprint.get("/workers")
@operation({200: {"workers": list[WorkerView], "total": int}})
def list_workers() -> ResponseReturnValue:
    """List the workers that gave a sign of life lately."""
    query()
    found, _ = reads.workers(current_system(), now())
    reads.demand_redis(found.away)
    return jsonify(workers=to_json(found.workers), total=len(found.workers))


@blueprint.post("/workers/<name>/stop")
@operation({202: DONE})
def stop_worker(name: str) -> ResponseReturnValue:
    """Ask a worker to take nothing more and to end."""
    query()
    read_body()
    actions.stop_worker(current_system(), actor(), name, now=now())
    return jsonify(name=name, status="stopping"), 202


def _answer(name: str, applied: bool) -> ResponseReturnValue:
    body = jsonify(name=name, status="applied" if applied else "pending")
    return body, 200 if applied else 202
