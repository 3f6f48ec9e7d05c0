"""Half a minute of random kills by default; two and fifteen minutes among the long tests."""

from __future__ import annotations

import pytest

from tests.chaos import storm


@pytest.mark.timeout(200)
def test_a_storm_of_kills_loses_and_doubles_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    holds = storm(minutes=0.5, seed=7)
    assert holds, capsys.readouterr().out


@pytest.mark.long
@pytest.mark.timeout(1_500)
@pytest.mark.parametrize(("minutes", "seed"), [(2, 8), (15, 9)])
def test_a_long_storm_loses_and_doubles_nothing(
    capsys: pytest.CaptureFixture[str], minutes: float, seed: int
) -> None:
    holds = storm(minutes, seed)
    assert holds, capsys.readouterr().out
