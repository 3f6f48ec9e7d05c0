"""Bulk acts: look what would happen, confirm, watch it happen, take it back."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, redirect, request, url_for
from flask.typing import ResponseReturnValue

from app import actions, reads
from app.bulk import ACTS
from app.errors import Conflict, Invalid
from console.context import actor, console_zone, current_system, now
from console.live import live
from console.notices import tell
from console.pages.frame import render
from console.wording import plural

PAGE = 40
# Each act as a button, as what happened to runs, and whether it can be taken back.
WORDS = {
    "retry": ("Retry", "queued again", "Those that still wait can be cancelled afterwards."),
    "cancel": ("Cancel", "cancelled", "It can be taken back: they are queued again as they were."),
    "stop": ("Stop", "asked to stop", "It cannot be taken back."),
    "again": ("Run again", "run again", "Those that still wait can be cancelled afterwards."),
}

blueprint = Blueprint("bulk", __name__)


@blueprint.get("/runs/bulk")
def plan() -> ResponseReturnValue:
    try:
        return _plan(request.args.get("act", ""), request.args.get("filter", "").strip())
    except Invalid as refused:
        return _show_plan(request.args, refused=refused), 422


@blueprint.post("/runs/bulk")
def act() -> ResponseReturnValue:
    form = request.form
    verb, text, expected = form.get("act", ""), form.get("filter", "").strip(), _expected()
    try:
        bulk_id, total = actions.bulk(
            current_system(), actor(), verb, text,
            expected=expected, zone=console_zone(), now=now(),
        )  # fmt: skip
    except Invalid as refused:
        return _show_plan(form, refused=refused), 422
    except Conflict as refused:
        return _plan(verb, text, refused), 409
    tell(f"Accepted: {plural(total, 'run')} to act on, one after another.")
    return redirect(url_for("bulk.page", bulk_id=bulk_id), 303)


@blueprint.get("/bulk")
@live
def index() -> ResponseReturnValue:
    cursor = request.args.get("cursor") or None
    found = reads.bulks(current_system(), PAGE, cursor)
    return render("bulks.html", bulks=found, later=cursor is not None, words=WORDS)


@blueprint.get("/bulk/<bulk_id>")
@live
def page(bulk_id: str) -> ResponseReturnValue:
    return render("bulk.html", report=reads.bulk(current_system(), bulk_id, now()), words=WORDS)


@blueprint.post("/bulk/<bulk_id>/cancel")
def cancel(bulk_id: str) -> ResponseReturnValue:
    left = actions.cancel_bulk(current_system(), actor(), bulk_id, now=now())
    tell(f"The bulk act is cancelled: {plural(left, 'run')} stay as they are.")
    return redirect(url_for("bulk.page", bulk_id=bulk_id), 303)


@blueprint.post("/bulk/<bulk_id>/undo")
def undo(bulk_id: str) -> ResponseReturnValue:
    undo_id, total = actions.undo_bulk(current_system(), actor(), bulk_id, now=now())
    tell(f"Accepted: {plural(total, 'run')} to put back, one after another.")
    return redirect(url_for("bulk.page", bulk_id=undo_id), 303)


def _plan(verb: str, text: str, refused: Conflict | None = None) -> str:
    found = None
    if verb:
        found = actions.plan_bulk(current_system(), actor(), verb, text, console_zone(), now())
    return _show_plan({"act": verb, "filter": text}, plan=found, refused=refused)


def _show_plan(values: Any, *, plan: Any = None, refused: Invalid | Conflict | None = None) -> str:
    return render(
        "bulk_plan.html",
        values=values,
        plan=plan,
        refused=refused,
        errors=refused.fields if isinstance(refused, Invalid) else {},
        acts=ACTS,
        words=WORDS,
    )


def _expected() -> int | None:
    text = request.form.get("expected", "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else None
