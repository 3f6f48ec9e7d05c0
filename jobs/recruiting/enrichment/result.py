"""What a run came to, for people."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from jobs.recruiting.enrichment.run import Tally
from jobs.services.lookups import Lookup, Provider

COUNTED = (
    ("enriched", "enriched"),
    ("partial", "partly enriched"),
    ("no_match", "without a match"),
    ("failed", "failed"),
)


@dataclass(frozen=True)
class EnrichmentResult:
    """What came of a run, in résumés. `postponed` are tried again, at the earliest at
    `further_run_at`; `untouched` are left to the next run by this one's limits; `changed` were
    written; `calls` are requests by site, `lost_answers` paid ones that never arrived."""

    message: str
    enriched: int
    partial: int
    no_match: int
    failed: int
    skipped: int
    why_skipped: Mapping[str, int]
    postponed: int
    untouched: int
    changed: int
    rate_limited_until: Mapping[str, datetime]
    further_run_at: datetime | None
    calls: Mapping[str, int]
    credits: int
    lost_answers: int
    seconds: float
    notes: tuple[str, ...] = ()


def summary(
    tally: Tally,
    providers: Mapping[str, Provider],
    stopped: Mapping[str, Lookup],
    further_run_at: datetime | None,
    seconds: float,
) -> EnrichmentResult:
    """Return the result; `stopped` holds, by provider, why it was not asked to the end."""
    by_site = {site: stopped[p.name] for site, p in providers.items() if p.name in stopped}
    limited = {
        site: found.retry_at
        for site, found in by_site.items()
        if found.outcome == "rate_limited" and found.retry_at
    }
    return EnrichmentResult(
        message=message(tally, limited),
        enriched=tally.statuses["enriched"],
        partial=tally.statuses["partial"],
        no_match=tally.statuses["no_match"],
        failed=tally.statuses["failed"],
        skipped=tally.statuses["skipped"],
        why_skipped=dict(tally.skips.most_common()),
        postponed=tally.postponed,
        untouched=tally.untouched,
        changed=tally.changed,
        rate_limited_until=limited,
        further_run_at=further_run_at,
        calls={site: provider.calls for site, provider in providers.items()},
        credits=tally.credits,
        lost_answers=tally.lost_answers,
        seconds=round(seconds, 2),
        notes=tuple(_notes(tally, by_site, further_run_at)),
    )


def message(tally: Tally, limited: Mapping[str, datetime]) -> str:
    """Return the run in one or two sentences."""
    done = [f"{n:,} {words}" for status, words in COUNTED if (n := tally.statuses[status])]
    parts = [f"Résumés: {', '.join(done)}." if done else _nothing(tally)]
    if skipped := tally.statuses["skipped"]:
        why = ", ".join(f"{reason} {n:,}" for reason, n in tally.skips.most_common(4))
        parts.append(f"{skipped:,} skipped ({why}).")
    if tally.postponed:
        parts.append(f"{tally.postponed:,} tried again later.")
    if tally.waiting:
        parts.append(f"{tally.waiting:,} wait for their time to be tried again.")
    parts += [f"{site} rate limited until {at:%H:%M} UTC." for site, at in limited.items()]
    return " ".join(parts)


def _nothing(tally: Tally) -> str:
    if tally.postponed or tally.untouched or tally.taken_over:
        return "No résumé was enriched."
    return "Nothing to do: no résumé was due."


def _notes(
    tally: Tally, by_site: Mapping[str, Lookup], further_run_at: datetime | None
) -> Iterator[str]:
    for site, found in by_site.items():
        yield f"{site} was not asked to the end: {found.outcome} ({found.reason})"
    if tally.lost_answers:
        yield (
            f"{tally.lost_answers} paid answers were lost on the way: each may have cost a credit; "
            "asked again once, in a later run"
        )
    if tally.untouched:
        yield f"{tally.untouched:,} are left to the next run by this one's limits"
    if tally.taken_over:
        yield f"{tally.taken_over} changed while they were looked up and were left as they are"
    if further_run_at:
        yield f"a further run at {further_run_at:%Y-%m-%d %H:%M} UTC tries again what was put off"
