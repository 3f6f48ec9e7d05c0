"""Failures: what broke in the past week, by cause; retry all of one, or put it aside."""

from __future__ import annotations

from flask import Blueprint, redirect, request, url_for
from flask.typing import ResponseReturnValue

from app import actions, reads
from app.errors import Invalid
from console.context import actor, current_system, now
from console.live import live
from console.notices import tell
from console.pages.frame import render
from console.paging import part_of
from console.wording import plural

PAGE = 20

blueprint = Blueprint("failures", __name__)


@blueprint.get("/failures")
@live
def page() -> ResponseReturnValue:
    return _show()


def _show(refused: Invalid | None = None) -> str:
    task_id = request.args.get("task_id", "").strip() or None
    found = reads.failures(current_system(), now(), task_id=task_id)
    part = part_of(found.groups, PAGE)
    return render("failures.html", found=found, part=part, task_id=task_id, refused=refused)


@blueprint.post("/failures/dismiss")
def dismiss() -> ResponseReturnValue:
    task_id, cause, reason = _cause(), request.form.get("fingerprint", ""), _reason()
    try:
        actions.dismiss(current_system(), actor(), task_id, cause, reason, now=now())
    except Invalid as refused:
        return _show(refused), 422
    tell(f"That cause of {task_id} is out of the way until it fails once more.")
    return redirect(url_for("failures.page"), 303)


@blueprint.post("/failures/restore")
def restore() -> ResponseReturnValue:
    task_id, cause = _cause(), request.form.get("fingerprint", "")
    actions.restore(current_system(), actor(), task_id, cause, now=now())
    tell(f"That cause of {task_id} is shown again.")
    return redirect(url_for("failures.page"), 303)


@blueprint.post("/missed/dismiss")
def dismiss_missed() -> ResponseReturnValue:
    actions.dismiss_missed(current_system(), actor(), now=now())
    tell("The missed fire times so far are out of the way; the history keeps them.")
    return redirect(url_for("today.page"), 303)


def _cause() -> str:
    return request.form.get("task_id", "")


def _reason() -> str:
    return request.form.get("reason", "").strip()


@blueprint.post("/failures/retry")
def retry() -> ResponseReturnValue:
    task_id, cause = _cause(), request.form.get("fingerprint", "")
    done, left = actions.retry_failures(current_system(), actor(), task_id, cause, now=now())
    rest = f" {plural(left, 'run')} left as it was." if left else ""
    tell(f"{plural(done, 'run')} of {task_id} queued again.{rest}", "waiting" if left else "done")
    return redirect(url_for("failures.page"), 303)
