"""What a bulk act does with one run: the script that it sends, and what the answer means."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from redis.client import Pipeline
from sqlalchemy import Connection, Row

from app import keys, scripts
from app.backfill import WAITS
from app.errors import Invalid
from app.records.history import insert
from app.records.schema import runs
from app.run_jobs import NewRun, digest, job_pairs, manual_run_id, retry_args, run_of_row
from app.system import System
from app.views import ENDED

SKIPPED = "skipped"
TRIGGERS = {"console": "manual", "cli": "cli"}
# What Redis calls a run's state, as people read it.
STATES = {
    "": "gone", "canceled": "cancelled", "started": "running", "finished": "succeeded",
    "deferred": "scheduled",
}  # fmt: skip
DONE = {
    "cancel": ("CANCELLED", "DONE"),
    "stop": ("STOPPING", "DONE"),
    "retry": ("QUEUED", "SCHEDULED", "DONE"),
    # A duplicate is its own earlier try: the new run's id is derived from the act's.
    "again": ("QUEUED", "DUPLICATE"),
}
RETRIABLE = ENDED - {"succeeded"}


@dataclass(frozen=True)
class Step:
    """One run's turn: what to send, or why it is left as it is."""

    place: int
    run_id: str
    refusal: str | None = None
    script: str = ""
    args: list[Any] = field(default_factory=list)
    made: str | None = None
    new: NewRun | None = None

    def insert(self, connection: Connection) -> None:
        """Write the row of the run that this step makes, where it makes one."""
        if self.new is None:
            return
        new = self.new
        row = {
            "run_id": new.run_id, "task_id": new.task_id, "trigger": new.trigger,
            "triggered_by": new.triggered_by, "parent_run_id": new.parent_run_id,
            "status": "queued", "queue": new.queue, "at": new.at,
            "arguments": dict(new.arguments),
        }  # fmt: skip
        connection.execute(insert(connection, runs).values(row).on_conflict_do_nothing())


def prepare(system: System, bulk: Row[Any], row: Row[Any]) -> Step:
    """Decide what this run's turn is; `row` is its place with what the history holds of it."""
    if row.run_id is None:
        return Step(row.place, row.chosen, "its record is gone")
    made = {"cancel": _cancel, "stop": _stop, "retry": _retry, "again": _again}[bulk.act]
    try:
        return made(system, bulk, row)
    except Invalid as error:
        return Step(row.place, row.chosen, f"its arguments no longer fit: {error}")


def send(pipeline: Pipeline, bulk: Row[Any], step: Step) -> None:
    """Put the step's script into the pipeline."""
    where = [keys.job(step.run_id)]
    if step.new is not None:
        where = [keys.job(step.new.run_id), keys.live(step.new.task_id)]
    scripts.run(step.script, pipeline, where, step.args)


def outcome_of(act: str, answer: str) -> str | None:
    """Return None where the script did it, else why it did not."""
    if answer in DONE[act]:
        return None
    if answer == "MOVED":
        return "somebody has acted on it since"
    return f"it is {STATES.get(answer, answer)} meanwhile"


def _cancel(_system: System, bulk: Row[Any], row: Row[Any]) -> Step:
    if row.reason == WAITS:
        return Step(row.place, row.chosen, "it waits in a backfill, which is cancelled as a whole")
    reason = f"cancelled by {bulk.by} (bulk act {bulk.bulk_id})"
    args = [row.run_id, row.task_id, reason, bulk.bulk_id, bulk.undo_of or ""]
    return Step(row.place, row.chosen, script="cancel", args=args)


def _stop(_system: System, bulk: Row[Any], row: Row[Any]) -> Step:
    reason = f"stopped by {bulk.by} (bulk act {bulk.bulk_id})"
    return Step(row.place, row.chosen, script="stop", args=[row.run_id, reason, bulk.bulk_id])


def _retry(system: System, bulk: Row[Any], row: Row[Any]) -> Step:
    task = system.catalogue.tasks.get(row.task_id)
    if task is None:
        return Step(row.place, row.chosen, f"the task {row.task_id} is gone from the code")
    if not bulk.undo_of and row.status not in RETRIABLE:
        return Step(row.place, row.chosen, f"it is {row.status} meanwhile")
    if bulk.undo_of and row.depended:
        return Step(row.place, row.chosen, "it waited for other runs: retry it by hand")
    run = run_of_row(row, task)
    task.parameters.validate(row.arguments or {})
    # What waited for its time when it was cancelled waits for it again.
    due = row.at.timestamp() if bulk.undo_of else None
    args = retry_args(run, row.revision, row.attempt, bulk.bulk_id, bulk.undo_of or "", due)
    return Step(row.place, row.chosen, script="retry", args=args)


def _again(system: System, bulk: Row[Any], row: Row[Any]) -> Step:
    task = system.catalogue.tasks.get(row.task_id)
    if task is None:
        return Step(row.place, row.chosen, f"the task {row.task_id} is gone from the code")
    new = NewRun(
        run_id=manual_run_id(row.task_id, bulk.at, digest(f"{bulk.bulk_id} {row.run_id}")),
        task_id=row.task_id,
        path=task.path,
        queue=task.queue,
        timeout_seconds=task.timeout_seconds,
        trigger=TRIGGERS.get(bulk.via, "api"),
        at=bulk.at,
        arguments=task.parameters.validate(row.arguments or {}),
        triggered_by=bulk.by,
        parent_run_id=row.run_id,
    )
    args = [new.run_id, new.queue, "", 1, 0, new.static(), *job_pairs(new)]
    args += ["rota_bulk", bulk.bulk_id]
    return Step(row.place, row.chosen, script="enqueue", args=args, made=new.run_id, new=new)
