"""What to ask about a résumé, and what its answers amount to: pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from jobs.recruiting.enrichment.links import PROFILES
from jobs.recruiting.enrichment.loading import Stored, Work
from jobs.services.lookups import SETTLED, Lookup, Provider, Query, Skipping

MOST_ATTEMPTS = 5
FIRST_PAUSE = timedelta(hours=1)
LONGEST_PAUSE = timedelta(hours=24)
FAILED_PAUSE = timedelta(days=30)
# A credit may be gone with each: then a person looks at the provider's account first.
MOST_LOST_ANSWERS = 2
LONGEST_REASON = 300


@dataclass(frozen=True, slots=True)
class Question:
    """One provider to ask; `site` is where the link leads."""

    site: str
    provider: Provider
    query: Query


@dataclass(frozen=True, slots=True)
class Plan:
    """What to ask about a résumé, and what is known already, by site. A `refusal` says why
    nothing is asked at all."""

    questions: Sequence[Question] = ()
    known: Mapping[str, Lookup] = field(default_factory=dict)
    refusal: str | None = None


@dataclass(frozen=True, slots=True)
class Verdict:
    """How a résumé stands. Until `next_attempt_at` it is left alone; None is due at once."""

    status: str
    reason: str | None = None
    attempts: int = 0
    next_attempt_at: datetime | None = None

    def is_of(self, work: Work) -> bool:
        """Tell whether `work` stands like this already."""
        return self == Verdict(work.status, work.reason, work.attempts, work.next_attempt_at)


def refusal(work: Work) -> str | None:
    """Return why this candidate must not be looked up, None where they may be."""
    if work.do_not_enrich:
        return "the candidate objected"
    if work.do_not_contact:
        return "do not contact"
    if work.legal_hold:
        return "legal hold"
    if not work.has_open_application:
        return "no open application"
    return None


def make_plan(
    work: Work, stored: Mapping[str, Stored], providers: Mapping[str, Provider], now: datetime
) -> Plan:
    """Say whom to ask about `work`, leaving out what was answered and still holds.

    `stored` is by provider, `providers` by site.
    """
    if reason := refusal(work):
        return Plan(refusal=reason)
    questions: list[Question] = []
    known: dict[str, Lookup] = {}
    for site, link in (("GitHub", work.github_url), ("LinkedIn", work.linkedin_url)):
        if link:
            found = _one(site, link, work, stored, providers[site], now)
            if isinstance(found, Question):
                questions.append(found)
            else:
                known[site] = found
    return Plan(questions, known)


def _one(
    site: str,
    link: str,
    work: Work,
    stored: Mapping[str, Stored],
    provider: Provider,
    now: datetime,
) -> Question | Lookup:
    profile = PROFILES[site](link)
    if profile is None:
        return Lookup("invalid", reason="the link names no person")
    query = Query(profile.handle, profile.url, work.links_given_at)
    if isinstance(provider, Skipping):
        return provider.lookup(query)
    before = stored.get(provider.name)
    if before is None or before.query != profile.url:
        return Question(site, provider, query)
    if before.holds(now):
        return before.as_lookup()
    if before.lost_answers >= MOST_LOST_ANSWERS:
        return Lookup("invalid", reason=_too_many_lost(before.lost_answers, provider.name))
    query = Query(profile.handle, profile.url, work.links_given_at, before.fields)
    return Question(site, provider, query)


def _too_many_lost(count: int, provider: str) -> str:
    return f"{count} answers of {provider} were lost, each may have cost a credit: not asked again"


def judge(found: Mapping[str, Lookup], attempts: int, now: datetime) -> Verdict:
    """Say how a résumé stands after its lookups, by site. `attempts` is how many runs came to
    nothing before."""
    outcomes = {lookup.outcome for lookup in found.values()}
    useful = bool(outcomes & {"matched", "low_confidence"})
    reason = _reasons(found)
    later = [lookup for lookup in found.values() if is_to_be_asked_again(lookup)]
    if later:
        return _later("partial" if useful else "pending", reason, later, attempts, now)
    until = min((at for f in found.values() if (at := f.kept_until(now))), default=None)
    if useful:
        whole = "low_confidence" not in outcomes
        return Verdict("enriched" if whole else "partial", reason, 0, until)
    if "no_match" in outcomes:
        return Verdict("no_match", reason, 0, until)
    if "invalid" in outcomes:
        return Verdict("failed", reason, 0, now + FAILED_PAUSE)
    return Verdict("skipped", reason)


def is_to_be_asked_again(lookup: Lookup) -> bool:
    """Tell whether the next run asks again."""
    return lookup.outcome not in SETTLED and lookup.outcome != "skipped"


def _later(
    status: str, reason: str | None, later: Sequence[Lookup], attempts: int, now: datetime
) -> Verdict:
    """Postpone. Only a question that was put and came to nothing counts as an attempt: limits,
    credits and credentials are nothing about this candidate."""
    tried = any(lookup.outcome == "unavailable" and not lookup.retry_at for lookup in later)
    attempts += tried
    if tried and attempts >= MOST_ATTEMPTS:
        status = status if status == "partial" else "failed"
        return Verdict(status, reason, 0, now + FAILED_PAUSE)
    times = [lookup.retry_at for lookup in later if lookup.retry_at]
    if tried:
        times.append(now + min(FIRST_PAUSE * 2 ** (attempts - 1), LONGEST_PAUSE))
    return Verdict(status, reason, attempts, max(times, default=None))


def _reasons(found: Mapping[str, Lookup]) -> str | None:
    said = "; ".join(f"{site}: {f.reason}" for site, f in found.items() if f.reason)
    return said[:LONGEST_REASON] or None
