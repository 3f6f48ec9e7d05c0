"""Run: what happened in one run, while it happens and after."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain

from flask import Blueprint, Response, stream_with_context
from flask.typing import ResponseReturnValue

from app import reads
from app.views import LogPage, rfc3339
from console.context import current_system
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
    run, detail, log = reads.run_page(current_system(), run_id, LOG_SHOWN)
    return render(
        "run.html",
        run=run,
        detail=detail,
        steps=steps(run),
        lines=log.lines if log else (),
        log=log,
    )


@blueprint.get("/runs/<run_id>/log")
def log(run_id: str) -> ResponseReturnValue:
    """The whole log as plain text."""
    pages = _log_pages(run_id)
    # Asked for before the answer begins: what cannot be read has a status of its own.
    first = next(pages)
    text = stream_with_context(_text(chain([first], pages)))
    return Response(text, content_type="text/plain; charset=utf-8")


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
