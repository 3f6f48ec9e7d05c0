"""Run: what happened in one run, while it happens and after."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from itertools import chain

from flask import Blueprint, Response, request, stream_with_context
from flask.typing import ResponseReturnValue

from app import reads
from app.errors import Conflict, Invalid
from app.views import LogLine, LogPage, RunView, rfc3339
from console.context import current_system, now
from console.live import live
from console.pages.frame import render
from console.run_end import expected
from console.run_form import Field, fields
from console.run_graph import draw
from console.run_spans import spans
from console.run_steps import steps
from console.wording import shown

# The page shows the end of the log; the whole of it has an address of its own.
LOG_SHOWN = 500
LOG_READ = 1000
# As much as a run's log may hold: a filter looks at all of it.
LOG_WHOLE = 2000
LEVELS = ("debug", "info", "warning", "error", "critical")

blueprint = Blueprint("run", __name__)


@blueprint.get("/runs/<run_id>")
@live
def page(run_id: str) -> ResponseReturnValue:
    return show(run_id)


@blueprint.get("/runs/<run_id>/log")
def log(run_id: str) -> ResponseReturnValue:
    """The whole log as plain text."""
    pages = _log_pages(run_id)
    # Asked for before the answer begins: what cannot be read has a status of its own.
    first = next(pages)
    text = stream_with_context(_text(chain([first], pages)))
    return Response(text, content_type="text/plain; charset=utf-8")


def show(
    run_id: str,
    *,
    values: Mapping[str, str] | None = None,
    refused: Invalid | Conflict | None = None,
) -> str:
    """Render the page, with what was entered and why it was refused where a form came back."""
    level, find = request.args.get("level", ""), request.args.get("find", "").strip()
    lines = LOG_WHOLE if level or find else LOG_SHOWN
    run, detail, log = reads.run_page(current_system(), run_id, lines)
    errors = refused.fields if isinstance(refused, Invalid) else {}
    return render(
        "run.html",
        run=run,
        detail=detail,
        steps=steps(run),
        ends=expected(run, detail.pace, now()),
        spans=spans(run, now()),
        graph=draw(run, detail),
        lines=_filtered(log.lines, level, find) if log else (),
        log=log,
        level=level,
        find=find,
        levels=LEVELS,
        known_tasks=current_system().catalogue.tasks,
        fields=_again_fields(run, values, errors),
        values=values or {},
        errors=errors,
        refused=refused,
    )


def _again_fields(
    run: RunView, values: Mapping[str, str] | None, errors: Mapping[str, str]
) -> list[Field]:
    """Return the form of a new run like this one, holding its arguments."""
    task = current_system().catalogue.tasks.get(run.task_id)
    if task is None:
        return []
    given = run.arguments if isinstance(run.arguments, dict) else {}
    entered = values or {f"arg-{name}": _as_entered(value) for name, value in given.items()}
    told = {name.removeprefix("arguments."): text for name, text in errors.items()}
    return fields(task.parameters.schema(), entered, told)


def _as_entered(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _filtered(lines: Sequence[LogLine], level: str, find: str) -> list[LogLine]:
    least = LEVELS.index(level) if level in LEVELS else 0
    words = find.lower()
    return [
        line
        for line in lines
        if _rank(line.level) >= least and (not words or words in line.message.lower())
    ]


def _rank(level: str) -> int:
    return LEVELS.index(level.lower()) if level.lower() in LEVELS else len(LEVELS)


def _log_pages(run_id: str) -> Iterator[LogPage]:
    after, more = 0, True
    while more:
        page = reads.run_log(current_system(), run_id, after=after, limit=LOG_READ)
        yield page
        more = not page.complete and len(page.lines) >= LOG_READ and page.next > after
        after = page.next


def _text(pages: Iterator[LogPage]) -> Iterator[bytes]:
    for page in pages:
        for line in page.lines:
            text = f"{rfc3339(line.at)} {line.level} {line.logger}: {shown(line.message)}\n"
            yield text.encode("utf-8", "replace")
