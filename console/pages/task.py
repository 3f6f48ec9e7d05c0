"""Task: what it is, when it fires, how it went, and what one may do with it."""

from __future__ import annotations

from collections.abc import Mapping
from secrets import token_urlsafe

from flask import Blueprint
from flask.typing import ResponseReturnValue

from app import reads
from app.errors import Invalid
from console.chart import durations
from console.context import console_zone, current_system, now
from console.live import live
from console.pages.frame import render
from console.run_form import fields
from console.strip import draw

HISTORY = 12

blueprint = Blueprint("task", __name__)


@blueprint.get("/tasks/<task_id>")
@live
def page(task_id: str) -> ResponseReturnValue:
    return show(task_id)


def show(
    task_id: str,
    *,
    values: Mapping[str, str] | None = None,
    refused: Invalid | None = None,
) -> str:
    """Render the page, with what was entered and why it was refused where a form came back."""
    system = current_system()
    task, detail = reads.task_page(system, task_id, now())
    errors = {name.removeprefix("arguments."): text for name, text in _reasons(refused)}
    return render(
        "task.html",
        task=task,
        detail=detail,
        fires=detail.fires,
        history=task.recent[: -HISTORY - 1 : -1],
        strip=draw(task.recent),
        chart=durations(task.recent, detail.releases, console_zone(), now()),
        fields=fields(task.parameters, values or {}, errors),
        values=values or {},
        errors=errors,
        refused=refused,
        once=token_urlsafe(12),
    )


def _reasons(refused: Invalid | None) -> list[tuple[str, str]]:
    return list(refused.fields.items()) if refused is not None else []
