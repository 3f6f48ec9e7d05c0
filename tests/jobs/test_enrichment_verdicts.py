"""How a résumé stands after its lookups, whatever they came to together."""

from __future__ import annotations

from datetime import timedelta
from typing import get_args

import pytest

from jobs.recruiting.enrichment.decide import Verdict, judge
from jobs.recruiting.schema import ENRICHMENT_STATUSES, OUTCOMES
from jobs.services.lookups import Lookup, Outcome
from tests.jobs.candidates import NOW

LATER = NOW + timedelta(hours=3)


def verdict(*outcomes: Outcome, attempts: int = 0) -> Verdict:
    retry = {"rate_limited": LATER}
    lookups = [Lookup(outcome, retry_at=retry.get(outcome)) for outcome in outcomes]
    return judge(dict(zip(("GitHub", "LinkedIn"), lookups, strict=False)), attempts, NOW)


@pytest.mark.parametrize(
    ("outcomes", "status", "days"),
    [
        (("matched", "matched"), "enriched", 30),
        (("matched", "no_match"), "enriched", 30),
        (("matched", "skipped"), "enriched", 30),
        (("matched", "invalid"), "enriched", 30),
        (("matched", "low_confidence"), "partial", 30),
        (("low_confidence", "no_match"), "partial", 30),
        (("no_match", "no_match"), "no_match", 90),
        (("no_match", "skipped"), "no_match", 90),
        (("invalid", "skipped"), "failed", 30),
        (("skipped", "skipped"), "skipped", None),
    ],
)
def test_settled_answers(outcomes: tuple[Outcome, ...], status: str, days: int | None) -> None:
    for found in (verdict(*outcomes), verdict(*reversed(outcomes))):
        assert (found.status, found.attempts) == (status, 0)
        assert found.next_attempt_at == (None if days is None else NOW + timedelta(days=days))


@pytest.mark.parametrize("outcome", ["rate_limited", "quota_exhausted", "auth_failed"])
def test_limits_and_credentials_are_nothing_about_the_candidate(outcome: Outcome) -> None:
    at = LATER if outcome == "rate_limited" else None
    assert verdict(outcome, "no_match", attempts=4) == Verdict("pending", None, 4, at)
    assert verdict("matched", outcome) == Verdict("partial", None, 0, at)


def test_vain_attempts_are_counted_until_the_fifth_fails() -> None:
    assert verdict("unavailable") == Verdict("pending", None, 1, NOW + timedelta(hours=1))
    assert verdict("unavailable", "unavailable", attempts=3).attempts == 4
    month = NOW + timedelta(days=30)
    assert verdict("unavailable", attempts=4) == Verdict("failed", None, 0, month)
    assert verdict("matched", "unavailable", attempts=4) == Verdict("partial", None, 0, month)


def test_a_pause_is_as_long_as_the_longest_asked_for() -> None:
    assert verdict("unavailable", "rate_limited").next_attempt_at == LATER
    late = verdict("unavailable", "rate_limited", attempts=3)
    assert late.next_attempt_at == NOW + timedelta(hours=8)


def test_the_reasons_name_their_site() -> None:
    found = {"GitHub": Lookup("no_match", reason="nobody"), "LinkedIn": Lookup("matched")}
    assert judge(found, 0, NOW).reason == "GitHub: nobody"
    assert len(judge({"GitHub": Lookup("invalid", reason="x" * 999)}, 0, NOW).reason or "") == 300


def test_the_table_knows_every_outcome_and_status() -> None:
    assert set(OUTCOMES) == {"asked", *get_args(Outcome)}
    assert {verdict(outcome).status for outcome in get_args(Outcome)} <= set(ENRICHMENT_STATUSES)
