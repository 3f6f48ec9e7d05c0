"""The form made from a task's parameters, and what it sends back."""

from __future__ import annotations

from datetime import date
from enum import Enum
from typing import Any

import pytest

from app.errors import Invalid
from app.parameters import Parameters
from console.run_form import arguments, fields


class Mode(Enum):
    """How carefully."""

    CALM = "calm"
    FAST = "fast"


def work(
    limit: int = 500,
    ratio: float = 0.5,
    full: bool = False,
    mode: Mode = Mode.CALM,
    since: date | None = None,
    tags: list[str] | None = None,
    team: str = "all",
    note: str | None = None,
) -> None:
    """Take one of each kind."""


def demanding(team: str, size: int) -> None:
    """Have no defaults."""


SCHEMA = Parameters(work).schema()


def test_every_kind_of_parameter_has_its_input() -> None:
    assert {field.name: field.kind for field in fields(SCHEMA, {}, {})} == {
        "limit": "integer",
        "ratio": "number",
        "full": "boolean",
        "mode": "choice",
        "since": "date",
        "tags": "json",
        "team": "string",
        "note": "string",
    }


def test_defaults_are_shown() -> None:
    defaults = {field.name: field.default for field in fields(SCHEMA, {}, {})}
    assert defaults["limit"] == "500"
    assert defaults["full"] == "false"
    assert defaults["mode"] == "calm"
    assert defaults["team"] == "all"
    assert defaults["since"] == ""


def test_blank_fields_are_left_to_the_task() -> None:
    blank = {f"arg-{field.name}": "" for field in fields(SCHEMA, {}, {})}
    assert arguments(SCHEMA, blank) == {}
    assert arguments(SCHEMA, {}) == {}


def test_what_is_entered_arrives_with_its_type() -> None:
    entered = {
        "arg-limit": " 7 ",
        "arg-ratio": "0.25",
        "arg-full": "true",
        "arg-mode": '"fast"',
        "arg-since": "2026-11-24",
        "arg-tags": '["a", "b"]',
        "arg-team": " platform",
        "arg-unknown": "ignored",
    }
    found = arguments(SCHEMA, entered)
    assert found == {
        "limit": 7,
        "ratio": 0.25,
        "full": True,
        "mode": "fast",
        "since": "2026-11-24",
        "tags": ["a", "b"],
        "team": " platform",
    }
    assert Parameters(work).validate(found)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("limit", "7.5"),
        ("limit", "many"),
        ("limit", "9" * 400),
        ("ratio", "half"),
        ("ratio", "nan"),
        ("ratio", "-inf"),
        ("full", "maybe"),
        ("mode", '"frantic"'),
        ("mode", "calm"),
        ("since", "yesterday"),
        ("since", "2026-02-30"),
        ("tags", "[a]"),
        ("tags", "[" * 100_000),
    ],
)
def test_what_cannot_be_read_is_named(name: str, text: str) -> None:
    with pytest.raises(Invalid) as refused:
        arguments(SCHEMA, {f"arg-{name}": text, "arg-team": "fine"})
    assert set(refused.value.fields) == {name}
    assert refused.value.fields[name].startswith("is ")


def test_what_is_needed_is_asked_for() -> None:
    schema = Parameters(demanding).schema()
    assert [field.required for field in fields(schema, {}, {})] == [True, True]
    with pytest.raises(Invalid) as refused:
        arguments(schema, {"arg-team": "", "arg-size": ""})
    assert set(refused.value.fields) == {"team", "size"}


@pytest.mark.parametrize("schema", [None, {}, [], "x", {"properties": None}, {"properties": []}])
def test_without_parameters_there_are_no_fields(schema: Any) -> None:
    assert fields(schema, {}, {}) == []
    assert arguments(schema, {"arg-x": "1"}) == {}
