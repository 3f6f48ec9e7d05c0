"""A task's parameters: described as JSON Schema, validated by name."""

from __future__ import annotations

from datetime import date, datetime
from enum import Enum
from typing import Any, Literal

import pytest

from app.errors import Invalid
from app.parameters import Parameters


class Tone(Enum):
    """How to say it."""

    CALM = "calm"
    LOUD = "loud"


def sample(
    name: str,
    times: int = 1,
    tone: Tone = Tone.CALM,
    since: date | None = None,
    at: datetime | None = None,
    tags: list[str] | None = None,
    mode: Literal["a", "b"] = "a",
    ratio: float = 1.0,
    dry_run: bool = False,
) -> None:
    """Take every kind of parameter."""


PARAMETERS = Parameters(sample)


def wrong(**arguments: Any) -> dict[str, str]:
    with pytest.raises(Invalid) as refused:
        PARAMETERS.validate(arguments)
    return refused.value.fields


def test_they_are_described_as_json_schema() -> None:
    schema = PARAMETERS.schema()
    assert schema["type"] == "object"
    assert schema["required"] == ["name"]
    assert schema["additionalProperties"] is False
    assert schema["properties"]["name"]["type"] == "string"
    assert (schema["properties"]["times"]["type"], schema["properties"]["times"]["default"]) == (
        "integer",
        1,
    )
    assert schema["properties"]["mode"]["enum"] == ["a", "b"]
    assert schema["$defs"]["Tone"]["enum"] == ["calm", "loud"]
    assert {"type": "string", "format": "date"} in schema["properties"]["since"]["anyOf"]


def test_what_fits_travels_as_json() -> None:
    given = {"name": "Ada", "tone": "loud", "since": "2026-01-31", "at": "2026-01-31T09:00:00Z"}
    assert PARAMETERS.validate(given) == given


def test_defaults_stay_with_the_function() -> None:
    assert PARAMETERS.validate({"name": "Ada"}) == {"name": "Ada"}


def test_what_arrives_is_what_the_type_hints_say() -> None:
    restored = PARAMETERS.restore({"name": "Ada", "tone": "loud", "since": "2026-01-31"})
    assert restored == {"name": "Ada", "tone": Tone.LOUD, "since": date(2026, 1, 31)}


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("times", "many"),
        ("times", 1.5),
        ("times", None),
        ("tone", "shrill"),
        ("since", "yesterday"),
        ("since", "2026-02-30"),
        ("at", "noon"),
        ("tags", "a"),
        ("mode", "c"),
        ("dry_run", "perhaps"),
    ],
)
def test_a_wrong_value_is_named(name: str, value: object) -> None:
    assert list(wrong(**{"name": "Ada", name: value})) == [name.split(".")[0]]


def test_a_wrong_item_is_named_by_its_place() -> None:
    assert list(wrong(name="Ada", tags=["a", 5])) == ["tags.1"]


def test_what_is_missing_and_what_is_too_much_are_named_at_once() -> None:
    assert set(wrong(nome="Ada", times="many")) == {"name", "nome", "times"}


def test_at_most_twenty_mistakes_are_told() -> None:
    assert len(wrong(name="Ada", **{f"extra_{n}": n for n in range(100)})) == 20


@pytest.mark.parametrize("number", [float("nan"), float("inf"), float("-inf")])
def test_a_number_that_is_no_json_is_refused(number: float) -> None:
    assert "finite" in wrong(name="Ada", ratio=number)["ratio"]


def test_a_function_without_parameters_takes_none() -> None:
    def nothing() -> None:
        """Take nothing."""

    assert Parameters(nothing).validate({}) == {}
    with pytest.raises(Invalid):
        Parameters(nothing).validate({"limit": 5})


def test_a_parameter_without_a_type_takes_anything() -> None:
    def anything(value, other=5):  # type: ignore[no-untyped-def]  # the point of the test
        """Take anything."""

    assert Parameters(anything).validate({"value": {"a": [1]}}) == {"value": {"a": [1]}}


@pytest.mark.parametrize("name", ["schema", "copy", "json", "model_config", "validate", "dict"])
def test_parameters_may_be_named_as_they_like(name: str) -> None:
    scope: dict[str, Any] = {}
    exec(f"def named({name}: int = 1): ...", scope)  # noqa: S102 - a name that is a parameter here
    assert Parameters(scope["named"]).validate({name: 5}) == {name: 5}
    assert Parameters(scope["named"]).restore({name: 5}) == {name: 5}


def test_too_large_ones_are_refused_as_their_worker_measures_them() -> None:
    """340 KB of Cyrillic are a megabyte of escaped JSON."""

    def takes(text: str = "", other: str = "") -> None: ...

    parameters = Parameters(takes)
    fits = "я" * 160_000
    assert parameters.validate({"text": fits}) == {"text": fits}
    with pytest.raises(Invalid) as caught:
        parameters.validate({"text": "я" * 170_000, "other": "x"})
    assert "1,020," in str(caught.value)
    assert list(caught.value.fields) == ["text"]


@pytest.mark.parametrize(
    ("arguments", "field", "told"),
    [
        ({"name": "a", "times": "abc"}, "times", "must be a whole number, not 'abc'"),
        ({"name": "a", "ratio": "much"}, "ratio", "must be a number, not 'much'"),
        ({"name": "a", "dry_run": "maybe"}, "dry_run", "must be true or false, not 'maybe'"),
        ({"name": 5}, "name", "must be text, not 5"),
        ({"name": "a", "tone": "shrill"}, "tone", "must be 'calm' or 'loud', not 'shrill'"),
        ({"name": "a", "since": "soon"}, "since", "must be a date such as 2026-11-24, not 'soon'"),
        ({}, "name", "is needed"),
        ({"name": "a", "nmae": 1}, "nmae", "is not a parameter of this task"),
        ({"name": "a", "times": "x" * 99}, "times", f"must be a whole number, not '{'x' * 39}…"),
    ],
)
def test_what_is_wrong_is_told_in_plain_words(
    arguments: dict[str, Any], field: str, told: str
) -> None:
    with pytest.raises(Invalid) as refused:
        PARAMETERS.validate(arguments)
    assert refused.value.fields == {field: told}


def test_a_wrong_secret_is_not_repeated() -> None:
    def sign_in(api_token: int) -> None:
        """Take a secret."""

    with pytest.raises(Invalid) as refused:
        Parameters(sign_in).validate({"api_token": "hunter2"})
    assert refused.value.fields == {"api_token": "must be a whole number"}
