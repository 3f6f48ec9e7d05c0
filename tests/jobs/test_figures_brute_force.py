"""The figures agree with a second, slow computation that shares no code with them."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import Engine

from jobs.recruiting.analytics.calendar import Window
from jobs.recruiting.analytics.figures import Figures
from jobs.recruiting.analytics.loading import load_applications, load_openings, one_moment
from jobs.recruiting.analytics.measuring import measure
from jobs.recruiting.analytics.refreshing import refresh
from jobs.recruiting.demo.command import create_demo
from jobs.recruiting.demo.rates import PASS
from tests.jobs.brute_force import ORDER, BruteForce, middle
from tests.jobs.histories import BEGIN, write_histories

ZONE = ZoneInfo("America/New_York")


def windows() -> list[Window]:
    weeks = [BEGIN + timedelta(days=7 * n, hours=4) for n in range(0, 16, 3)]
    found = [Window(start, start + timedelta(days=7)) for start in weeks]
    return [*found, Window(BEGIN, BEGIN + timedelta(days=150)), Window(BEGIN, BEGIN)]


def figures(engine: Engine, spans: list[Window]) -> list[Figures]:
    with one_moment(engine) as connection:
        return measure(load_applications(connection), load_openings(connection), spans, ZONE)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_wild_histories_are_counted_as_the_definitions_say(engine: Engine, seed: int) -> None:
    write_histories(engine, 150, seed)
    spans = windows()
    for span, found in zip(spans, figures(engine, spans), strict=True):
        agree(found, BruteForce(engine, span.start, span.end, ZONE))


def test_the_demo_is_counted_as_the_definitions_say(sqlite_engine: Engine) -> None:
    end = datetime(2026, 11, 24, 9, tzinfo=UTC)
    create_demo(sqlite_engine, 200, 7, end)
    spans = [Window(end - timedelta(days=90), end), Window(end - timedelta(days=9), end)]
    for span, found in zip(spans, figures(sqlite_engine, spans), strict=True):
        agree(found, BruteForce(sqlite_engine, span.start, span.end, ZONE))


def agree(found: Figures, slow: BruteForce) -> None:
    """Fail unless every figure is what the slow way finds."""
    completed, hires = slow.completed(), slow.hires()
    assert (found.received, found.completed, found.hires) == (
        slow.received(),
        len(completed),
        len(hires),
    )
    assert (found.moves_forward, found.moves_back) == (slow.moves(True), slow.moves(False))
    for spread, values in (
        (found.time_to_hire, slow.days_to("accepted")),
        (found.days_to_offer, slow.days_to("accepted", "declined")),
        (found.time_to_fill, slow.days_to_fill()),
        *((found.time_in_stage[kind], slow.stays(kind)) for kind in ORDER[:-1]),
    ):
        assert spread.n == len(values)
        assert spread.median == pytest.approx(middle(values))
    for kind in ORDER[:-1]:
        rate = found.conversion[kind]
        assert (rate.numerator, rate.denominator) == slow.conversion(kind), kind
    offers = found.offers
    for number, status in (
        (offers.accepted, "accepted"),
        (offers.declined, "declined"),
        (offers.expired, "expired"),
        (offers.rescinded, "rescinded"),
    ):
        assert number == len(slow.answered(status)), status
    assert Counter(sent=offers.pending, draft=offers.drafts) == slow.waiting()
    assert list(found.ageing.values()) == slow.ageing()
    assert found.open == len(slow.open())
    by_source = Counter((a.source or "unknown") for a in completed)
    for name, source in found.sources.items():
        assert (source.received, source.completed) == (slow.received(name), by_source[name]), name
        own = [slow.furthest(a) for a in completed if (a.source or "unknown") == name]
        ranks = [sum(rank >= place for rank in own) for place in (2, 3, 4)]
        rates = [source.interview, source.offer, source.hire]
        assert [rate.numerator for rate in rates] == ranks, name
    lost = Counter((slow.furthest(a), slow.status(a)) for a in completed)
    for kind, ends in found.drop_off.items():
        for status, number in ends.items():
            assert number == lost[ORDER.index(kind), status], (kind, status)
    assert found.interviews_per_hire.numerator == slow.interviews()


def test_a_year_of_the_demo_shows_the_rates_it_was_made_with(sqlite_engine: Engine) -> None:
    end = datetime(2026, 11, 24, 9, tzinfo=UTC)
    create_demo(sqlite_engine, 2_000, 7, end)
    done = refresh(sqlite_engine, end, ZoneInfo("UTC"), "a test")
    year = done.figures.periods[365]
    kinds = zip(ORDER, PASS.values(), strict=False)
    for kind, rate in kinds:
        value = year.conversion[kind].value
        assert value == pytest.approx(rate, abs=0.02), kind
    assert year.quality.rows_unlike_their_history == 0
    assert year.quality.unknown_stages == {}
