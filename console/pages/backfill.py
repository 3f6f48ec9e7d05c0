"""Backfill: choose a range, see what would run, then run it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from flask import Blueprint, redirect, request, url_for
from flask.typing import ResponseReturnValue

from app import actions
from app.errors import Conflict, Invalid
from console.context import actor, console_zone, current_system, now
from console.moments import local_moment
from console.notices import tell
from console.pages.frame import render
from console.wording import plural

blueprint = Blueprint("backfill", __name__)
# The plan may hold a thousand fire times; this many are worth reading.
SHOWN = 100


@blueprint.get("/tasks/<task_id>/backfill")
def page(task_id: str) -> ResponseReturnValue:
    return _show(task_id, _usual())


@blueprint.post("/tasks/<task_id>/backfill")
def run(task_id: str) -> ResponseReturnValue:
    dry_run = request.form.get("step") != "run"
    try:
        made = _backfill(task_id, dry_run)
    except Invalid as refused:
        return _show(task_id, request.form, refused=refused), 422
    except Conflict as refused:
        return _show(task_id, request.form, refused=refused), 409
    if dry_run:
        return _show(task_id, request.form, planned=made)
    tell(f"Accepted: {plural(made.runs, 'run')} of {task_id} follow, oldest first.")
    return redirect(url_for("task.page", task_id=task_id) + "#backfills", 303)


@blueprint.post("/tasks/<task_id>/backfill/<backfill_id>/cancel")
def cancel(task_id: str, backfill_id: str) -> ResponseReturnValue:
    cancelled = actions.cancel_backfill(current_system(), actor(), backfill_id, now=now())
    tell(f"The backfill is cancelled: {plural(cancelled, 'run')} will not start.")
    return redirect(url_for("task.page", task_id=task_id) + "#backfills", 303)


def _backfill(task_id: str, dry_run: bool) -> actions.Backfill:
    form, zone = request.form, console_zone()
    start = local_moment("from", form.get("from", ""), zone)
    end = local_moment("to", form.get("to", ""), zone)
    if start is None or end is None:
        raise Invalid("Which range?", {"from": "a day and a time", "to": "a day and a time"})
    at_a_time = form.get("concurrency", "1")
    return actions.backfill(
        current_system(),
        actor(),
        task_id,
        start,
        end,
        dry_run=dry_run,
        force=bool(form.get("force")),
        concurrency=int(at_a_time)
        if at_a_time.isascii() and at_a_time.isdigit() and len(at_a_time) < 4
        else 0,
        now=now(),
    )


def _usual() -> dict[str, str]:
    """Return the range of yesterday until now, in the console's zone."""
    local = now().astimezone(console_zone()).replace(tzinfo=None)
    start = (local - timedelta(days=1)).replace(hour=0, minute=0)
    return {
        "from": start.isoformat(timespec="minutes"),
        "to": local.isoformat(timespec="minutes"),
        "concurrency": "1",
    }


def _show(
    task_id: str,
    values: Any,
    *,
    planned: actions.Backfill | None = None,
    refused: Invalid | Conflict | None = None,
) -> str:
    return render(
        "backfill.html",
        task=current_system().catalogue.task(task_id),
        values=values,
        planned=planned,
        shown=SHOWN,
        refused=refused,
        errors=refused.fields if isinstance(refused, Invalid) else {},
    )
