"""The command palette: every screen and every common act by its name. A page of its own, too."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from secrets import token_urlsafe

from flask import Blueprint, request, url_for
from flask.typing import ResponseReturnValue

from app import reads
from app.views import TaskView
from console.context import current_system, now
from console.pages.frame import render
from console.security import acts_on

SCREENS = (
    ("Today", "today.page"), ("Tasks", "tasks.page"), ("Runs", "runs.page"),
    ("Failures", "failures.page"), ("Queues", "queues.page"), ("Workers", "workers.page"),
    ("Health", "health_page.page"), ("Panels", "panels.index"), ("Audit", "audit.page"),
    ("API", "api_docs.page"),
)  # fmt: skip

ACTS = ("open", "run", "now", "resume", "pause", "skip the next run of", "reschedule")
MOST_TASKS = 25

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
    words = asked.lower().split()
    # Of several words some name the act: a task fits if the others name it.
    named = " ".join(word for word in words if not any(word in act for act in ACTS))
    tasks, around = reads.task_list(current_system(), now(), q=named, limit=MOST_TASKS)
    found = [Entry(f"Open {label}", url_for(endpoint)) for label, endpoint in SCREENS]
    found += _of_tasks(tasks.tasks)
    if acts_on("*"):
        found.append(
            Entry("Resume everything", url_for("everything.resume"), form=True)
            if around.pause
            else Entry("Pause everything", url_for("everything.pause"), form=True, reason=True)
        )
    return render(
        "palette.html",
        around=around,
        asked=asked,
        entries=[each for each in found if all(word in each.label.lower() for word in words)],
        # Then the server has to be asked again: it did not send them all.
        some=tasks.total > MOST_TASKS,
    )


def _of_tasks(tasks: Sequence[TaskView]) -> list[Entry]:
    opened = [Entry(f"Open {task.id}", url_for("task.page", task_id=task.id)) for task in tasks]
    return opened + [entry for task in tasks if acts_on(task.id) for entry in _acts(task)]


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
