"""`demo`: the same organisation for the same seed, at the stated rates."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, func, select

from jobs.recruiting.demo.command import create_demo
from jobs.recruiting.demo.generator import CHOICES, SHARES, DemoOrganisation, deal
from jobs.recruiting.queries import candidate_summaries
from jobs.recruiting.schema import applications, candidates, positions
from tests.jobs.commands import migrated, python

END = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)


def test_the_same_seed_and_end_give_the_same_organisation() -> None:
    first, second = (DemoOrganisation(40, 7, END).entries for _ in range(2))
    assert first == second
    assert first != DemoOrganisation(40, 8, END).entries
    assert len(first) == 40


@pytest.mark.parametrize("size", [1, 7, 40, 1_000])
def test_choices_hold_at_any_size(size: int) -> None:
    applied = [a for e in DemoOrganisation(size, 7, END).entries for _, a in e.applications]
    statuses = Counter(a.status for a in applied)
    sources = Counter(a.source or "unknown" for a in applied)
    active = [a for a in applied if a.status == "active"]
    stages = Counter(a.stage for a in active)
    for found, name, total in (
        (statuses, "status of an application", len(applied)),
        (sources, "source of an application", len(applied)),
        (stages, "stage of an active application", len(active)),
    ):
        for value, rate in CHOICES[name].items():
            assert abs(found[value] - rate * total) < 1, (name, value)


def test_shares_hold() -> None:
    entries = DemoOrganisation(1_000, 7, END).entries
    people = [entry.person for entry in entries]
    active = [a for e in entries for _, a in e.applications if a.status == "active"]
    silent = [a for a in active if a.last_activity_at and END - a.last_activity_at > SILENT]
    for found, name, total in (
        (sum(bool(p.phones) for p in people), "candidates with a phone", 1_000),
        (sum(bool(p.linkedin_url) for p in people), "candidates with a LinkedIn link", 1_000),
        (sum(bool(p.github_url) for p in people), "candidates with a GitHub link", 1_000),
        (sum(bool(p.do_not_contact) for p in people), "candidates not to be contacted", 1_000),
        (sum(bool(p.legal_hold) for p in people), "candidates under legal hold", 1_000),
        (len(silent), "active applications without activity for over 90 days", len(active)),
    ):
        assert abs(found - SHARES[name] * total) < 1, name


SILENT = timedelta(days=90)


def test_times_lie_before_the_end_and_in_order() -> None:
    for entry in DemoOrganisation(500, 7, END).entries:
        for _, application in entry.applications:
            assert application.applied_at is not None
            assert application.last_activity_at is not None
            assert application.applied_at <= application.last_activity_at <= END


def test_dealing_adds_up_whatever_the_rates() -> None:
    assert Counter(deal({"a": 1 / 3, "b": 1 / 3, "c": 1 / 3}, 10)).total() == 10
    assert deal({"a": 0.5, "b": 0.5}, 0) == []


def test_it_is_stored_once_and_never_overwrites(engine: Engine) -> None:
    assert create_demo(engine, 40, 7, END).candidates.inserted == 40
    before = snapshot(engine)
    again = create_demo(engine, 40, 7, END + timedelta(days=3))
    assert (again.candidates.inserted, again.candidates.unchanged) == (0, 40)
    assert snapshot(engine) == before


def snapshot(engine: Engine) -> list[Any]:
    with engine.connect() as connection:
        return [
            tuple(row)
            for table in (candidates, applications, positions)
            for row in connection.execute(select(table).order_by(table.c.id))
        ]


def test_positions_opened_when_the_first_person_applied(engine: Engine) -> None:
    create_demo(engine, 40, 7, END)
    query = select(positions.c.opened_at, func.min(applications.c.applied_at)).join(
        applications, applications.c.position_id == positions.c.id
    )
    with engine.connect() as connection:
        rows = connection.execute(query.group_by(positions.c.id, positions.c.opened_at)).all()
    assert rows
    assert all(opened == first for opened, first in rows)


def test_a_summary_shows_the_application_that_matters_most(engine: Engine) -> None:
    create_demo(engine, 200, 7, END)
    with engine.connect() as connection:
        summaries = {s.candidate_id: s for s in candidate_summaries(connection)}
        rows = connection.execute(select(applications)).all()
    assert len(summaries) == 200
    for candidate_id, summary in summaries.items():
        own = [row for row in rows if row.candidate_id == candidate_id]
        best = max(own, key=lambda row: (row.status == "active", row.last_activity_at, row.id))
        assert summary.applications == len(own)
        assert (summary.status, summary.last_activity_at) == (best.status, best.last_activity_at)


def test_if_empty_leaves_people_alone(tmp_path: Path) -> None:
    settings = migrated(tmp_path)
    options = ("--if-empty", "--candidates", "12", "--end", "2026-11-24")
    first = python("-m", "app", "demo", *options, env=settings)
    assert "as of 2026-11-24, seed 7: 12 candidates and 14 applications added" in first.output
    assert "candidates with a phone: 90%" in first.output
    second = python("-m", "app", "demo", "--if-empty", env=settings)
    assert second.output == "There are candidates already: nothing was added.\n"
    assert (first.popen.returncode, second.popen.returncode) == (0, 0)


def test_a_size_that_makes_no_sense_is_wrong_use(tmp_path: Path) -> None:
    process = python("-m", "app", "demo", "--candidates", "-3", env={"DATA_DIR": str(tmp_path)})
    assert process.popen.returncode == 2
    assert "use a number from 1 to 1,000,000" in process.output
