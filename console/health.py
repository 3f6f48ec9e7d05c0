"""For machines that watch: alive, ready, metrics."""

from __future__ import annotations

from flask import Blueprint, Response, jsonify
from flask.typing import ResponseReturnValue

from app import metrics, reads
from console.context import current_system, now

blueprint = Blueprint("health", __name__)


@blueprint.get("/healthz")
def healthz() -> ResponseReturnValue:
    """The process answers; whether it can work is /readyz."""
    return jsonify(status="ok")


@blueprint.get("/readyz")
def readyz() -> ResponseReturnValue:
    """Anybody may ask, so the answer says which service is away but not why."""
    states = {name: state == "ok" for name, state in reads.ready(current_system()).items()}
    body = {name: "ok" if ok else "away" for name, ok in states.items()}
    all_ok = all(states.values())
    return jsonify(status="ok" if all_ok else "unavailable", **body), 200 if all_ok else 503


@blueprint.get("/metrics")
def exposition() -> ResponseReturnValue:
    text = metrics.exposition(current_system(), now())
    return Response(text, content_type="text/plain; version=0.0.4; charset=utf-8")
