"""Failures: what broke in the past week, by cause, and retrying all of one cause."""

from __future__ import annotations

from flask import Blueprint, redirect, request, url_for
from flask.typing import ResponseReturnValue

from app import actions, reads
from app.errors import Conflict, Unknown
from console.context import actor, current_system, now
from console.live import live
from console.notices import tell
from console.pages.frame import render
from console.wording import plural

# So that the answer comes in seconds; who wants more presses again.
MOST_RETRIED = 100

blueprint = Blueprint("failures", __name__)


@blueprint.get("/failures")
@live
def page() -> ResponseReturnValue:
    task_id = request.args.get("task_id", "").strip() or None
    found = reads.failures(current_system(), now(), task_id=task_id)
    return render("failures.html", found=found, task_id=task_id)


@blueprint.post("/failures/retry")
def retry() -> ResponseReturnValue:
    system = current_system()
    task_id, fingerprint = request.form.get("task_id", ""), request.form.get("fingerprint", "")
    run_ids = reads.failed_runs(system, now(), task_id, fingerprint)
    done = 0
    for run_id in run_ids[:MOST_RETRIED]:
        try:
            actions.retry(system, actor(), run_id, now=now())
            done += 1
        except (Conflict, Unknown):
            # It moved on since the page was made: its own page tells how.
            continue
    left = len(run_ids) - done
    rest = f" {plural(left, 'run')} left as it was." if left else ""
    tell(f"{plural(done, 'run')} of {task_id} queued again.{rest}", "waiting" if left else "done")
    return redirect(url_for("failures.page"), 303)
