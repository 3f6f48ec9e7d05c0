"""Each figure's definition, on applications made for it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from jobs.recruiting.analytics.applications import Application, Event, Interview, Offer
from jobs.recruiting.analytics.calendar import Window
from jobs.recruiting.analytics.figures import Figures, from_json, to_json
from jobs.recruiting.analytics.measuring import measure
from jobs.recruiting.analytics.positions import Opening, Openings
from jobs.recruiting.analytics.statistics import Rate, Spread, percentile, spread

START = datetime(2026, 11, 16, tzinfo=UTC)
WEEK = Window(START, START + timedelta(days=7))
ZONE = ZoneInfo("UTC")


def day(n: float) -> datetime:
    """Return an instant `n` days into the week; negative ones lie before it."""
    return START + timedelta(days=n)


def application(
    *events: tuple[float, str, str | None],
    offers: Sequence[Offer] = (),
    interviews: Sequence[Interview] = (),
    source: str | None = "Referral",
    number: int = 1,
) -> Application:
    last = events[-1]
    made = [Event(day(at), status, stage) for at, status, stage in events]
    return Application(number, 1, source, last[1], last[2], made, offers, interviews)


def offer(
    version: int, status: str, created: float, sent: float | None = None, done: float | None = None
) -> Offer:
    return Offer(
        version,
        status,
        day(created),
        None if sent is None else day(sent),
        None if done is None else day(done),
    )


def figures(*applications: Application, openings: Openings | None = None) -> Figures:
    (found,) = measure(applications, openings or Openings(), [WEEK], ZONE)
    return found


HIRED = (
    (-20, "active", "Applied"),
    (-16, "active", "Screening"),
    (-10, "active", "Interview"),
    (-2, "active", "Offer"),
    (3, "hired", "Hired"),
)


def test_a_hire_is_counted_with_its_whole_way() -> None:
    took = Interview(day(-8), day(-7.9), "completed")
    missed = Interview(day(-6), day(-5.9), "no_show")
    accepted = offer(1, "accepted", -2, -1.5, 3)
    found = figures(application(*HIRED, offers=[accepted], interviews=[took, missed]))
    assert (found.received, found.completed, found.hires, found.open) == (0, 1, 1, 0)
    assert found.time_to_hire == found.days_to_offer == Spread(1, 23.0, 23.0)
    assert found.conversion["offer"] == Rate(1, 1)
    assert found.time_in_stage["offer"] == Spread(1, 5.0, 5.0)
    assert found.time_in_stage["interview"].n == 0
    assert found.interviews_per_hire == Rate(1, 1)
    assert found.offers.acceptance == Rate(1, 1)
    assert found.quality.hires_without_accepted_offer == 0


def test_a_hire_without_an_accepted_offer_is_told_and_has_no_time_to_hire() -> None:
    found = figures(application(*HIRED))
    assert found.hires == 1
    assert found.time_to_hire.n == 0
    assert found.quality.hires_without_accepted_offer == 1
    assert found.interviews_per_hire == Rate(0, 0)


def test_what_happens_after_the_end_is_not_known_yet() -> None:
    early = [(at - 0.0, status, stage) for at, status, stage in HIRED]
    early[-1] = (7.0, "hired", "Hired")
    found = figures(application(*early, offers=[offer(1, "accepted", -2, -1, 7.0)]))
    assert (found.hires, found.open, found.open_by_stage["offer"]) == (0, 1, 1)
    assert (found.offers.accepted, found.offers.pending) == (0, 1)
    assert figures(application((7, "active", "Applied"))).received == 0
    assert figures(application((6.999, "active", "Applied"))).received == 1


def test_conversion_counts_completed_applications_by_the_furthest_stage() -> None:
    found = figures(
        application((-9, "active", "Applied"), (1, "rejected", "Applied")),
        application((-9, "active", "Applied"), (2, "withdrawn", "Interview")),
        application(
            (-9, "active", "Applied"), (-5, "active", "Offer"), (-4, "active", "Screening"),
            (2, "rejected", "Screening"),
        ),
        application((-9, "active", "Applied"), (-8, "active", "Interview")),
        application((-9, "active", "Applied"), (-1, "rejected", "Interview")),
    )  # fmt: skip
    assert found.completed == 3
    assert found.conversion == {
        "applied": Rate(2, 3),
        "screen": Rate(2, 2),
        "interview": Rate(1, 2),
        "offer": Rate(0, 1),
    }
    assert found.drop_off["interview"] == {"rejected": 0, "withdrawn": 1, "archived": 0}
    assert found.drop_off["offer"] == {"rejected": 1, "withdrawn": 0, "archived": 0}
    assert found.open_by_stage["interview"] == 1


def test_a_move_taken_back_within_five_minutes_never_happened() -> None:
    minute = 1 / 1440
    slip = application(
        (-9, "active", "Applied"), (1, "active", "Interview"), (1 + 4 * minute, "active", "Applied")
    )
    found = figures(slip)
    assert (found.moves_forward, found.moves_back, found.time_in_stage["applied"].n) == (0, 0, 0)
    slow = application(
        (-9, "active", "Applied"), (1, "active", "Interview"), (1 + 5 * minute, "active", "Applied")
    )
    found = figures(slow)
    assert (found.moves_forward, found.moves_back) == (1, 1)
    assert found.time_in_stage["applied"] == Spread(1, 10.0, 10.0)


def test_a_rejection_by_mistake_does_not_complete_an_application() -> None:
    mistake = application(
        (-9, "active", "Applied"), (1, "rejected", "Applied"), (1.001, "active", "Applied")
    )
    found = figures(mistake)
    assert (found.completed, found.open) == (0, 1)


def test_one_taken_up_again_is_open_and_completed_when_it_ends_at_last() -> None:
    again = application(
        (-9, "active", "Applied"), (1, "rejected", "Applied"), (2, "active", "Screening")
    )
    assert (figures(again).completed, figures(again).open) == (0, 1)
    ended = application(
        (-9, "active", "Applied"), (-4, "rejected", "Applied"), (-2, "active", "Screening"),
        (2, "withdrawn", "Screening"),
    )  # fmt: skip
    found = figures(ended)
    assert (found.completed, found.open) == (1, 0)
    assert found.time_in_stage["screen"] == Spread(1, 4.0, 4.0)


def test_only_the_latest_version_of_an_offer_counts() -> None:
    way = ((-20, "active", "Applied"), (-2, "active", "Offer"))
    better = [offer(1, "declined", -2, -1, 1), offer(2, "accepted", 1.1, 1.2, 3)]
    found = figures(application(*way, (3, "hired", "Hired"), offers=better))
    assert found.offers.acceptance == Rate(1, 1)
    waiting = [offer(1, "declined", -2, -1, 1), offer(2, "sent", 1.1, 1.2)]
    found = figures(application(*way, offers=waiting))
    assert (found.offers.declined, found.offers.pending) == (0, 1)
    # Made after the week's end: until then the first version was the latest.
    later = [offer(1, "declined", -2, -1, 1), offer(2, "accepted", 8, 8, 9)]
    found = figures(application(*way, offers=later))
    assert found.offers.acceptance == Rate(0, 1)


def test_rescinded_and_expired_offers_are_shown_apart() -> None:
    way = ((-20, "active", "Applied"), (-2, "active", "Offer"))
    found = figures(
        application(*way, (1, "withdrawn", "Offer"), offers=[offer(1, "expired", -2, -1, 1)]),
        application(*way, (1, "rejected", "Offer"), offers=[offer(1, "rescinded", -2, -1, 1)]),
        application(*way, (1, "withdrawn", "Offer"), offers=[offer(1, "declined", -2, -1, 1)]),
        application(*way, offers=[offer(1, "draft", -2)]),
    )
    assert found.offers.acceptance == Rate(0, 1)
    assert (found.offers.expired, found.offers.rescinded, found.offers.drafts) == (1, 1, 1)
    assert found.days_to_offer.n == 1


def test_time_to_fill_leaves_out_the_days_on_hold() -> None:
    accepted = offer(1, "accepted", -2, -1, 3)
    openings = Openings(
        filled=[Opening(1, day(-40), 1), Opening(1, day(-5), 2)],
        position_events={
            1: [
                (day(-60), "open"),
                (day(-50), "on_hold"),
                (day(-30), "open"),
                (day(-20), "on_hold"),
                (day(-15), "open"),
                (day(2), "on_hold"),
            ]
        },
    )
    found = figures(application(*HIRED, offers=[accepted]), openings=openings)
    # 43 days from -40 to 3, on hold from -40 to -30, from -20 to -15 and from 2 to 3.
    assert found.time_to_fill == Spread(1, 27.0, 27.0)


def test_open_applications_age_by_whole_days_since_the_last_activity() -> None:
    found = figures(
        application((0.5, "active", "Applied")),
        application((-0.5, "active", "Applied")),  # 8 days by the calendar, 7.5 on the clock
        application((-40, "active", "Applied"), offers=[offer(1, "sent", -40, -10)]),
        application((-100, "active", "Applied"), interviews=[Interview(day(-25), day(-24), "x")]),
        application((-84, "active", "Applied")),
        application((-100, "active", "Applied"), (-3, "archived", None), (6, "active", None)),
    )
    assert found.ageing == {"0-7": 2, "8-14": 1, "15-30": 1, "31-90": 1, "> 90": 1}
    assert found.quality.open_without_activity_for_30_days == 2


def test_sources_show_how_far_their_completed_applications_got() -> None:
    way = ((-9, "active", "Applied"), (-5, "active", "Interview"))
    found = figures(
        application(*way, (1, "rejected", "Interview")),
        application((-9, "active", "Applied"), (1, "rejected", "Applied")),
        application((1, "active", "Applied"), source=None),
        application((-9, "active", "Applied"), (1, "rejected", "Applied"), source=""),
    )
    assert found.sources["Referral"].interview == Rate(1, 2)
    assert found.sources["Referral"].offer == Rate(0, 2)
    assert (found.sources["unknown"].received, found.sources["unknown"].completed) == (1, 1)
    assert found.quality.applications_without_source == 1


def test_a_stage_nobody_knows_is_named_and_left_out() -> None:
    odd = application((-9, "active", "Applied"), (1, "active", "Lunch"), (2, "active", "Interview"))
    found = figures(odd)
    assert found.quality.unknown_stages == {"Lunch": 1}
    assert (found.moves_forward, found.time_in_stage["applied"].n) == (0, 1)


def test_a_row_that_differs_from_its_history_is_told() -> None:
    row = application((-9, "active", "Applied"))
    stray = Application(2, 1, None, "hired", "Hired", row.events)
    assert figures(row, stray).quality.rows_unlike_their_history == 1


def test_figures_come_back_from_storage_as_they_were() -> None:
    found = figures(application(*HIRED, offers=[offer(1, "accepted", -2, -1, 3)]))
    assert from_json(to_json(found)) == found
    assert from_json(to_json(figures())) == figures()


def test_spreads_and_percentiles() -> None:
    assert spread([]) == Spread(0, None, None)
    assert spread([3.0, 1.0]) == Spread(2, 2.0, 2.8)
    assert percentile([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11], 0.9) == 10
    assert Rate(0, 0).value is None
