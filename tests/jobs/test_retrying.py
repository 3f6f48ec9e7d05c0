"""How long the clients wait before they ask again."""

from __future__ import annotations

import pytest

from jobs.services.retrying import Patience, retry_after
from tests.jobs.candidates import NOW


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("17", 17.0),
        ("Tue, 24 Nov 2026 09:00:30 GMT", 30.0),
        ("Tue, 24 Nov 2026 08:00:00 GMT", 0.0),
        ("soon", None),
        ("-5", None),
        ("", None),
    ],
)
def test_retry_after_is_a_number_of_seconds_or_a_date(value: str, seconds: float | None) -> None:
    assert retry_after({"Retry-After": value}, NOW) == seconds


def test_waits_double_up_to_the_longest_and_spread() -> None:
    patience = Patience(attempts=10, first_delay=2, longest_delay=20, budget=1_000)
    waits = [patience.delay(attempt, None, 0) or 0 for attempt in range(1, 10)]
    for wait, whole in zip(waits, [2, 4, 8, 16, 20, 20, 20, 20, 20], strict=True):
        assert whole * 0.75 <= wait <= whole * 1.25


def test_never_less_than_asked_for_is_waited() -> None:
    assert all((Patience().delay(1, 30, 0) or 0) >= 30 for _ in range(100))


def test_attempts_and_budget_end() -> None:
    patience = Patience(attempts=3, first_delay=1, budget=10)
    assert patience.delay(3, None, 0) is None
    assert patience.delay(1, None, 9.9) is None
    assert patience.delay(1, 60, 0) is None
