"""Durations as people write them."""

from __future__ import annotations

import pytest

from app.schedules import parse_duration


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("30m", 1_800),
        ("6h", 21_600),
        ("90s", 90),
        ("1h30m", 5_400),
        ("1h 30m", 5_400),
        (" 2d ", 172_800),
        ("1w", 604_800),
        ("1w1d1h1m1s", 694_861),
        ("0s", 0),
        (45, 45),
        (0, 0),
    ],
)
def test_a_duration_is_whole_seconds(text: str | int, seconds: int) -> None:
    assert parse_duration(text) == seconds
