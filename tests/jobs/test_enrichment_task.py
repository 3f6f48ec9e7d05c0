"""The task as the engine runs it: settings, skips, results, further runs."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from redis import Redis
from sqlalchemy import Engine

from app import Invalid, Skip, cron, keys
from app.context import CurrentRun
from app.outcomes import Outcome
from app.perform import perform
from app.settings import current_settings
from jobs.enrichment import FURTHER_RUN_STEP, daily_resume_enrichment, further_run_at
from jobs.recruiting.enrichment.providers import open_providers
from jobs.recruiting.enrichment.run import Tally
from jobs.sandbox.server import Sandbox
from jobs.services.github import GitHub
from jobs.services.lookups import Provider, Skipping
from jobs.services.people_data_labs import PeopleDataLabs
from jobs.services.resume_url import ResumeUrl
from tests.jobs.candidates import NOW
from tests.jobs.enriching import Desk

RUN = CurrentRun("daily_resume_enrichment--1", "daily_resume_enrichment")


def execute(**arguments: int) -> Outcome:
    return perform(daily_resume_enrichment, arguments, RUN)


def test_the_task_runs_every_morning_at_nine_one_at_a_time() -> None:
    (schedule,) = daily_resume_enrichment.schedules
    assert schedule.schedule == cron("0 9 * * *")
    assert daily_resume_enrichment.overlap == "skip"


def test_a_run_returns_a_result_for_people(configured: Sandbox, sqlite_engine: Engine) -> None:
    Desk(sqlite_engine, configured).add_many(2)
    outcome = execute()
    assert outcome.kind == "succeeded", outcome
    assert outcome.result["message"] == "Résumés: 2 enriched."
    assert outcome.result["calls"] == {"GitHub": 4, "LinkedIn": 2}
    assert execute().result["message"] == "Nothing to do: no résumé was due."


def test_limits_are_arguments(configured: Sandbox, sqlite_engine: Engine) -> None:
    Desk(sqlite_engine, configured).add_many(3)
    result = execute(limit=2, most_credits=1).result
    assert (result["enriched"], result["partial"], result["untouched"]) == (1, 1, 1)


def unset(monkeypatch: pytest.MonkeyPatch, *names: str) -> None:
    for name in names:
        monkeypatch.delenv(name)
    current_settings.cache_clear()


def test_without_any_settings_the_run_is_skipped_and_says_what_to_set(
    configured: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    unset(monkeypatch, "GITHUB_URL", "GITHUB_TOKEN", "LINKEDIN_PROVIDER", "PDL_API_KEY")
    outcome = execute()
    assert (outcome.kind, outcome.reason) == (
        "skipped",
        "not configured: set GITHUB_TOKEN, or LINKEDIN_PROVIDER and PDL_API_KEY",
    )


def providers() -> dict[str, Provider]:
    return dict(open_providers(lambda: NOW, 10))


def test_pdl_without_a_key_is_skipped_and_github_goes_on(
    configured: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    unset(monkeypatch, "PDL_API_KEY")
    found = providers()
    assert isinstance(found["GitHub"], GitHub)
    assert found["LinkedIn"] == Skipping("pdl", "not configured: set PDL_API_KEY")


def test_github_without_settings_is_skipped_and_linkedin_goes_on(
    configured: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    unset(monkeypatch, "GITHUB_URL", "GITHUB_TOKEN")
    found = providers()
    assert isinstance(found["LinkedIn"], PeopleDataLabs)
    assert found["GitHub"] == Skipping("github", "not configured: set GITHUB_TOKEN")


def test_github_may_be_asked_without_a_token(
    configured: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    unset(monkeypatch, "GITHUB_TOKEN")
    found = providers()["GitHub"]
    assert isinstance(found, GitHub)
    assert "Authorization" not in found.http.session.headers


def test_the_linkedin_provider_is_a_choice(
    configured: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    choose(monkeypatch, LINKEDIN_PROVIDER="resume_url")
    assert isinstance(providers()["LinkedIn"], ResumeUrl)
    choose(monkeypatch, LINKEDIN_PROVIDER="none")
    assert isinstance(providers()["LinkedIn"], Skipping)
    choose(monkeypatch, LINKEDIN_PROVIDER="scraper")
    with pytest.raises(Invalid, match=r"LINKEDIN_PROVIDER=scraper .* pdl, resume_url, none"):
        providers()


@pytest.mark.parametrize("name", ["GITHUB_URL", "PDL_URL"])
def test_no_credentials_go_over_an_open_line(
    configured: Sandbox, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    choose(monkeypatch, **{name: "http://example.org"})
    with pytest.raises(Invalid, match=f"{name}=http://example.org must be https://"):
        providers()


def choose(monkeypatch: pytest.MonkeyPatch, **settings: str) -> None:
    for name, value in settings.items():
        monkeypatch.setenv(name, value)
    current_settings.cache_clear()


def test_a_direct_call_raises_the_skip(
    configured: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    unset(monkeypatch, "GITHUB_URL", "GITHUB_TOKEN", "LINKEDIN_PROVIDER")
    with pytest.raises(Skip, match="not configured"):
        daily_resume_enrichment()


def test_a_run_about_to_be_stopped_leaves_the_rest(
    configured: Sandbox, sqlite_engine: Engine
) -> None:
    Desk(sqlite_engine, configured).add_many(3)
    run = CurrentRun("daily_resume_enrichment--2", "daily_resume_enrichment")
    run.request_stop()
    assert perform(daily_resume_enrichment, {}, run).result["untouched"] == 3
    soon = datetime.now(UTC) + timedelta(minutes=1)
    run = CurrentRun("daily_resume_enrichment--3", "daily_resume_enrichment", deadline=soon)
    assert perform(daily_resume_enrichment, {}, run).result["untouched"] == 3


@pytest.mark.parametrize(
    ("after", "further"),
    [
        (None, None),
        (timedelta(seconds=-1), None),
        (timedelta(minutes=1), timedelta(minutes=5)),
        (timedelta(minutes=5), timedelta(minutes=10)),
        (timedelta(hours=12), timedelta(hours=12, minutes=5)),
        (timedelta(hours=12, seconds=1), None),
    ],
)
def test_a_further_run_comes_soon_after_what_was_put_off_is_due(
    after: timedelta | None, further: timedelta | None
) -> None:
    tally = Tally(retry_at=None if after is None else NOW + after)
    assert further_run_at(tally, NOW) == (None if further is None else NOW + further)
    assert timedelta(minutes=5) == FURTHER_RUN_STEP


def test_one_further_run_is_queued_for_what_a_limit_puts_off(
    configured: Sandbox, sqlite_engine: Engine, redis_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    choose(monkeypatch, REDIS_URL=redis_url)
    desk = Desk(sqlite_engine, configured)
    desk.github.clock = lambda: datetime.now(UTC).timestamp()
    desk.add_many(3)
    desk.github.windows["token"].limit = 2
    result = execute().result
    assert result["postponed"] == 2
    at = datetime.fromisoformat(result["further_run_at"])
    assert timedelta(minutes=59) < at - datetime.now(UTC) < timedelta(minutes=66)
    desk.add("late")
    assert execute().result["further_run_at"] == result["further_run_at"]
    assert queued(redis_url) == 1


def test_without_redis_the_next_morning_tries_again(
    configured: Sandbox, sqlite_engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    choose(monkeypatch, REDIS_URL="redis://127.0.0.1:9/0")
    desk = Desk(sqlite_engine, configured)
    desk.github.clock = lambda: datetime.now(UTC).timestamp()
    desk.add_many(2)
    desk.github.windows["token"].limit = 2
    result = execute().result
    assert (result["postponed"], result["further_run_at"]) == (1, None)


def queued(redis_url: str) -> int:
    """Return how many runs wait for their time."""
    with Redis.from_url(redis_url) as client:
        found: int = client.zcard(keys.delayed("default"))
    return found
