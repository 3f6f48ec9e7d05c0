"""Calls of a script that are on their way together: each answer belongs to its own call."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from redis import Redis

from app.script_line import ScriptLine


@pytest.fixture
def line(redis: Redis) -> Iterator[ScriptLine]:
    made = ScriptLine(redis, "fire")
    yield made
    made.close()


def _send(line: ScriptLine, count: int) -> None:
    """Send `count` empty blocks; without the lock each is answered FENCED."""
    line.send([], ["no lock", *([1, "block"] * count)])


def _answers(line: ScriptLine, calls: int) -> list[int]:
    return [len(line.answer()) for _ in range(calls)]


def test_calls_sent_to_a_server_that_does_not_know_the_script(
    redis: Redis, line: ScriptLine
) -> None:
    redis.script_flush()
    for count in (1, 2, 3):
        _send(line, count)
    assert _answers(line, 1) == [1]
    # The other two were lost with the first; what is sent now must not be answered in their place.
    _send(line, 4)
    assert _answers(line, 3) == [2, 3, 4]


def test_calls_sent_before_the_connection_broke(redis: Redis, line: ScriptLine) -> None:
    for count in (1, 2, 3):
        _send(line, count)
    assert _answers(line, 1) == [1]
    redis.client_kill_filter(_type="normal", skipme=True)
    _send(line, 4)
    assert _answers(line, 3) == [2, 3, 4]


def test_a_call_after_the_line_was_closed(line: ScriptLine) -> None:
    _send(line, 1)
    line.close()
    _send(line, 2)
    assert _answers(line, 1) == [2]
