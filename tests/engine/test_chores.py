"""Work that comes round: how often, and what keeps it from taking all the time."""

from __future__ import annotations

import time
from datetime import UTC, datetime

import pytest

from app.chores import Chores
from app.errors import RotaError

NOW = datetime(2027, 3, 1, 12, tzinfo=UTC)


def test_a_chore_comes_round_after_its_period() -> None:
    done: list[datetime] = []
    chores = Chores()
    chores.every(0.05, done.append)
    chores.run(NOW)
    chores.run(NOW)
    assert done == [NOW]
    time.sleep(chores.seconds_left())
    chores.run(NOW)
    assert done == [NOW, NOW]


def test_a_slow_chore_comes_round_later() -> None:
    chores = Chores()
    chores.every(0.01, lambda _now: time.sleep(0.05))
    chores.run(NOW)
    assert chores.seconds_left() > 0.5


def test_a_chore_that_fails_keeps_no_other_from_its_turn() -> None:
    done: list[datetime] = []

    def stumble(_now: datetime) -> None:
        raise ValueError("garbage")

    chores = Chores()
    chores.every(60, stumble)
    chores.every(60, done.append)
    chores.run(NOW)
    assert done == [NOW]


def test_what_is_away_is_told_and_the_chore_comes_round_again() -> None:
    def away(_now: datetime) -> None:
        raise RotaError("the database is away")

    chores = Chores()
    chores.every(60, away)
    with pytest.raises(RotaError):
        chores.run(NOW)
    assert chores.seconds_left() > 50
