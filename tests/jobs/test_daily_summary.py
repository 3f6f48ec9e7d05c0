"""The recruiters hear of every new application once, whatever is late or fails."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import Engine, select, update

from app import Conflict, Invalid, Unavailable, reading, writing
from jobs.recruiting.imports.loaded import Entry
from jobs.recruiting.imports.refusal import Place
from jobs.recruiting.imports.rows import Application, Person
from jobs.recruiting.imports.store import store
from jobs.recruiting.schema import applications, candidates, daily_summaries
from jobs.recruiting.summary.window import begin
from jobs.sandbox.faults import Fault
from jobs.summaries import SummaryResult, summarise
from tests.jobs.candidates import ADA
from tests.jobs.mailing import PostOffice

EVENING = datetime.fromisoformat("2026-11-24T18:00:00+00:00")
BERLIN = ZoneInfo("Europe/Berlin")
RECRUITERS = ("ruth@example.com", "rolf@example.com")
DAY, HOUR = timedelta(days=1), timedelta(hours=1)
Summarise = Callable[..., SummaryResult]


@pytest.fixture
def summary(engine: Engine, post_office: PostOffice) -> Summarise:
    def summary(now: datetime = EVENING, **options: bool) -> SummaryResult:
        with post_office.mailer(1.0, 1.0) as mailer:
            return summarise(engine, mailer, RECRUITERS, now, BERLIN, "a run", **options)

    return summary


def arrive(
    engine: Engine,
    person: str,
    at: datetime,
    applied_at: datetime | None = None,
    **changes: object,
) -> None:
    """Let somebody's application arrive."""
    made = Person(person, (f"{person.lower()}@example.org",))
    application = Application("Engineer", source="Referral", applied_at=applied_at or at)
    with writing(engine) as connection:
        store(connection, [Entry(Place(2, 2), made, [(Place(2, 2), application)])], at)
        if changes:
            changed = update(candidates).where(candidates.c.name == person)
            connection.execute(changed.values(**changes))


def text_of(post_office: PostOffice, number: int = -1, kind: str = "plain") -> str:
    part = post_office.arrived()[number].get_body((kind,))
    assert part is not None
    return str(part.get_content())


def test_every_recruiter_gets_what_arrived_as_text_and_as_html(
    engine: Engine, summary: Summarise, post_office: PostOffice
) -> None:
    arrive(engine, "Ada", EVENING - HOUR)
    arrive(engine, "Grace", EVENING - 2 * HOUR)
    result = summary()
    assert result.message == "2 new applications, told to 2 of 2 recruiters."
    assert (result.since, result.until) == (
        "2026-11-23T18:00:00+00:00",
        "2026-11-24T18:00:00+00:00",
    )
    assert post_office.subjects() == [
        "ruth@example.com: 2 new applications, 2026-11-24",
        "rolf@example.com: 2 new applications, 2026-11-24",
    ]
    for kind in ("plain", "html"):
        text = text_of(post_office, kind=kind)
        for expected in ("2026-11-23 19:00 to 2026-11-24 19:00 (Europe/Berlin)", "Ada", "Grace",
                         "Engineer", "Referral", "2026-11-24 18:00"):  # fmt: skip
            assert expected in text


def test_the_second_run_in_a_row_sends_nothing_and_says_so(
    engine: Engine, summary: Summarise, post_office: PostOffice
) -> None:
    arrive(engine, "Ada", EVENING - HOUR)
    summary()
    for now in (EVENING, EVENING, EVENING + timedelta(seconds=9)):
        again = summary(now)
        assert again.message == "Nothing to tell: no new application since 2026-11-24 18:00 UTC."
    assert len(post_office.arrived()) == 2


def test_late_missed_and_early_runs_leave_nobody_out_and_repeat_nobody(
    engine: Engine, summary: Summarise, post_office: PostOffice
) -> None:
    """A run each evening but for the third, one very late, one by hand at noon."""
    hours = iter(range(-20, 150, 7))
    told: list[int] = []
    number = 0
    hour = next(hours)
    runs = (0, 0.01, 24, 72, 75.5, 90, 96, 120, 144, 160)
    for at in runs:
        while hour < at:
            arrive(engine, f"Person{number:03d}", EVENING + hour * HOUR)
            number += 1
            hour = next(hours, 10_000)
        told.append(summary(EVENING + at * HOUR).applications)
    assert sum(told) == number
    names = [
        word
        for message in range(0, len(post_office.arrived()), 2)
        for word in text_of(post_office, message).split()
        if word.startswith("Person")
    ]
    assert sorted(names) == [f"Person{n:03d}" for n in range(number)]


def test_an_arrival_at_the_very_end_belongs_to_the_next_one(
    engine: Engine, summary: Summarise
) -> None:
    arrive(engine, "Ada", EVENING)
    assert summary(EVENING).applications == 0
    assert summary(EVENING + DAY).applications == 1


def test_one_that_becomes_visible_after_its_window_was_read_is_told_by_the_next(
    engine: Engine, summary: Summarise
) -> None:
    arrive(engine, "Ada", EVENING - HOUR)
    assert summary().applications == 1
    arrive(engine, "Grace", EVENING - timedelta(seconds=5))
    assert summary(EVENING + DAY).applications == 1
    assert summary(EVENING + 2 * DAY).applications == 0


def test_the_first_summary_looks_back_a_day(engine: Engine, summary: Summarise) -> None:
    arrive(engine, "Ada", EVENING - 3 * DAY)
    arrive(engine, "Grace", EVENING - DAY)
    assert summary().applications == 1
    assert summary(EVENING + HOUR).applications == 0


def test_an_empty_day_can_be_told_as_well(summary: Summarise, post_office: PostOffice) -> None:
    assert summary().sent == 0
    result = summary(EVENING + HOUR, send_when_empty=True)
    assert result.message == "0 new applications, told to 2 of 2 recruiters."
    assert "No new applications arrived" in text_of(post_office)


def test_while_the_server_is_away_the_window_stays_open_and_is_sent_once(
    engine: Engine, summary: Summarise, post_office: PostOffice
) -> None:
    arrive(engine, "Ada", EVENING - HOUR)
    post_office.order(Fault("reset", match="SMTP DATA"))
    with pytest.raises(Unavailable):
        summary()
    arrive(engine, "Grace", EVENING + HOUR)
    result = summary(EVENING + 2 * HOUR)
    assert result.applications == 1
    assert [message["Subject"] for message in post_office.arrived()] == [
        *["1 new application, 2026-11-24"] * 4
    ]
    assert "Ada" in text_of(post_office, 0)
    assert "Grace" not in text_of(post_office, 0)
    assert "Grace" in text_of(post_office, 3)


def test_who_was_refused_for_now_gets_it_later_and_the_others_only_once(
    engine: Engine, summary: Summarise, post_office: PostOffice
) -> None:
    arrive(engine, "Ada", EVENING - HOUR)
    post_office.order(Fault("status", status=451, match="ruth@"))
    with pytest.raises(Unavailable, match="1 of 2 recruiters have yet to get"):
        summary()
    result = summary(EVENING + timedelta(minutes=1))
    assert (result.sent, result.had_it) == (1, 1)
    assert [message["To"] for message in post_office.arrived()] == [RECRUITERS[1], RECRUITERS[0]]


def test_a_bad_address_keeps_nothing_from_the_others(
    engine: Engine, summary: Summarise, post_office: PostOffice
) -> None:
    arrive(engine, "Ada", EVENING - HOUR)
    post_office.order(Fault("status", status=550, match="ruth@", said="5.1.1 nobody"))
    result = summary()
    assert (result.sent, result.failed) == (1, 1)
    assert "5.1.1 nobody" in result.notes[0]
    assert summary(EVENING + HOUR).applications == 0


def test_a_summary_that_reaches_nobody_is_not_done(
    engine: Engine, summary: Summarise, post_office: PostOffice
) -> None:
    arrive(engine, "Ada", EVENING - HOUR)
    post_office.order(Fault("status", status=554, match="SMTP END", times=2))
    with pytest.raises(Invalid, match="Nobody got the summary"):
        summary()
    with reading(engine) as connection:
        assert connection.execute(select(daily_summaries.c.state)).scalars().all() == ["open"]


def test_imported_history_is_counted_and_not_listed(
    engine: Engine, summary: Summarise, post_office: PostOffice
) -> None:
    arrive(engine, "Ada", EVENING - HOUR)
    arrive(engine, "Grace", EVENING - HOUR, EVENING - 400 * DAY)
    result = summary()
    assert (result.applications, result.older) == (1, 1)
    text = text_of(post_office)
    assert "Grace" not in text
    assert "1 new application made more than 7 days before" in text


def test_who_was_anonymised_meanwhile_is_left_out(
    engine: Engine, summary: Summarise, post_office: PostOffice
) -> None:
    arrive(engine, "Ada", EVENING - HOUR)
    arrive(engine, "Grace", EVENING - HOUR, anonymised_at=EVENING)
    summary()
    assert "Grace" not in text_of(post_office)


def test_a_long_list_is_cut_and_counted(
    engine: Engine, summary: Summarise, post_office: PostOffice
) -> None:
    application = Application("Engineer", applied_at=EVENING - HOUR)
    entries = [
        Entry(
            Place(2, 2),
            replace(ADA, name=f"Person {n}", emails=(f"p{n}@example.org",)),
            [(Place(2, 2), application)],
        )
        for n in range(130)
    ]
    with writing(engine) as connection:
        store(connection, entries, EVENING - HOUR)
    assert summary().applications == 130
    assert "… and 30 more." in text_of(post_office)


def test_names_become_no_markup(
    engine: Engine, summary: Summarise, post_office: PostOffice
) -> None:
    arrive(engine, "Ada", EVENING - HOUR, name="<img src=x onerror=alert(1)>")
    summary()
    assert "<img" not in text_of(post_office, kind="html")


def test_two_that_begin_at_once_begin_one(engine: Engine) -> None:
    arrive(engine, "Ada", EVENING - HOUR)
    first = begin(engine, EVENING, "1", empty_too=False)
    with writing(engine) as connection:
        # As the second of two sees it that read the last window at the same moment.
        connection.execute(update(daily_summaries).values(until=first.since))
    with pytest.raises(Conflict):
        begin(engine, EVENING, "2", empty_too=False)


def test_a_clock_that_was_put_back_tells_nothing_twice(engine: Engine, summary: Summarise) -> None:
    arrive(engine, "Ada", EVENING - HOUR)
    assert summary().applications == 1
    assert summary(EVENING - 2 * HOUR).applications == 0
    with reading(engine) as connection:
        assert connection.execute(select(applications.c.id)).all()
    arrive(engine, "Grace", EVENING + HOUR)
    assert summary(EVENING + DAY).applications == 1
