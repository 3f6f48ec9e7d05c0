"""Half a minute of random kills; `./dev chaos` goes on for longer."""

from __future__ import annotations

import pytest

from tests.chaos import storm


@pytest.mark.timeout(200)
def test_a_storm_of_kills_loses_and_doubles_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    holds = storm(minutes=0.5, seed=7)
    assert holds, capsys.readouterr().out
