"""Tasks that limit themselves."""

from __future__ import annotations

import time

from app import Retry, task


@task(max_concurrent=2, overlap="allow")
def two_at_once(number: int = 0, seconds: float = 0.0) -> int:
    """Go on beside one other at most."""
    time.sleep(seconds)
    return number


@task(rate_limit="3/2s", overlap="allow", queue="low")
def three_in_two_seconds(number: int = 0) -> int:
    """Start three times in two seconds at most."""
    return number


@task(max_concurrent=1, rate_limit="2/h", start_within="1m", retry=Retry(1), overlap="allow")
def rare(number: int = 0) -> int:
    """Be limited both ways."""
    return number
