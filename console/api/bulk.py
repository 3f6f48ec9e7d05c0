"""Bulk acts: one act on everything that a search finds."""

from __future__ import annotations

from flask import Blueprint, jsonify, url_for
from flask.typing import ResponseReturnValue

from app import actions, reads
from app.bulk import ACTS, Plan
from app.reads.bulk import BulkReport, BulkView
from app.reads.run_search import LONGEST
from app.views import to_json
from console.api import parts
from console.api.body import flag_of, number_of, read_body, text_of
from console.api.operations import operation
from console.api.query import query, whole
from console.context import actor, current_system, now

ACCEPTED = {"bulk_id": str, "runs": int}

blueprint = Blueprint("api_bulk", __name__, url_prefix="/api/v1")


@blueprint.post("/runs/bulk")
@operation(
    {200: Plan, 202: ACCEPTED},
    body={
        "filter": parts.text("A search as in `GET /runs?q=`; blank is all runs", parts.NEEDED),
        "act": parts.choice("What to do with each", *ACTS, required=True),
        "dry_run": parts.flag("Only count what would be done (200 instead of 202)"),
        "expected": parts.number("Refuse (409) where more runs fit by now", 0, 2**31 - 1),
    },
)
def act() -> ResponseReturnValue:
    """Do one thing with every run that a search finds now, in the background."""
    query()
    body = read_body()
    verb, text = text_of(body, "act", 16, ""), text_of(body, "filter", LONGEST, "")
    if flag_of(body, "dry_run"):
        return jsonify(to_json(actions.plan_bulk(current_system(), actor(), verb, text, now=now())))
    bulk_id, total = actions.bulk(
        current_system(), actor(), verb, text, expected=number_of(body, "expected"), now=now()
    )
    place = {"Location": url_for("api_bulk.show", bulk_id=bulk_id)}
    return jsonify(bulk_id=bulk_id, runs=total), 202, place


@blueprint.get("/bulk")
@operation({200: {"bulk": list[BulkView], "next_cursor": str | None}}, query=parts.PAGES)
def list_bulk() -> ResponseReturnValue:
    """List bulk acts, newest first."""
    given = query()
    found = reads.bulks(current_system(), whole(given, "limit", 50), given.get("cursor"))
    return jsonify(bulk=to_json(found.items), next_cursor=found.next_cursor)


@blueprint.get("/bulk/<bulk_id>")
@operation({200: BulkReport})
def show(bulk_id: str) -> ResponseReturnValue:
    """Show how far a bulk act is, what it skipped and why."""
    query()
    return jsonify(to_json(reads.bulk(current_system(), bulk_id, now())))


@blueprint.post("/bulk/<bulk_id>/cancel")
@operation({200: {"bulk_id": str, "left": int}})
def cancel(bulk_id: str) -> ResponseReturnValue:
    """End a bulk act; runs that had no turn yet stay as they are."""
    query()
    read_body()
    left = actions.cancel_bulk(current_system(), actor(), bulk_id, now=now())
    return jsonify(bulk_id=bulk_id, left=left)


@blueprint.post("/bulk/<bulk_id>/undo")
@operation({202: ACCEPTED})
def undo(bulk_id: str) -> ResponseReturnValue:
    """Take back what a bulk act did, as far as nobody has acted on it since."""
    query()
    read_body()
    undo_id, total = actions.undo_bulk(current_system(), actor(), bulk_id, now=now())
    place = {"Location": url_for("api_bulk.show", bulk_id=undo_id)}
    return jsonify(bulk_id=undo_id, runs=total), 202, place
