"""The weekly report: right figures in every form, made once, mailed once to each recruiter."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from html.parser import HTMLParser
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import Engine, update

from app import Invalid, Skip, cron, writing
from app.context import CurrentRun, enter, leave
from app.settings import current_settings
from jobs.recruiting.analytics.calendar import Week, last_closed_week
from jobs.recruiting.analytics.figures import Figures, SourceFigures
from jobs.recruiting.analytics.refreshing import figures_of_weeks, refresh
from jobs.recruiting.analytics.statistics import Rate
from jobs.recruiting.demo.command import create_demo
from jobs.recruiting.schema import applications
from jobs.recruiting.weekly.html import as_html
from jobs.recruiting.weekly.keeping import kept_report, report_of
from jobs.recruiting.weekly.mailing import NotMailedYet
from jobs.recruiting.weekly.panel import weekly_panel
from jobs.recruiting.weekly.plain import as_text
from jobs.recruiting.weekly.report import Report, make_report
from jobs.recruiting.weekly.spreadsheet import as_csv
from jobs.sandbox.faults import Fault
from jobs.weekly_report import WeeklyReportResult, report, weekly_analytics_report
from tests.jobs.mailing import PostOffice

BERLIN = ZoneInfo("Europe/Berlin")
MONDAY = datetime(2026, 11, 23, 7, 0, tzinfo=UTC)  # at eight in Berlin
RECIPIENTS = "olga@example.org, piet@example.org"


@pytest.fixture
def office(
    monkeypatch: pytest.MonkeyPatch, post_office: PostOffice, database_url: str
) -> Iterator[PostOffice]:
    """A mail server that this process's settings know, with two recruiters."""
    values = {
        "DATABASE_URL": database_url,
        "SMTP_URL": post_office.url,
        "MAIL_FROM": "Hiring <hiring@example.org>",
        "RECRUITER_EMAILS": RECIPIENTS,
        "TIMEZONE": "Europe/Berlin",
    }
    for name, value in values.items():
        monkeypatch.setenv(name, value)
    current_settings.cache_clear()
    yield post_office
    current_settings.cache_clear()


def run(engine: Engine, now: datetime = MONDAY, week: str = "", **more: bool) -> WeeklyReportResult:
    return report(engine, week, now, BERLIN, fired_at=now, **more)


# --- once a week and recipient -------------------------------------------------------------------


def test_each_recruiter_gets_the_week_once(engine: Engine, office: PostOffice) -> None:
    create_demo(engine, 120, 7, MONDAY)
    first = run(engine)
    assert (first.week, first.sent, first.message) == (
        "2026-W47",
        2,
        "Report of 2026-W47: 2 sent.",
    )
    second = run(engine, MONDAY + timedelta(minutes=1))
    assert (second.sent, second.sent_before) == (0, 2)
    assert second.message == "Nothing to do: all recruiters have the report of 2026-W47 already."
    assert office.subjects() == [
        "olga@example.org: Hiring report 2026-W47 (16–22 Nov 2026)",
        "piet@example.org: Hiring report 2026-W47 (16–22 Nov 2026)",
    ]


def test_a_recruiter_who_joins_gets_it_and_the_others_not_again(
    engine: Engine, office: PostOffice, monkeypatch: pytest.MonkeyPatch
) -> None:
    run(engine)
    monkeypatch.setenv("RECRUITER_EMAILS", f"{RECIPIENTS}, quin@example.org")
    current_settings.cache_clear()
    assert run(engine).message == "Report of 2026-W47: 1 sent, 2 had it already."
    assert [subject.split(":")[0] for subject in office.subjects()][2:] == ["quin@example.org"]


def test_a_run_again_gives_the_same_figures_although_the_database_moved_on(
    engine: Engine, office: PostOffice
) -> None:
    create_demo(engine, 120, 7, MONDAY)
    first = run(engine)
    kept = kept_report(engine)
    create_demo(engine, 150, 8, MONDAY)
    with writing(engine) as connection:
        connection.execute(update(applications).values(status="withdrawn"))
    again = run(engine, MONDAY + timedelta(days=3), week="2026-W47")
    assert kept_report(engine) == kept
    assert (again.received, again.completed, again.hires, again.open) == (
        first.received,
        first.completed,
        first.hires,
        first.open,
    )
    assert len(office.arrived()) == 2


def test_a_year_of_mondays_reports_each_week_once(engine: Engine, office: PostOffice) -> None:
    """Over both changes of the clocks, the year's end, and a scheduler that fires twice."""
    create_demo(engine, 60, 7, datetime(2027, 2, 1, tzinfo=UTC))
    monday, weeks = datetime(2026, 3, 16, 8, 0, tzinfo=BERLIN), []
    for n in (0, 1, 2, 31, 32, 33, 41, 42, 43):
        now = (monday + timedelta(weeks=n)).astimezone(UTC)
        weeks.append(run(engine, now).week)
        run(engine, now + timedelta(hours=1))
    assert weeks == [
        "2026-W11", "2026-W12", "2026-W13", "2026-W42", "2026-W43", "2026-W44",
        "2026-W52", "2026-W53", "2027-W01",
    ]  # fmt: skip
    assert len(office.arrived()) == 2 * len(weeks)


def test_a_late_run_reports_on_the_week_before_its_fire_time(
    engine: Engine, office: PostOffice
) -> None:
    fired = datetime.now(UTC) - timedelta(days=20)
    enter(CurrentRun("weekly_analytics_report--1", "weekly_analytics_report", fire_time=fired))
    try:
        assert weekly_analytics_report().week == last_closed_week(fired, BERLIN).name
    finally:
        leave()


def test_it_is_due_on_mondays_at_eight() -> None:
    (schedule,) = weekly_analytics_report.schedules
    assert schedule.schedule == cron("0 8 * * mon")


# --- what goes wrong -----------------------------------------------------------------------------


def test_a_server_that_is_away_fails_the_run_and_the_next_one_sends(
    engine: Engine, office: PostOffice
) -> None:
    office.order(Fault("reset", match="SMTP MAIL", times=4))
    with pytest.raises(NotMailedYet, match=r"Report of 2026-W47: 2 not sent yet, will be tried"):
        run(engine)
    office.faults.clear()
    assert run(engine, MONDAY + timedelta(minutes=2)).sent == 2
    assert len(office.arrived()) == 2


def test_one_refused_recipient_keeps_nobody_else_from_it(
    engine: Engine, office: PostOffice
) -> None:
    office.order(Fault("status", status=550, match="SMTP RCPT TO:<olga", said="5.1.1 unknown"))
    result = run(engine)
    assert result.message == "Report of 2026-W47: 1 sent, 1 refused for good."
    assert result.notes[0].startswith("recipient 1: ")
    assert "olga" not in str(result)
    assert [subject.split(":")[0] for subject in office.subjects()] == ["piet@example.org"]


def test_one_refused_for_now_is_tried_again_and_the_other_not(
    engine: Engine, office: PostOffice
) -> None:
    office.order(Fault("status", status=451, match="SMTP RCPT TO:<piet", said="4.7.1 later"))
    with pytest.raises(NotMailedYet, match="1 sent, 1 not sent yet"):
        run(engine)
    assert run(engine, MONDAY + timedelta(hours=1)).message == (
        "Report of 2026-W47: 1 sent, 1 had it already."
    )
    assert len(office.arrived()) == 2


def test_a_lost_answer_is_told_and_sent_again_only_when_asked_for(
    engine: Engine, office: PostOffice
) -> None:
    office.order(Fault("reset", match="SMTP END olga", after_commit=True))
    result = run(engine)
    assert result.message == "Report of 2026-W47: 1 sent, 1 may or may not have arrived."
    assert run(engine, MONDAY + timedelta(hours=1)).unknown == 1
    assert len(office.arrived()) == 2
    again = run(engine, MONDAY + timedelta(hours=2), resend_unknown=True)
    assert again.sent == 1
    ids = [message["Message-ID"] for message in office.arrived()]
    assert (len(ids), len(set(ids))) == (3, 2)


def test_a_sender_that_nobody_takes_fails_the_run(engine: Engine, office: PostOffice) -> None:
    office.order(Fault("status", status=550, match="SMTP MAIL", said="5.7.1 not you", times=9))
    with pytest.raises(Invalid, match="Nobody got the report of 2026-W47"):
        run(engine)


@pytest.mark.parametrize("missing", ["SMTP_URL", "RECRUITER_EMAILS"])
def test_without_mail_the_report_is_made_and_shown_all_the_same(
    engine: Engine, office: PostOffice, monkeypatch: pytest.MonkeyPatch, missing: str
) -> None:
    monkeypatch.delenv(missing)
    current_settings.cache_clear()
    with pytest.raises(Skip, match=r"not configured: set .* is made and shown in its panel"):
        run(engine)
    assert weekly_panel.render().html is not None


def test_a_week_that_is_not_over_is_refused(engine: Engine, office: PostOffice) -> None:
    with pytest.raises(Invalid, match="not over yet"):
        run(engine, week="2026-W48")
    assert kept_report(engine) is None
    assert office.arrived() == []


# --- what it says --------------------------------------------------------------------------------


def test_the_message_has_text_html_and_figures(engine: Engine, office: PostOffice) -> None:
    create_demo(engine, 200, 7, MONDAY)
    run(engine)
    message = office.arrived()[0]
    assert isinstance(message, EmailMessage)
    kinds = [part.get_content_type() for part in message.walk()]
    assert kinds == [
        "multipart/mixed",
        "multipart/alternative",
        "text/plain",
        "text/html",
        "text/csv",
    ]
    kept = kept_report(engine)
    assert kept is not None
    html, plain = message.get_body(("html",)), message.get_body(("plain",))
    assert html is not None
    assert plain is not None
    assert html.get_content().strip() == kept.html.strip()
    assert plain.get_content().splitlines() == kept.plain.splitlines()
    (attached,) = message.iter_attachments()
    assert isinstance(attached, EmailMessage)
    assert attached.get_filename() == "hiring-2026-W47.csv"
    assert attached.get_content().lstrip("\ufeff").startswith("week,section,figure,value")


def test_the_panel_shows_exactly_what_was_mailed(engine: Engine, office: PostOffice) -> None:
    assert weekly_panel.render().note.startswith("There is no weekly report yet")
    create_demo(engine, 60, 7, MONDAY)
    run(engine)
    body = office.arrived()[0].get_body(("html",))
    assert body is not None
    assert body.get_content().strip() == str(weekly_panel.render().html).strip()


def test_the_report_is_the_same_from_the_cache_and_computed(engine: Engine) -> None:
    create_demo(engine, 120, 7, MONDAY)
    week = last_closed_week(MONDAY, BERLIN)
    weeks = [week.back(n) for n in range(9)]
    fresh = figures_of_weeks(engine, weeks, MONDAY, BERLIN)
    refresh(engine, MONDAY, BERLIN, "a test")
    assert figures_of_weeks(engine, weeks, MONDAY, BERLIN) == fresh


@pytest.fixture
def weeks(sqlite_engine: Engine) -> list[Figures]:
    create_demo(sqlite_engine, 400, 7, MONDAY)
    week = last_closed_week(MONDAY, BERLIN)
    found = figures_of_weeks(sqlite_engine, [week.back(n) for n in range(9)], MONDAY, BERLIN)
    return list(found.values())


def made(weeks: Sequence[Figures]) -> Report:
    return make_report(last_closed_week(MONDAY, BERLIN), weeks, BERLIN)


class Cells(HTMLParser):
    """The rows of all tables, as lists of texts."""

    def __init__(self) -> None:
        super().__init__()
        self.text: list[str] = []
        self.sources: list[str] = []

    def handle_data(self, data: str) -> None:
        self.text.append(data)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.sources += [f"{tag} {n}" for n, _ in attrs if n in ("src", "href", "srcset")]


def test_html_and_text_say_the_same_figures(weeks: list[Figures]) -> None:
    done = made(weeks)
    parser = Cells()
    parser.feed(as_html(done))
    text = as_text(done)
    for line in (*done.glance, *done.funnel, *done.stays):
        for word in filter(None, (line.label, line.value, line.basis, line.prior, line.usual)):
            assert word in parser.text, word
            assert word in text, word
    for point in done.points:
        assert point in parser.text
        assert point in re.sub(r"\s+", " ", text)


def test_the_html_needs_nothing_from_anywhere_and_is_small(weeks: list[Figures]) -> None:
    html = as_html(made(weeks))
    parser = Cells()
    parser.feed(html)
    assert parser.sources == []
    assert "url(" not in html
    assert len(html.encode()) < 100_000


def test_many_sources_with_hostile_names_stay_small_and_harmless(weeks: list[Figures]) -> None:
    source = SourceFigures(1, 1, Rate(1, 1), Rate(0, 1), Rate(0, 1))
    named = {f'<script>alert("{n}")</script>' * 6: source for n in range(900)}
    done = made([replace(weeks[0], sources={**named, "=cmd|' /C calc'!A0": source}), *weeks[1:]])
    html = as_html(done)
    assert "<script" not in html
    assert len(html.encode()) < 100_000
    assert ("890 others", 890) in [(name, found.received) for name, found in done.sources]
    assert as_text(done).count("others:") == 1


def test_a_formula_in_the_csv_is_only_text(weeks: list[Figures]) -> None:
    source = SourceFigures(2, 2, Rate(1, 2), Rate(0, 2), Rate(0, 2))
    names = ["=1+1", "+44", "-5", "@SUM(A1)", "\tx", "\rx", "plain"]
    done = made([replace(weeks[0], sources=dict.fromkeys(names, source)), *weeks[1:]])
    rows = list(csv.DictReader(io.StringIO(as_csv(done).lstrip("\ufeff"), newline="")))
    found = [row["figure"] for row in rows if row["section"] == "Source: applied"]
    assert sorted(found) == sorted(["'=1+1", "'+44", "'-5", "'@SUM(A1)", "'\tx", "'\rx", "plain"])


def test_the_csv_holds_the_figures_with_what_stands_behind_them(weeks: list[Figures]) -> None:
    rows = list(csv.DictReader(io.StringIO(as_csv(made(weeks)).lstrip("\ufeff"), newline="")))
    by_name = {(row["section"], row["figure"]): row for row in rows}
    conversion = by_name["Stage conversion", "Applied → Screening"]
    rate = weeks[0].conversion["applied"]
    assert (conversion["numerator"], conversion["n_or_denominator"]) == (
        str(rate.numerator),
        str(rate.denominator),
    )
    assert float(conversion["value"]) == pytest.approx(rate.value, abs=1e-4)
    assert {row["week"] for row in rows} == {"2026-W47"}


def test_no_cases_are_a_dash_and_few_are_marked(weeks: list[Figures]) -> None:
    own = weeks[0]
    few = replace(own, conversion={**own.conversion, "applied": Rate(2, 4)})
    none = replace(own, conversion={**own.conversion, "applied": Rate(0, 0)})
    enough = replace(own, conversion={**own.conversion, "applied": Rate(2, 5)})
    lines = [made([one, *weeks[1:]]).funnel[0] for one in (few, none, enough)]
    assert [line.value for line in lines] == ["50%*", "–", "40%"]
    assert [line.basis for line in lines] == ["2 of 4", "0 of 0", "2 of 5"]
    assert lines[1].usual_change == ""


def test_a_figure_is_held_against_the_prior_week_and_the_median_of_eight(
    weeks: list[Figures],
) -> None:
    numbers = [20, 14, 8, 9, 10, 11, 12, 13, 100]
    found = made([replace(w, received=n) for w, n in zip(weeks, numbers, strict=True)])
    line = found.glance[0]
    assert (line.value, line.prior, line.prior_change) == ("20", "14", "+6")
    assert (line.usual, line.usual_change) == ("11.5", "+8.5")


def test_what_needs_a_person_comes_first_and_is_at_most_three(weeks: list[Figures]) -> None:
    assert 1 <= len(made(weeks).points) <= 3
    own = weeks[0]
    quality = replace(
        own.quality, hires_without_accepted_offer=1, open_without_activity_for_30_days=7
    )
    offers = replace(own.offers, pending=2, accepted=0, declined=3)
    busy = made([replace(own, quality=quality, offers=offers, open=9), *weeks[1:]])
    assert busy.points == [
        "2 offers waiting for an answer: ask.",
        f"More offers were lost ({3 + own.offers.expired}) than accepted (0): look at why.",
        "1 hire without a recorded accepted offer: record it.",
    ]
    quality = replace(
        quality, hires_without_accepted_offer=0, open_without_activity_for_30_days=0,
        applications_without_source=0,
    )  # fmt: skip
    offers = replace(offers, pending=0, declined=0, expired=0)
    calm = [replace(w, quality=quality, offers=offers) for w in [own, own]]
    assert made(calm).points == ["Nothing stands out this week."]


def test_its_bounds_are_told_in_the_zone(sqlite_engine: Engine) -> None:
    zone = ZoneInfo("America/New_York")
    week = Week(datetime(2026, 10, 26).date())  # noqa: DTZ001 - a date of the calendar
    now = datetime(2026, 11, 2, 13, tzinfo=UTC)
    kept = report_of(sqlite_engine, week, now, zone)
    assert "Mon 26 Oct 2026 00:00 to Mon 02 Nov 2026 00:00, America/New_York" in kept.plain
    assert kept.figures.end - kept.figures.start == timedelta(hours=169)
