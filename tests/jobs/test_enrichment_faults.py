"""Providers that refuse, are slow or away: said, tried again, and the others are done."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import update

from app import writing
from jobs.recruiting.enrichment.decide import MOST_ATTEMPTS, MOST_LOST_ANSWERS
from jobs.recruiting.schema import enrichments
from jobs.sandbox.faults import Fault
from tests.jobs.candidates import NOW
from tests.jobs.enriching import Desk, counts
from tests.processes import wait_until

GITHUB, PDL = "GET /github", "GET /pdl"
BLIPS = {
    "unavailable": Fault("status", match=GITHUB, status=503),
    "an internal error": Fault("status", match=GITHUB, status=500, times=2),
    "a proxy's page": Fault("html", match=GITHUB, status=502),
    "a proxy's page with status 200": Fault("html", match=GITHUB, status=200),
    "a cut connection": Fault("reset", match=GITHUB),
    "a cut connection after the answer was made": Fault("reset", match=GITHUB, after_commit=True),
    "no answer in time": Fault("slow", match=GITHUB, seconds=1.3),
    "a short Retry-After": Fault("status", match=GITHUB, status=429, retry_after="20"),
    "a secondary limit with Retry-After": Fault(
        "status", match=GITHUB, status=403, retry_after="20"
    ),
    "a secondary limit without": Fault("status", match=GITHUB, status=403),
}


@pytest.mark.parametrize("fault", BLIPS.values(), ids=BLIPS.keys())
def test_github_is_asked_again_after(fault: Fault, sqlite_desk: Desk) -> None:
    sqlite_desk.add_many(2, linkedin_url=None)
    sqlite_desk.sandbox.app.faults.add(fault)
    assert counts(sqlite_desk.run()) == {"enriched": 2}
    assert sqlite_desk.sandbox.app.faults.pending() == []


def test_at_least_what_was_asked_for_is_waited(sqlite_desk: Desk) -> None:
    sqlite_desk.add("ada", linkedin=False)
    sqlite_desk.sandbox.app.faults.add(Fault("status", match=GITHUB, status=429, retry_after="37"))
    sqlite_desk.run()
    assert sqlite_desk.clock.waits[0] >= 37


def test_a_secondary_limit_without_a_time_is_waited_for_a_minute_then_longer_then_given_up(
    sqlite_desk: Desk,
) -> None:
    sqlite_desk.add_many(3, linkedin_url=None)
    sqlite_desk.sandbox.app.faults.add(Fault("status", match=GITHUB, status=403, times=99))
    result = sqlite_desk.run()
    assert [round(wait) for wait in sqlite_desk.clock.waits] == [60]
    assert len(sqlite_desk.asked()) == 2
    assert counts(result) == {"postponed": 3}
    until = sqlite_desk.clock.now + timedelta(minutes=2)
    assert result.rate_limited_until == {"GitHub": until}
    assert result.message == (
        f"No résumé was enriched. 3 tried again later. GitHub rate limited until {until:%H:%M} UTC."
    )


def test_a_long_limit_puts_the_rest_off_and_a_further_run_does_them(desk: Desk) -> None:
    desk.add_many(4)
    desk.github.windows["token"].limit = 4
    result = desk.run()
    reset = datetime.fromtimestamp(desk.github.windows["token"].reset, UTC)
    assert counts(result) == {"enriched": 2, "partial": 2, "postponed": 2}
    assert len([r for r in desk.asked() if "/github/" in r]) == 4
    assert result.rate_limited_until["GitHub"] > reset
    further = result.further_run_at
    assert further is not None
    assert reset < further <= reset + timedelta(minutes=5, seconds=2)
    meanwhile = desk.run()
    assert desk.asked() == []
    assert meanwhile.message == (
        "Nothing to do: no résumé was due. 2 wait for their time to be tried again."
    )
    desk.clock.now = further
    assert counts(desk.run()) == {"enriched": 2}
    assert desk.pdl.spent == 4


def test_without_a_token_a_run_stays_below_the_limit_of_the_address(sqlite_desk: Desk) -> None:
    sqlite_desk.token = ""
    sqlite_desk.add_many(30, linkedin_url=None)
    result = sqlite_desk.run()
    assert result.calls["GitHub"] == 50
    assert sqlite_desk.github.windows["anonymous"].used == 50
    assert counts(result) == {"enriched": 25, "postponed": 5}
    assert "50 requests are the most for one run without GITHUB_TOKEN" in result.notes[0]
    sqlite_desk.clock.pass_(hours=1)
    assert counts(sqlite_desk.run()) == {"enriched": 5}


@pytest.mark.parametrize(
    ("site", "outcome"), [("GitHub", "auth_failed"), ("LinkedIn", "auth_failed")]
)
def test_refused_credentials_stop_one_provider_and_the_other_goes_on(
    desk: Desk, site: str, outcome: str
) -> None:
    desk.add_many(3)
    if site == "GitHub":
        desk.token = "wrong"
    else:
        desk.key = "wrong"
    result = desk.run()
    assert result.calls[site] == 1
    assert counts(result) == {"partial": 3, "postponed": 3}
    assert result.notes[0].startswith(f"{site} was not asked to the end: {outcome} (")
    desk.token, desk.key = Desk(desk.engine, desk.sandbox).token, "sandbox-pdl"
    assert counts(desk.run()) == {"enriched": 3}
    assert (desk.pdl.spent, desk.resume(1).attempts) == (3, 0)


def test_used_up_credits_stop_the_provider_without_blaming_anybody(desk: Desk) -> None:
    desk.add_many(4)
    desk.pdl.credits = 2
    result = desk.run()
    assert counts(result) == {"enriched": 2, "partial": 2, "postponed": 2}
    assert result.calls["LinkedIn"] == 3
    assert "quota_exhausted (no credits are left" in result.notes[0]
    assert result.further_run_at is None
    desk.pdl.credits = 100
    assert counts(desk.run()) == {"enriched": 2}
    assert desk.pdl.spent == 4


def test_the_minute_of_the_paid_provider_is_waited_for(sqlite_desk: Desk) -> None:
    sqlite_desk.add_many(7, github_url=None)
    sqlite_desk.pdl.a_minute = 3
    assert counts(sqlite_desk.run()) == {"enriched": 7}
    assert [round(wait) for wait in sqlite_desk.clock.waits] == [61, 61]
    assert sqlite_desk.pdl.spent == 7


LOST = {
    "a cut connection": Fault("reset", match=PDL, after_commit=True),
    "no answer in time": Fault("slow", match=PDL, seconds=1.3),
    "unavailable": Fault("status", match=PDL, status=503, after_commit=True),
    "a proxy's page": Fault("html", match=PDL, status=502, after_commit=True),
}


@pytest.mark.parametrize("fault", LOST.values(), ids=LOST.keys())
def test_a_lost_paid_answer_is_counted_and_asked_for_again_only_in_a_later_run(
    fault: Fault, desk: Desk
) -> None:
    ada = desk.add("ada", github=False)
    desk.add("bob", github=False)
    desk.sandbox.app.faults.add(fault)
    result = desk.run()
    wait_until(lambda: sorted(desk.pdl.matched) == ["ada", "bob"])
    assert counts(result) == {"enriched": 1, "postponed": 1}
    assert (result.credits, result.lost_answers) == (1, 1)
    assert "each may have cost a credit" in result.notes[0]
    desk.run()
    assert len(desk.pdl.matched) == 2
    desk.clock.pass_(hours=1)
    assert counts(desk.run()) == {"enriched": 1}
    assert sorted(desk.pdl.matched) == ["ada", "ada", "bob"]
    assert desk.answers(ada)["pdl"].lost_answers == 0


def test_after_two_lost_answers_a_person_looks_first(desk: Desk) -> None:
    ada = desk.add("ada", github=False)
    desk.sandbox.app.faults.add(Fault("reset", match=PDL, after_commit=True, times=9))
    for _ in range(MOST_LOST_ANSWERS + 3):
        desk.run()
        desk.clock.pass_(days=1)
    assert desk.pdl.spent == MOST_LOST_ANSWERS
    resume = desk.resume(ada)
    assert resume.enrichment_status == "failed"
    assert "2 answers of pdl were lost, each may have cost a credit" in resume.status_reason


def test_an_answer_that_died_with_its_run_counts_as_lost(desk: Desk) -> None:
    ada = desk.add("ada", github=False)
    desk.sandbox.app.faults.add(Fault("reset", match=PDL, after_commit=True))
    desk.run()
    with writing(desk.engine) as connection:
        connection.execute(update(enrichments).values(asked_at=desk.clock.now))
    desk.clock.pass_(days=1)
    desk.run()
    assert (desk.pdl.spent, desk.resume(ada).enrichment_status) == (1, "failed")


def test_a_service_that_is_away_is_left_alone_after_three_and_the_other_is_done(
    desk: Desk,
) -> None:
    desk.add_many(6)
    desk.sandbox.app.faults.add(Fault("status", match=GITHUB, status=503, times=999))
    result = desk.run()
    assert len([r for r in desk.asked() if "/github/" in r]) == 3 * 4
    assert desk.pdl.spent == 6
    assert counts(result) == {"partial": 6, "postponed": 6}
    assert "away (it answered 503, 3 times in a row)" in result.notes[0]
    assert [desk.resume(n).attempts for n in range(1, 7)] == [1, 1, 1, 0, 0, 0]
    assert result.further_run_at is not None
    assert result.further_run_at >= desk.clock.now + timedelta(minutes=59)


def test_pauses_grow_and_after_five_vain_attempts_the_resume_has_failed(desk: Desk) -> None:
    ada = desk.add("ada", linkedin=False)
    desk.sandbox.app.faults.add(Fault("html", match=GITHUB, status=502, times=999))
    pauses = []
    for _ in range(MOST_ATTEMPTS):
        desk.run()
        resume = desk.resume(ada)
        pauses.append(round((resume.next_attempt_at - desk.clock.now).total_seconds() / 3600))
        desk.clock.now = resume.next_attempt_at
    assert pauses == [1, 2, 4, 8, 30 * 24]
    assert resume.enrichment_status == "failed"
    assert "with a page, not with data" in resume.status_reason


@pytest.mark.parametrize("provider", ["github", "pdl"])
def test_what_is_known_stays_while_the_provider_is_away(desk: Desk, provider: str) -> None:
    ada = desk.add("ada", github=provider == "github", linkedin=provider == "pdl")
    desk.run()
    before = desk.answers(ada)[provider]
    desk.clock.pass_(days=31)
    desk.sandbox.app.faults.add(Fault("status", match="GET", status=503, times=4))
    assert counts(desk.run()) == {"postponed": 1}
    after = desk.answers(ada)[provider]
    assert (after.outcome, after.fields) == (before.outcome, before.fields)
    assert (after.fetched_at, after.obtained_at) == (NOW, NOW)


def test_a_service_that_does_not_listen_spends_nothing_and_counts_no_answer_as_lost(
    sqlite_desk: Desk,
) -> None:
    sqlite_desk.add("ada", github=False)
    providers = sqlite_desk.providers()
    providers["LinkedIn"].http.base_url = "http://127.0.0.1:9"  # type: ignore[attr-defined]  # a PeopleDataLabs
    result = sqlite_desk.run(providers=providers)
    assert (result.lost_answers, counts(result)) == (0, {"postponed": 1})
    assert result.calls["LinkedIn"] == 4


def test_the_next_morning_is_soon_enough_for_what_is_put_off_for_long(sqlite_desk: Desk) -> None:
    sqlite_desk.add("ada", linkedin=False)
    fault = Fault("status", match=GITHUB, status=429, retry_after="86000")
    sqlite_desk.sandbox.app.faults.add(fault)
    result = sqlite_desk.run()
    assert result.rate_limited_until["GitHub"] == NOW + timedelta(seconds=86_000)
    assert result.further_run_at is None
