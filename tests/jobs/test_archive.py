"""The archive: what it takes, what it never takes, and giving it back as it was."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, Row, delete, insert, select, update

from app import Conflict, Invalid, cron, reading, writing
from app.context import CurrentRun
from app.contributions import contributions
from app.perform import perform
from app.settings import current_settings
from jobs.archive import ArchiveResult, archive, archive_old_applications
from jobs.recruiting.archive import taking
from jobs.recruiting.archive.command import describe, describe_runs
from jobs.recruiting.archive.plan import make_plan
from jobs.recruiting.archive.restoring import restore
from jobs.recruiting.archive.rule import VERSION
from jobs.recruiting.archive.taking import take
from jobs.recruiting.imports.loaded import Entry
from jobs.recruiting.imports.refusal import Place
from jobs.recruiting.imports.rows import Application, Person
from jobs.recruiting.imports.store import store
from jobs.recruiting.schema import (
    applications,
    archive_changes,
    candidates,
    interviews,
    offers,
    stage_events,
)
from tests.jobs.commands import python
from tests.processes import start_process

NOW = datetime(2026, 11, 24, 3, 0, tzinfo=UTC)
RUN = "archive_old_applications--1795489200"


def fill(engine: Engine, old: int = 2, fresh: int = 10) -> None:
    """Add `old` applications (ids from 1) without activity for 100 days, and `fresh` ones."""
    entries = []
    for n in range(old + fresh):
        since = timedelta(days=100 if n < old else 5)
        application = Application(
            "Engineer" if n % 2 else "Designer",
            stage="Interview",
            applied_at=NOW - timedelta(days=150),
            last_activity_at=NOW - since,
        )
        person = Person(f"Person {n}", (f"person{n}@example.org",))
        entries.append(Entry(Place(2, 2), person, [(Place(2, 2), application)]))
    with writing(engine) as connection:
        store(connection, entries, NOW - timedelta(days=1))


def change(engine: Engine, table: Any, number: int, **values: Any) -> None:
    with writing(engine) as connection:
        connection.execute(update(table).where(table.c.id == number).values(values))


def rows(engine: Engine, table: Any = applications) -> list[Row[Any]]:
    with reading(engine) as connection:
        return list(connection.execute(select(table).order_by(table.c.id)).all())


def archived(engine: Engine) -> list[int]:
    return [row.id for row in rows(engine) if row.status == "archived"]


def run(engine: Engine, now: datetime = NOW, run_id: str = RUN, **more: Any) -> ArchiveResult:
    return archive(engine, now, run_id, **more)


# --- what it takes -------------------------------------------------------------------------------


def test_it_takes_what_was_silent_for_more_than_ninety_days(engine: Engine) -> None:
    fill(engine)
    change(engine, applications, 3, last_activity_at=NOW - timedelta(days=90))
    change(engine, applications, 4, last_activity_at=NOW - timedelta(days=90, seconds=1))
    result = run(engine, allow_many=True)
    assert archived(engine) == [1, 2, 4]
    assert result.message == "3 of 12 open applications archived: no activity for 90 days."
    assert (result.archived, result.open, result.skipped) == (3, 12, 0)
    assert result.by_position == {"Engineer": 2, "Designer": 1}
    assert result.restore == f"python -m app archive restore {RUN}"


def test_a_second_run_changes_nothing_and_says_so(engine: Engine) -> None:
    fill(engine)
    run(engine)
    before = rows(engine), rows(engine, archive_changes), rows(engine, stage_events)
    result = run(engine, NOW + timedelta(days=1), "archive_old_applications--2")
    assert (rows(engine), rows(engine, archive_changes), rows(engine, stage_events)) == before
    assert result.message == "Nothing to do: no open application may be archived (90 days)."
    assert (result.archived, result.restore) == (0, "")


def test_every_change_is_written_down_with_its_reason(engine: Engine) -> None:
    fill(engine)
    run(engine)
    first = rows(engine, archive_changes)[0]
    assert (first.run_id, first.application_id, first.action) == (RUN, 1, "archive")
    assert (first.from_status, first.to_status, first.rule_version, first.at) == (
        "active",
        "archived",
        VERSION,
        NOW,
    )
    assert first.reason == "no activity since 2026-08-16 (100 days)"
    row = rows(engine)[0]
    assert (row.status, row.previous_status, row.reason, row.ended_at, row.updated_at) == (
        "archived",
        "active",
        first.reason,
        NOW,
        NOW,
    )
    event = rows(engine, stage_events)[-2]
    assert (event.from_status, event.to_status, event.to_stage) == (
        "active",
        "archived",
        "Interview",
    )


def test_a_dry_run_says_what_would_happen_and_changes_nothing(engine: Engine) -> None:
    fill(engine)
    before = rows(engine)
    result = run(engine, dry_run=True)
    assert result.message == (
        "A dry run: 2 of 12 open applications would be archived, nothing was changed."
    )
    assert (result.archived, result.by_position) == (0, {"Designer": 1, "Engineer": 1})
    assert rows(engine) == before
    assert rows(engine, archive_changes) == []


def test_other_numbers_of_days_and_senseless_ones(engine: Engine) -> None:
    fill(engine)
    assert run(engine, days=120).archived == 0
    assert run(engine, days=60, dry_run=True).message.startswith("A dry run: 2 of 12")
    for days in (0, -1, 4000):
        with pytest.raises(Invalid, match="from 1 to 3650"):
            run(engine, days=days)


# --- what it never takes -------------------------------------------------------------------------


def book(engine: Engine, **changes: Any) -> None:
    values = {"application_id": 1, "title": "Interview", "created_at": NOW, "updated_at": NOW}
    start = NOW + timedelta(days=3)
    times = {"start_at": start, "end_at": start + timedelta(hours=1), "status": "scheduled"}
    with writing(engine) as connection:
        connection.execute(insert(interviews).values({**values, **times, **changes}))


def offer(engine: Engine, version: int, status: str) -> None:
    values = {"application_id": 1, "version": version, "status": status}
    with writing(engine) as connection:
        connection.execute(insert(offers).values(values | {"created_at": NOW, "updated_at": NOW}))


def hold(engine: Engine) -> None:
    change(engine, candidates, 1, legal_hold=True)


def draft_again(engine: Engine) -> None:
    offer(engine, 1, "declined")
    offer(engine, 2, "draft")


@pytest.mark.parametrize(
    ("keep", "reason"),
    [
        (book, "a future interview"),
        (lambda e: offer(e, 1, "sent"), "an open offer"),
        (draft_again, "an open offer"),
        (hold, "a legal hold"),
    ],
)
def test_something_to_come_or_a_hold_keeps_an_application(
    engine: Engine, keep: Callable[[Engine], None], reason: str
) -> None:
    fill(engine)
    keep(engine)
    result = run(engine)
    assert archived(engine) == [2]
    assert result.kept == {reason: 1}
    assert f"Kept: 1 with {reason}." in result.message


def past(engine: Engine) -> None:
    start = NOW - timedelta(days=101)
    book(engine, start_at=start, end_at=start + timedelta(hours=1))


def replaced(engine: Engine) -> None:
    offer(engine, 1, "sent")
    offer(engine, 2, "declined")


@pytest.mark.parametrize(
    "over",
    [
        past,
        lambda e: book(e, status="cancelled"),
        lambda e: offer(e, 1, "declined"),
        replaced,
    ],
)
def test_what_is_over_keeps_nothing(engine: Engine, over: Callable[[Engine], Any]) -> None:
    fill(engine)
    over(engine)
    run(engine)
    assert archived(engine) == [1, 2]


@pytest.mark.parametrize("status", ["hired", "rejected", "withdrawn"])
def test_only_what_is_under_way_is_taken(engine: Engine, status: str) -> None:
    fill(engine)
    change(engine, applications, 1, status=status)
    run(engine)
    assert archived(engine) == [2]
    assert rows(engine)[0].status == status


# --- too many, or changed meanwhile --------------------------------------------------------------


def test_more_than_a_quarter_needs_a_persons_word(engine: Engine) -> None:
    fill(engine, old=3, fresh=8)
    with pytest.raises(Conflict, match=r"3 of 11 open applications .* 27%; at most 25%"):
        run(engine)
    assert archived(engine) == []
    assert run(engine, allow_many=True).archived == 3


def test_exactly_a_quarter_goes(engine: Engine) -> None:
    fill(engine, old=3, fresh=9)
    assert run(engine).archived == 3


def test_one_that_changed_since_the_plan_is_left_alone(engine: Engine) -> None:
    fill(engine, old=3, fresh=20)
    plan = make_plan(engine, NOW, 90, RUN)
    change(engine, applications, 1, stage="Offer", updated_at=NOW)
    book(engine, application_id=2)
    with writing(engine) as connection:
        connection.execute(delete(applications).where(applications.c.id == 3))
    assert take(engine, plan, NOW, 90, RUN) == 0
    assert archived(engine) == []
    assert rows(engine, archive_changes) == []


def test_what_was_left_alone_is_told(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    fill(engine, old=2, fresh=20)
    whole = make_plan

    def meanwhile(*given: Any) -> Any:
        plan = whole(*given)
        change(engine, applications, 1, updated_at=NOW)
        return plan

    monkeypatch.setattr("jobs.archive.make_plan", meanwhile)
    result = run(engine)
    assert (result.archived, result.skipped) == (1, 1)
    assert "1 changed meanwhile and were left alone." in result.message


# --- giving back ---------------------------------------------------------------------------------


def test_restoring_puts_everything_back_as_it_was(engine: Engine) -> None:
    fill(engine)
    change(engine, applications, 1, reason="a note", updated_at=NOW - timedelta(days=2))
    before = [{**row._mapping, "updated_at": None} for row in rows(engine)]
    run(engine)
    done = restore(engine, RUN, "olga", NOW + timedelta(hours=1))
    assert (done.restored, done.changed, done.before, done.gone) == (2, 0, 0, 0)
    assert [{**row._mapping, "updated_at": None} for row in rows(engine)] == before
    assert describe(done) == f"{RUN}: 2 given back.\n"


def test_restoring_is_written_down_and_done_once(engine: Engine) -> None:
    fill(engine)
    run(engine)
    restore(engine, RUN, "olga", NOW + timedelta(hours=1))
    again = restore(engine, RUN, "olga", NOW + timedelta(hours=2))
    assert (again.restored, again.before) == (0, 2)
    changes = rows(engine, archive_changes)
    assert [(c.action, c.actor) for c in changes][2:] == [("restore", "olga")] * 2
    assert changes[2].from_status == "archived"
    last = rows(engine, stage_events)[-1]
    assert (last.from_status, last.to_status, last.actor) == ("archived", "active", "olga")


def test_what_changed_since_or_is_gone_is_not_given_back(engine: Engine) -> None:
    fill(engine, old=3, fresh=20)
    run(engine)
    change(engine, applications, 1, status="hired", updated_at=NOW + timedelta(minutes=1))
    with writing(engine) as connection:
        connection.execute(delete(applications).where(applications.c.id == 2))
    done = restore(engine, RUN, "olga", NOW + timedelta(hours=1))
    assert (done.restored, done.changed, done.gone) == (1, 1, 1)
    assert rows(engine)[0].status == "hired"


def test_what_was_given_back_is_not_taken_again_the_next_night(engine: Engine) -> None:
    fill(engine)
    run(engine)
    restore(engine, RUN, "olga", NOW + timedelta(hours=1))
    night = run(engine, NOW + timedelta(days=1), "archive_old_applications--2")
    assert (night.archived, night.kept) == (0, {"a restore in the last 90 days": 2})
    later = run(engine, NOW + timedelta(days=91), "archive_old_applications--3", allow_many=True)
    assert later.archived >= 2
    assert restore(engine, RUN, "olga", NOW + timedelta(days=92)).before == 2


def test_a_run_that_took_nothing_cannot_be_given_back(engine: Engine) -> None:
    with pytest.raises(Conflict, match="No run nobody--1 archived anything"):
        restore(engine, "nobody--1", "olga", NOW)


# --- the task and its command --------------------------------------------------------------------


@pytest.fixture
def at_home(
    monkeypatch: pytest.MonkeyPatch, sqlite_url: str, sqlite_engine: Engine
) -> Iterator[Engine]:
    monkeypatch.setenv("DATABASE_URL", sqlite_url)
    current_settings.cache_clear()
    yield sqlite_engine
    current_settings.cache_clear()


def test_the_task_runs_at_three_and_its_run_can_be_restored(
    at_home: Engine, sqlite_url: str
) -> None:
    (schedule,) = archive_old_applications.schedules
    assert schedule.schedule == cron("0 3 * * *")
    fill(at_home)
    outcome = perform(archive_old_applications, {}, CurrentRun(RUN, "archive_old_applications"))
    assert outcome.kind == "succeeded", outcome
    assert outcome.result["archived"] == 2
    assert "archive" in contributions.commands
    env = {"DATABASE_URL": sqlite_url}
    listed = python("-m", "app", "archive", "runs", env=env)
    assert listed.output == describe_runs(at_home)
    assert f"{RUN}  " in listed.output
    assert "2 archived, 0 given back" in listed.output
    given_back = python("-m", "app", "archive", "restore", RUN, env=env)
    assert (given_back.popen.returncode, given_back.output) == (0, f"{RUN}: 2 given back.\n")
    assert archived(at_home) == []
    unknown = python("-m", "app", "archive", "restore", "nobody", env=env)
    assert (unknown.popen.returncode, "archived anything" in unknown.output) == (1, True)


# --- killed --------------------------------------------------------------------------------------

DYING = f"""
import os, signal, sys
from datetime import UTC, datetime
import jobs
from app import current_database
from jobs.archive import archive
from jobs.recruiting.archive import taking

taking.BATCH = 10
steps = []

def dying(function):
    def step(*given):
        steps.append(function.__name__)
        if len(steps) == int(sys.argv[1]):
            os.kill(os.getpid(), signal.SIGKILL)
        return function(*given)
    return step

taking._take = dying(taking._take)
taking.record = dying(taking.record)
archive(current_database(), datetime(2026, 11, 24, 3, tzinfo=UTC), "{RUN}")
"""


@pytest.mark.parametrize(("step", "left"), [(1, 0), (2, 0), (3, 10), (4, 10), (5, 20), (6, 20)])
def test_killed_in_or_between_batches_the_same_run_finishes_them(
    engine: Engine, database_url: str, step: int, left: int
) -> None:
    fill(engine, old=25, fresh=80)
    process = start_process(
        [sys.executable, "-c", DYING, str(step)],
        {"DATABASE_URL": database_url},
        cwd=Path(__file__).parents[2],
    )
    assert process.wait(20) == -9
    assert len(archived(engine)) == left == len(rows(engine, archive_changes))
    result = run(engine, NOW + timedelta(seconds=30))
    assert (result.archived, result.open) == (25, 105)
    assert archived(engine) == list(range(1, 26))
    changes = [c.application_id for c in rows(engine, archive_changes)]
    assert changes == list(range(1, 26))
    events = [e for e in rows(engine, stage_events) if e.to_status == "archived"]
    assert len(events) == 25
    assert restore(engine, RUN, "olga", NOW + timedelta(hours=1)).restored == 25


def test_a_run_started_again_counts_what_it_did_before_against_the_quarter(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else the second half of too many would pass once the first half is gone, and the first
    half of a run that may would be held against it."""
    fill(engine, old=25, fresh=75)
    monkeypatch.setattr(taking, "BATCH", 10)
    plan = make_plan(engine, NOW, 90, RUN)
    assert plan.share == 0.25
    take(engine, type(plan)(plan.taken[:10], plan.open, plan.done, plan.kept), NOW, 90, RUN)
    again = make_plan(engine, NOW, 90, RUN)
    assert (len(again.taken), again.done, again.share) == (15, 10, 0.25)
    assert make_plan(engine, NOW, 90, "another run").share == pytest.approx(15 / 90)
