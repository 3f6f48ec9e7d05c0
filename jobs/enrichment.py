"""Enrich pending résumés with LinkedIn and GitHub data, every morning."""

from __future__ import annotations

import logging
import time
from contextlib import ExitStack, closing
from datetime import UTC, datetime, timedelta

from app import (
    Retry,
    RotaError,
    Unavailable,
    cron,
    current_database,
    current_run,
    task,
)
from jobs.recruiting.enrichment.asking import Asking
from jobs.recruiting.enrichment.providers import open_providers
from jobs.recruiting.enrichment.result import EnrichmentResult, summary
from jobs.recruiting.enrichment.run import EnrichmentRun, Tally

# Kept free at the end of a run: one résumé may wait for two short limits.
MARGIN = timedelta(minutes=4)
# What was put off for longer is left to the next morning.
LATEST_FURTHER_RUN = timedelta(hours=12)
# Further runs are queued for these minutes, so that several runs ask for the same one.
FURTHER_RUN_STEP = timedelta(minutes=5)
log = logging.getLogger(__name__)


@task(
    cron("0 9 * * *"),
    queue="default",
    timeout="30m",
    retry=Retry(3, backoff="5m..1h"),
    overlap="skip",
    misfire="latest",
)
def daily_resume_enrichment(limit: int = 500, most_credits: int = 200) -> EnrichmentResult:
    """Enrich pending résumés with LinkedIn and GitHub data.

    Looks up applicants who gave a profile link: at most limit of them, for at most most_credits
    of the paid provider. What providers say is kept beside what the candidate wrote, each field
    with its source. Left out are candidates who objected, must not be contacted, are under legal
    hold or have no open application.
    """
    started = time.monotonic()
    with ExitStack() as stack:
        providers = open_providers(_now, most_credits)
        for provider in providers.values():
            stack.enter_context(closing(provider))
        asking = Asking(_now, _sleep)
        run = EnrichmentRun(
            current_database(), providers, _owner(), asking, most=limit, may_go_on=_may_go_on
        )
        tally = run.run()
    further = _queue_further_run(tally)
    result = summary(tally, providers, asking.stopped, further, time.monotonic() - started)
    log.info("%s", result.message)
    for note in result.notes:
        log.warning("%s", note)
    return result


def further_run_at(tally: Tally, now: datetime) -> datetime | None:
    """Return when what was put off is due again, None where the next morning is soon enough."""
    if tally.retry_at is None or not now < tally.retry_at <= now + LATEST_FURTHER_RUN:
        return None
    past = (tally.retry_at - datetime.min.replace(tzinfo=UTC)) % FURTHER_RUN_STEP
    return tally.retry_at + FURTHER_RUN_STEP - past


def _queue_further_run(tally: Tally) -> datetime | None:
    """Queue a run for what was put off, once for each time; without workers there is none."""
    at = further_run_at(tally, _now())
    if at is None or not _in_a_run():
        return None
    try:
        daily_resume_enrichment.enqueue(at=at, key=at.isoformat())
    except Unavailable as error:
        log.warning("No further run was queued (%s); the next morning's tries again", error)
        return None
    return at


def _now() -> datetime:
    return datetime.now(UTC)


def _sleep(seconds: float) -> None:
    """Wait, but not while the worker is about to stop."""
    end = time.monotonic() + seconds
    while (left := end - time.monotonic()) > 0 and not _stopping():
        time.sleep(min(left, 0.5))


def _may_go_on() -> bool:
    if not _in_a_run():
        return True
    deadline = current_run().deadline
    return not _stopping() and (deadline is None or _now() < deadline - MARGIN)


def _stopping() -> bool:
    return _in_a_run() and current_run().stop_requested


def _in_a_run() -> bool:
    try:
        current_run()
    except RotaError:
        return False
    return True


def _owner() -> str:
    if _in_a_run():
        return current_run().run_id
    return f"a direct call at {_now():%H:%M:%S.%f}"
