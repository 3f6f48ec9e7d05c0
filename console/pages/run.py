"""Run: what happened in one run, while it happens and after."""

from __future__ import annotations

from collections.abc import Iterator

from flask import Blueprint, Response, stream_with_context
from flask.typing import ResponseReturnValue

from app import reads
from app.errors import Unavailable, Unknown
from app.views import LogLine, LogPage, RunView, rfc3339
from console.context import current_system, now
from console.live import live
from console.pages.frame import render
from console.run_steps import steps
from console.wording import shown

# The page shows the end of the log; the whole of it has an address of its own.
LOG_SHOWN = 500
LOG_READ = 1000

blueprint = Blueprint("run", __name__)


@blueprint.get("/runs/<run_id>")
@live
def page(run_id: str) -> ResponseReturnValue:
    run = reads.run(current_system(), run_id)
    lines, log = _end_of_log(run_id)
    before, after = _neighbours(run)
    return render(
        "run.html",
        run=run,
        steps=steps(run),
        lines=lines,
        log=log,
        before=before,
        after=after,
    )


@blueprint.get("/runs/<run_id>/log")
def log(run_id: str) -> ResponseReturnValue:
    """The whole log as plain text."""
    reads.run(current_system(), run_id)
    text = stream_with_context(_text(run_id))
    return Response(text, content_type="text/plain; charset=utf-8")


def _neighbours(run: RunView) -> tuple[str | None, str | None]:
    """Return the runs of the same task before and after this one, as far as its strip goes."""
    try:
        recent = [
            beside.run_id for beside in reads.task(current_system(), run.task_id, now()).recent
        ]
    except Unknown:
        return None, None
    place = recent.index(run.run_id) if run.run_id in recent else 0
    before = recent[place - 1] if place > 0 else None
    after = recent[place + 1] if run.run_id in recent[:-1] else None
    return before, after


def _end_of_log(run_id: str) -> tuple[list[LogLine], LogPage | None]:
    lines: list[LogLine] = []
    page = None
    try:
        for page in _log_pages(run_id):
            lines = [*lines, *page.lines][-LOG_SHOWN:]
    except Unavailable:
        # The rest of the page says how the run stands; without Redis only its live log is missing.
        return lines, None
    return lines, page


def _log_pages(run_id: str) -> Iterator[LogPage]:
    after, more = 0, True
    while more:
        page = reads.run_log(current_system(), run_id, after=after, limit=LOG_READ)
        yield page
        more = len(page.lines) >= LOG_READ and page.next > after
        after = page.next


def _text(run_id: str) -> Iterator[bytes]:
    for page in _log_pages(run_id):
        for line in page.lines:
            text = f"{rfc3339(line.at)} {line.level} {line.logger}: {shown(line.message)}\n"
            yield text.encode("utf-8", "replace")
