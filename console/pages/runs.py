"""Runs: all of them, newest first; filters and place in the list are the URL."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import Blueprint, Response, jsonify, redirect, request, url_for
from flask.typing import ResponseReturnValue

from app import actions, reads
from app.errors import Conflict, Forbidden, Invalid, Unknown
from app.reads.run_search import STATUSES, TRIGGERS
from app.views import ErrorView, Page, RunView, to_json
from console.context import actor, console_zone, current_system, now
from console.live import live
from console.local_paths import local_path
from console.notices import tell
from console.pages.frame import render
from console.security import acts_on
from console.spreadsheet import csv_text
from console.wording import plural

PAGE = 40
# A browser offers what fits the letters typed so far; a thousand names weigh more than the page.
MOST_OFFERED = 60
FILTERS = ("q", "task_id", "status", "trigger")
COLUMNS = (
    "run_id", "task_id", "status", "trigger", "triggered_by", "at", "fire_time", "queued_at",
    "started_at", "ended_at", "duration_seconds", "wait_seconds", "attempt", "queue", "worker",
    "reason",
)  # fmt: skip
ACTS: dict[str, tuple[Callable[..., Any], str]] = {
    "cancel": (actions.cancel, "cancelled"),
    "stop": (actions.stop, "asked to stop"),
    "retry": (actions.retry, "queued again"),
}

blueprint = Blueprint("runs", __name__)


@blueprint.get("/runs")
@live
def page() -> ResponseReturnValue:
    chosen = _chosen()
    cursor = request.args.get("cursor") or None
    try:
        found = reads.runs(
            current_system(), **_given(chosen), **_clock(), limit=PAGE, cursor=cursor
        )
    except Invalid as refused:
        return _show(chosen, Page(()), cursor, refused), 422
    return _show(chosen, found, cursor)


@blueprint.get("/runs/export/<form>")
def export(form: str) -> ResponseReturnValue:
    """What the filters find, the newest 10,000 at most, as CSV or JSON."""
    if form not in ("csv", "json"):
        raise Unknown("export", form)
    found = reads.exported_runs(current_system(), **_given(_chosen()), **_clock())
    place = {"Content-Disposition": f'attachment; filename="runs.{form}"'}
    if form == "json":
        answer = jsonify(runs=to_json(found))
        answer.headers.update(place)
        return answer
    return Response(_csv(found), content_type="text/csv; charset=utf-8", headers=place)


@blueprint.post("/runs/act")
def act() -> ResponseReturnValue:
    """Do one thing with each run that was chosen, and tell how it went."""
    verb = request.form.get("act", "")
    if verb not in ACTS:
        raise Invalid("That cannot be done with runs.", {"act": f"one of {', '.join(ACTS)}"})
    done, refused, chosen = 0, [], request.form.getlist("run")[:PAGE]
    for run_id in chosen:
        if not acts_on(run_id):
            raise Forbidden(f"{run_id} is not yours to act on: nothing was done.")
    for run_id in chosen:
        try:
            ACTS[verb][0](current_system(), actor(), run_id, now=now())
            done += 1
        except (Conflict, Unknown) as error:
            refused.append(str(error))
    tell(_report(done, refused, ACTS[verb][1]), "waiting" if refused else "done")
    return redirect(local_path(request.form.get("back")) or url_for("runs.page"), 303)


def _report(done: int, refused: list[str], word: str) -> str:
    if not done and not refused:
        return "No run was chosen."
    told = f"{plural(done, 'run')} {word}."
    return f"{told} {plural(len(refused), 'run')} left as it was: {refused[0]}" if refused else told


def _clock() -> dict[str, Any]:
    """Return what days and durations of a search are counted by."""
    return {"now": now(), "zone": console_zone()}


def _chosen() -> dict[str, str]:
    return {name: request.args.get(name, "").strip() for name in FILTERS}


def _as_search(chosen: dict[str, str]) -> str:
    """Return all filters as one search, for acts on everything that they find."""
    named = (("task_id", "task"), ("status", "status"), ("trigger", "trigger"))
    parts = [f"{key}:{_quoted(chosen[name])}" for name, key in named if chosen[name]]
    return " ".join([*parts, chosen["q"]]).strip()


def _quoted(text: str) -> str:
    return f'"{text}"' if " " in text else text


def _given(chosen: dict[str, str]) -> dict[str, Any]:
    return {name: text or None for name, text in chosen.items()}


def _show(
    chosen: dict[str, str], found: Page[RunView], cursor: str | None, refused: Invalid | None = None
) -> str:
    return render(
        "runs.html",
        runs=found,
        chosen=chosen,
        active={name: value for name, value in chosen.items() if value},
        later=cursor is not None,
        statuses=STATUSES,
        triggers=TRIGGERS,
        task_ids=list(current_system().catalogue.tasks)[:MOST_OFFERED],
        refused=refused,
        as_search=_as_search(chosen),
        # What was refused does not change by asking again.
        still=refused is not None,
    )


def _csv(runs: list[RunView]) -> str:
    errors = (run.error or ErrorView("", "", "", "") for run in runs)
    return csv_text(
        (*COLUMNS, "error_type", "error_message"),
        ([*(getattr(run, name) for name in COLUMNS), error.type, error.message]
         for run, error in zip(runs, errors, strict=True)),
    )  # fmt: skip
