"""One task for each way to treat overlaps and missed fire times."""

from __future__ import annotations

from app import Retry, every, task


@task(every("30s"), overlap="allow", misfire="latest")
def allowing() -> None:
    """Run beside itself."""


@task(every("30s"), overlap="skip", misfire="all", retry=Retry(1, backoff="20s"))
def skipping() -> None:
    """Run once at a time, make good what was missed, try again."""


@task(every("1m"), overlap="buffer_one", misfire="skip")
def buffering() -> None:
    """Keep one run back."""


@task(every("1m"), overlap="cancel_other", grace="90s")
def replacing() -> None:
    """End what ran before."""
