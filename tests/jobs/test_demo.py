"""`demo`: the same organisation for the same seed, at the stated rates."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from statistics import median
from typing import Any

import pytest
from sqlalchemy import Engine, func, select

from jobs.recruiting.demo.command import create_demo
from jobs.recruiting.demo.dealing import deal
from jobs.recruiting.demo.generator import DemoOrganisation
from jobs.recruiting.demo.journeys import STAGES, Journey, Step
from jobs.recruiting.demo.rates import CHOICES, DAYS, PASS, SHARES
from jobs.recruiting.queries import candidate_summaries
from jobs.recruiting.schema import (
    applications,
    candidates,
    offers,
    openings,
    position_events,
    positions,
    stage_events,
)
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
    opened = [a for a in applied if a.status == "active"]
    stages = Counter(a.stage for a in opened)
    states = Counter("open" if a.status == "active" else "completed" for a in applied)
    for found, name, total in (
        (states, "state of an application", len(applied)),
        (stages, "stage of an open application", len(opened)),
    ):
        for value, rate in CHOICES[name].items():
            assert abs(found[value] - rate * total) < 1, (name, value)


@pytest.mark.parametrize("size", [7, 40, 1_000])
def test_sources_hold_although_some_do_better_than_others(size: int) -> None:
    applied = [a for e in DemoOrganisation(size, 7, END).entries for _, a in e.applications]
    found = Counter(a.source or "unknown" for a in applied)
    for source, rate in CHOICES["source of an application"].items():
        assert abs(found[source] - rate * len(applied)) < 3, source


@pytest.mark.parametrize("size", [40, 1_000])
def test_the_funnel_lets_through_what_it_says(size: int) -> None:
    journeys = DemoOrganisation(size, 7, END).journeys.values()
    ended = [j for j in journeys if j.last.status != "active"]
    reached = Counter(step.stage for j in ended for step in j.steps[:1] + _moves(j))
    following = [*STAGES[1:], "Hired"]
    for stage, after in zip(STAGES, following, strict=True):
        # Each way of ending in a later stage is rounded for itself.
        assert abs(reached[after] - PASS[stage] * reached[stage]) < 3, stage


def _moves(journey: Journey) -> list[Step]:
    pairs = pairwise(journey.steps)
    return [after for before, after in pairs if after.stage != before.stage]


def test_shares_hold() -> None:
    organisation = DemoOrganisation(1_000, 7, END)
    entries = organisation.entries
    people = [entry.person for entry in entries]
    opened = [a for e in entries for _, a in e.applications if a.status == "active"]
    silent = [a for a in opened if a.last_activity_at and END - a.last_activity_at > SILENT]
    journeys = organisation.journeys.values()
    offers = [j.offers for j in journeys if j.offers and j.last.status != "active"]
    waiting = [j.offers[-1].status for j in journeys if j.offers and j.last.status == "active"]
    hired = [j for j in journeys if j.last.status == "hired"]
    for found, name, total in (
        (sum(bool(p.phones) for p in people), "candidates with a phone", 1_000),
        (sum(bool(p.linkedin_url) for p in people), "candidates with a LinkedIn link", 1_000),
        (sum(bool(p.github_url) for p in people), "candidates with a GitHub link", 1_000),
        (sum(bool(p.do_not_contact) for p in people), "candidates not to be contacted", 1_000),
        (sum(bool(p.legal_hold) for p in people), "candidates under legal hold", 1_000),
        (len(silent), "open applications without activity for over 90 days", len(opened)),
        (waiting.count("draft"), "open offers still in draft", len(waiting)),
        (sum(not j.offers for j in hired), "hires without a recorded offer", len(hired)),
    ):
        assert abs(found - SHARES[name] * total) < 1, name
    twice = sum(len(versions) == 2 for versions in offers)
    assert abs(twice - SHARES["offers with a second version"] * len(offers)) < 3


SILENT = timedelta(days=90)


def test_people_apply_by_season_and_mostly_on_working_days() -> None:
    journeys = DemoOrganisation(20_000, 7, END).journeys.values()
    arrivals = [j.steps[0].at for j in journeys]
    months = Counter(at.month for at in arrivals)
    assert months[1] > 1.3 * months[8]
    assert sum(at.weekday() >= 5 for at in arrivals) < 0.2 * len(arrivals)
    assert min(arrivals) > END - timedelta(days=372)


def test_stays_have_the_stated_median() -> None:
    journeys = DemoOrganisation(20_000, 7, END).journeys.values()
    for place, stage in enumerate(STAGES[:3]):
        stays = [
            (j.steps[place + 1].at - j.steps[place].at).total_seconds() / 86_400
            for j in journeys
            if len(j.steps) > place + 1 and j.last.status not in ("archived", "active")
        ]
        # Work waits for working hours and for Mondays: up to a day longer than stated.
        assert DAYS[stage] <= median(stays) <= DAYS[stage] + 1.2, stage


def test_journeys_lie_before_the_end_and_in_order() -> None:
    for journey in DemoOrganisation(500, 7, END).journeys.values():
        times = [step.at for step in journey.steps]
        assert times == sorted(times)
        assert times[-1] <= END
        for offer in journey.offers:
            made = [offer.created_at, offer.sent_at, offer.resolved_at]
            assert [at for at in made if at] == sorted(at for at in made if at)
            assert max(at for at in made if at) <= END


def test_rows_agree_with_what_was_recorded(engine: Engine) -> None:
    create_demo(engine, 120, 7, END)
    with engine.connect() as connection:
        rows = connection.execute(select(applications)).all()
        events = connection.execute(select(stage_events).order_by(stage_events.c.id)).all()
        offered = connection.execute(select(offers).order_by(offers.c.version)).all()
    for row in rows:
        own = [event for event in events if event.application_id == row.id]
        assert [e.at for e in own] == sorted(e.at for e in own)
        assert (own[-1].to_status, own[-1].to_stage) == (row.status, row.stage)
        assert own[0].at == row.applied_at
        assert own[0].from_status is None
        for before, after in pairwise(own):
            assert (before.to_status, before.to_stage) == (after.from_status, after.from_stage)
        assert row.ended_at == (None if row.status == "active" else own[-1].at)
        assert row.previous_status == ("active" if row.status == "archived" else None)
        accepted = [o for o in offered if o.application_id == row.id and o.status == "accepted"]
        assert all(o.resolved_at == row.ended_at and row.status == "hired" for o in accepted)
        assert row.last_activity_at >= max(e.at for e in own if e.to_status != "archived")


def test_every_hire_fills_an_opening_and_every_position_has_a_free_one(engine: Engine) -> None:
    create_demo(engine, 500, 7, END)
    with engine.connect() as connection:
        seats = connection.execute(select(openings)).all()
        hired = connection.execute(
            select(applications.c.id).where(applications.c.status == "hired")
        )
        assert {seat.filled_by for seat in seats if seat.filled_by} == set(hired.scalars())
        opened = {
            row.id: row.opened_at
            for row in connection.execute(select(positions.c.id, positions.c.opened_at))
        }
    assert {s.position_id for s in seats if s.filled_by is None} == set(opened)
    assert all(seat.opened_at >= opened[seat.position_id] for seat in seats)


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
            for table in (candidates, applications, positions, stage_events, offers, openings)
            for row in connection.execute(select(table).order_by(table.c.id))
        ]


def test_positions_opened_at_the_latest_when_the_first_person_applied(engine: Engine) -> None:
    create_demo(engine, 40, 7, END)
    query = select(positions.c.opened_at, func.min(applications.c.applied_at)).join(
        applications, applications.c.position_id == positions.c.id
    )
    with engine.connect() as connection:
        rows = connection.execute(query.group_by(positions.c.id, positions.c.opened_at)).all()
        opened = connection.execute(
            select(position_events.c.at).where(position_events.c.from_status.is_(None))
        ).scalars()
    assert rows
    assert all(opened <= first for opened, first in rows)
    assert sorted(opened) == sorted(at for at, _ in rows)


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
