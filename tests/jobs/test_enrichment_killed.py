"""A run killed with SIGKILL at any question goes on where it was, as the engine restarts it."""

from __future__ import annotations

import signal
import sys
from datetime import UTC, datetime

import pytest
from sqlalchemy import Engine, func, select

from jobs.recruiting.schema import enrichments, resumes
from jobs.sandbox.faults import Fault
from jobs.sandbox.server import Sandbox
from tests.jobs.enriching import Desk
from tests.processes import Process, kill, start_process, wait_until

# One execution of the run `daily_resume_enrichment--1`, as a worker's child performs it.
EXECUTE = (
    "import json; import jobs.enrichment as e; from app.perform import perform; "
    "from app.context import CurrentRun; name = 'daily_resume_enrichment'; "
    "print(json.dumps(perform(e.daily_resume_enrichment, {}, CurrentRun(f'{name}--1', name))"
    ".result))"
)


def execute(desk: Desk, database_url: str) -> Process:
    environment = {**desk.sandbox.place.environment, "DATABASE_URL": database_url}
    return start_process([sys.executable, "-c", EXECUTE], environment)


@pytest.mark.parametrize("question", range(1, 10))
def test_killed_at_any_question_everybody_is_enriched_and_nothing_doubled(
    sqlite_desk: Desk, sqlite_url: str, question: int
) -> None:
    kill_and_execute_again(sqlite_desk, sqlite_url, question)


@pytest.mark.parametrize("question", [2, 6])
def test_so_it_is_on_postgresql(
    sandbox: Sandbox, postgres_engine: Engine, postgres_url: str, question: int
) -> None:
    kill_and_execute_again(Desk(postgres_engine, sandbox), postgres_url, question)


def kill_and_execute_again(desk: Desk, database_url: str, question: int) -> None:
    desk.clock.now = datetime.now(UTC)
    desk.add_many(3)
    faults = desk.sandbox.app.faults
    if question > 1:
        faults.add(Fault("slow", match="GET", times=question - 1))
    faults.add(Fault("slow", match="GET", seconds=1.0))
    first = execute(desk, database_url)
    wait_until(lambda: len(desk.sandbox.app.requests) == question, 20, "the question")
    kill(first, signal.SIGKILL)
    first.wait()
    paid = "/pdl/" in desk.asked()[-1]
    second = execute(desk, database_url)
    assert second.wait(30) == 0, second.output
    with desk.engine.connect() as connection:
        statuses = connection.execute(select(resumes.c.enrichment_status)).scalars().all()
        answers = connection.execute(select(func.count()).select_from(enrichments)).scalar_one()
    assert (statuses, answers) == (["enriched"] * 3, 6)
    # A lost answer is known as such: its credit is the only one spent twice, and it is told.
    wait_until(lambda: desk.pdl.spent == 3 + paid)
    assert f'"lost_answers": {int(paid)}' in second.output


def test_a_third_execution_has_nothing_to_do(sqlite_desk: Desk, sqlite_url: str) -> None:
    sqlite_desk.add_many(2)
    for expected in ("2 enriched", "Nothing to do"):
        process = execute(sqlite_desk, sqlite_url)
        process.wait(30)
        assert expected in process.output
    assert sqlite_desk.pdl.spent == 2
