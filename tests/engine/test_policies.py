"""Retry: how often, and how long between."""

from __future__ import annotations

import pytest

from app import Retry
from app.errors import DefinitionError


def test_the_delay_doubles_from_the_first_to_the_longest() -> None:
    retry = Retry(10, backoff="1m..1h")
    for number, whole in [(1, 60), (2, 120), (3, 240), (6, 1920), (7, 3600), (10, 3600)]:
        delays = [retry.delay(number) for _ in range(200)]
        assert all(0.75 * whole <= delay <= whole for delay in delays)
        assert max(delays) - min(delays) > whole / 10, "failures would return together"


def test_one_delay_stays_the_same() -> None:
    assert Retry(3, backoff="90s").bounds == (90, 90)


def test_the_hundredth_delay_can_be_computed() -> None:
    assert Retry(100, backoff="1s..1d").delay(100) <= 86_400


@pytest.mark.parametrize("count", [-1, 101])
def test_the_number_of_retries_is_bounded(count: int) -> None:
    with pytest.raises(DefinitionError, match="from 0 to 100"):
        Retry(count)


@pytest.mark.parametrize("count", ["3", 1.5, True, None])
def test_a_number_of_retries_is_a_number(count: object) -> None:
    with pytest.raises(DefinitionError, match="from 0 to 100"):
        Retry(count)  # type: ignore[arg-type]  # the mistake that is refused


@pytest.mark.parametrize("backoff", ["soon", "", "1m..", "1m..soon", "5", 60])
def test_a_backoff_that_is_no_duration_is_refused(backoff: str) -> None:
    with pytest.raises(DefinitionError, match="backoff"):
        Retry(3, backoff=backoff)


def test_a_backoff_that_gets_shorter_is_refused() -> None:
    with pytest.raises(DefinitionError, match="the first delay is longer than the last"):
        Retry(3, backoff="1h..1m")


def test_it_is_shown_in_seconds() -> None:
    assert Retry(3, backoff="1m..1h").to_json() == {
        "max": 3,
        "first_delay_seconds": 60,
        "longest_delay_seconds": 3600,
    }
