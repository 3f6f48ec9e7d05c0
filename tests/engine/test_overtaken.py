"""Which fire times a pause overtook: those due before it, to the second."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from app import every
from app.overtaken import overtaken

FIRST = datetime(2027, 3, 1, 12, tzinfo=UTC)
SCHEDULE = every(seconds=1, anchor=FIRST)


@pytest.mark.parametrize(("seconds", "expected"), [(-0.5, 0), (0, 1), (0.5, 1), (0.99, 1), (2, 3)])
def test_what_comes_within_the_pause_is_not_missed(seconds: float, expected: int) -> None:
    began = FIRST + timedelta(seconds=seconds)
    pause: Any = SimpleNamespace(at=began, resumed_at=None, by="olga", reason="holiday")
    assert len(overtaken(SCHEDULE, FIRST, [pause])) == expected
