"""The command palette: every screen and every common act by its name. A page of its own, too."""

from __future__ import annotations

from dataclasses import dataclass
from secrets import token_urlsafe

from flask import Blueprint, request, url_for
from flask.typing import ResponseReturnValue

from app import reads
from app.views import TaskView
from console.context import current_account, current_system, now
from console.pages.frame import render
from console.security import may_act

SCREENS = (
    ("Today", "today.page"), ("Tasks", "tasks.page"), ("Runs", "runs.page"),
    ("Failures", "failures.page"), ("Queues", "queues.page"), ("Workers", "workers.page"),
    ("Health", "health_page.page"), ("Panels", "panels.index"), ("Audit", "audit.page"),
    ("API", "api_docs.page"),
)  # fmt: skip

blueprint = Blueprint("palette", __name__)


@dataclass(frozen=True)
class Entry:
    """One line. Without `form` it leads somewhere; `reason` tells that one has to be given."""

    label: str
    href: str
    form: bool = False
    reason: bool = False
    once: str = ""


@blueprint.get("/go")
def page() -> ResponseReturnValue:
    asked = request.args.get("q", "").strip()
    tasks, overview = reads.tasks_with_overview(current_system(), now(), 1)
    found = [Entry(f"Open {label}", url_for(endpoint)) for label, endpoint in SCREENS]
    found += [Entry(f"Open {task.id}", url_for("task.page", task_id=task.id)) for task in tasks]
    if may_act(current_account()):
        found += [entry for task in tasks for entry in _acts(task)]
        found.append(
            Entry("Resume everything", url_for("everything.resume"), form=True)
            if overview.pause
            else Entry("Pause everything", url_for("everything.pause"), form=True, reason=True)
        )
    words = asked.lower().split()
    entries = [entry for entry in found if all(word in entry.label.lower() for word in words)]
    return render("palette.html", overview=overview, asked=asked, entries=entries)


def _acts(task: TaskView) -> list[Entry]:
    run = url_for("task_acts.trigger", task_id=task.id)
    needed = (task.parameters or {}).get("required")
    acts = [
        Entry(f"Run {task.id}…", url_for("task.page", task_id=task.id) + "#run")
        if needed
        else Entry(f"Run {task.id} now", run, form=True, once=token_urlsafe(12))
    ]
    if task.state == "paused":
        act = url_for("task_acts.resume", task_id=task.id)
        return [*acts, Entry(f"Resume {task.id}", act, form=True)]
    act = url_for("task_acts.pause", task_id=task.id)
    acts.append(Entry(f"Pause {task.id}", act, form=True, reason=True))
    if task.schedules:
        acts.append(
            Entry(
                f"Skip the next run of {task.id}", url_for("task_acts.skip", task_id=task.id), True
            )
        )
        change = url_for("schedule.page", task_id=task.id)
        acts.append(Entry(f"Reschedule {task.id}…", change))
    return acts
