"""How an exception is told, and which failures have one cause."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from app.failures import LONGEST_MESSAGE, LONGEST_TRACEBACK, describe, told


def failing(message: str) -> None:
    raise ValueError(message)


def failing_elsewhere(message: str) -> None:
    raise ValueError(message)


def failing_in_a_library() -> None:
    json.loads("{")


def failing_otherwise(message: str) -> None:
    raise KeyError(message)


def described(call: Callable[..., Any], *arguments: Any) -> dict[str, Any]:
    try:
        call(*arguments)
    except BaseException as error:
        return describe(error)
    raise AssertionError("it did not fail")


def fingerprint(call: Callable[..., Any], *arguments: Any) -> str:
    return str(described(call, *arguments)["fingerprint"])


def test_type_message_and_traceback_are_told() -> None:
    told_ = described(failing, "no such luck")
    assert (told_["type"], told_["message"]) == ("ValueError", "no such luck")
    assert told_["traceback"].startswith("Traceback (most recent call last):")
    assert told_["traceback"].endswith("raise ValueError(message)\nValueError: no such luck\n")


def test_the_same_cause_has_the_same_fingerprint_whatever_it_says() -> None:
    assert fingerprint(failing, "run 17") == fingerprint(failing, "run 18")


def test_another_place_or_another_type_is_another_cause() -> None:
    prints = [
        fingerprint(failing, "x"),
        fingerprint(failing_elsewhere, "x"),
        fingerprint(failing_otherwise, "x"),
        fingerprint(failing_in_a_library),
    ]
    assert len(set(prints)) == 4


def test_a_failure_inside_a_library_is_known_by_our_own_frame() -> None:
    def elsewhere() -> None:
        json.loads("{")

    assert fingerprint(failing_in_a_library) != fingerprint(elsewhere)


def test_a_fingerprint_does_not_change_with_the_line() -> None:
    # Told from type and function: an edit above it must not open a new group.
    assert (
        fingerprint(failing, "x")
        == told("ValueError", "", where=f"{__file__}:failing")["fingerprint"]
    )


def test_causes_of_the_cause_are_told_as_well() -> None:
    def chained() -> None:
        try:
            failing("first")
        except ValueError as error:
            raise RuntimeError("second") from error

    text = described(chained)["traceback"]
    assert "ValueError: first" in text
    assert "RuntimeError: second" in text


def recursing(depth: int) -> None:
    if depth == 0:
        raise ValueError("x" * 100_000)
    recursing(depth - 1)


def test_a_huge_traceback_is_cut_in_the_middle() -> None:
    told_ = described(recursing, 900)
    assert len(told_["message"]) == LONGEST_MESSAGE
    assert len(told_["traceback"]) < LONGEST_TRACEBACK + 100
    assert "characters left out …" in told_["traceback"]
    assert told_["traceback"].startswith("Traceback")


@pytest.mark.parametrize(
    ("message", "kept"),
    [("half \ud800 pair", "half \\ud800 pair"), ("zero \x00 byte", "zero \\x00 byte")],
)
def test_what_no_database_takes_is_escaped(message: str, kept: str) -> None:
    told_ = described(failing, message)
    assert told_["message"] == kept
    assert kept in told_["traceback"]
    json.dumps(told_).encode().decode()


class Unspeakable(Exception):
    """An exception that cannot even be told."""

    def __str__(self) -> str:
        raise RuntimeError("no words")


def test_an_exception_that_cannot_be_told_is_told_all_the_same() -> None:
    def unspeakable() -> None:
        raise Unspeakable

    assert described(unspeakable)["type"] == "Unspeakable"


def test_an_exception_group_is_told_whole() -> None:
    def group() -> None:
        raise ExceptionGroup("several", [ValueError("one"), KeyError("two")])

    text = described(group)["traceback"]
    assert "ValueError: one" in text
    assert "KeyError: 'two'" in text
