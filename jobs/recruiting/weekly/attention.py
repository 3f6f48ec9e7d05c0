"""The up to three things of a week that ask somebody to act, the most pressing first."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import median

from jobs.recruiting.analytics.figures import Figures
from jobs.recruiting.analytics.statistics import FEW
from jobs.recruiting.stages import KINDS

MOST = 3
# A stage that takes half as long again as usual, or a week with a third fewer applications.
SLOWER = 1.5
FEWER = 2 / 3
CALM = "Nothing stands out this week."


def points(weeks: Sequence[Figures]) -> list[str]:
    """Return what stands out in `weeks[0]` against the weeks before it."""
    own = weeks[0]
    found = [
        *_offers(own),
        *_hires(own),
        *_silent(own),
        *_slow(own, weeks[1:]),
        *_arrivals(own, weeks[1:]),
        *_unknown_sources(own),
    ]
    return found[:MOST] or [CALM]


def _offers(own: Figures) -> list[str]:
    found = []
    if own.offers.pending:
        found.append(f"{_count(own.offers.pending, 'offer')} waiting for an answer: ask.")
    if own.offers.declined + own.offers.expired > own.offers.accepted:
        lost = own.offers.declined + own.offers.expired
        found.append(
            f"More offers were lost ({lost}) than accepted ({own.offers.accepted}): look at why."
        )
    return found


def _hires(own: Figures) -> list[str]:
    missing = own.quality.hires_without_accepted_offer
    return [f"{_count(missing, 'hire')} without a recorded accepted offer: record it."] * bool(
        missing
    )


def _silent(own: Figures) -> list[str]:
    silent = own.quality.open_without_activity_for_30_days
    if not silent:
        return []
    return [
        f"{silent} of {_count(own.open, 'open application')} without activity for over 30 days: "
        "decide, or let them be archived at 90."
    ]


def _slow(own: Figures, earlier: Sequence[Figures]) -> list[str]:
    found = []
    for kind in KINDS[:-1]:
        now = own.time_in_stage[kind]
        usual = [f.time_in_stage[kind].median for f in earlier]
        known = [days for days in usual if days is not None]
        if now.n >= FEW and now.median and known and now.median > SLOWER * median(known):
            found.append(
                f"The stage “{kind}” took {now.median:.1f} days in the middle (n = {now.n}), "
                f"usually {median(known):.1f}: see what holds it up."
            )
    return found


def _arrivals(own: Figures, earlier: Sequence[Figures]) -> list[str]:
    usual = median([f.received for f in earlier]) if earlier else 0
    if usual < FEW or own.received >= FEWER * usual:
        return []
    return [f"{_count(own.received, 'application')} came in, usually {usual:g}: check the adverts."]


def _unknown_sources(own: Figures) -> list[str]:
    missing = own.quality.applications_without_source
    if missing < FEW:
        return []
    return [f"{missing} of {own.received} applications have no source: ask where they came from."]


def _count(n: int, noun: str) -> str:
    return f"{n:,} {noun}{'' if n == 1 else 's'}"
