"""A form for a task's parameters, made from their JSON Schema, and what it sends back."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from app.errors import Invalid

Schema = Mapping[str, Any]
DECIMAL = re.compile(r"[+-]?\d{1,40}(\.\d{0,40})?([eE][+-]?\d{1,3})?")
WHOLE = re.compile(r"[+-]?\d{1,18}")


@dataclass(frozen=True)
class Field:
    """One input. `kind` is integer, number, boolean, choice, date, string or json."""

    name: str
    label: str
    kind: str
    required: bool
    default: str
    help: str
    value: str
    error: str
    options: tuple[tuple[str, str], ...] = ()

    @property
    def key(self) -> str:
        return f"arg-{self.name}"


def fields(parameters: Any, entered: Mapping[str, str], errors: Mapping[str, str]) -> list[Field]:
    """Return the inputs in the order of the parameters, holding what was entered before."""
    required = set(_mapping(parameters).get("required", ()))
    return [
        _field(name, _resolved(schema, parameters), name in required, entered, errors)
        for name, schema in _properties(parameters).items()
    ]


def arguments(parameters: Any, entered: Mapping[str, str]) -> dict[str, Any]:
    """Read the form's arguments; a blank one is left out, so that the task's default holds.

    Raises Invalid naming each field that cannot be read.
    """
    found, wrong = {}, {}
    for field in fields(parameters, entered, {}):
        text = field.value.strip() if field.kind != "string" else field.value
        if not text:
            if field.required:
                wrong[field.name] = "is needed"
            continue
        try:
            found[field.name] = _read(field, text)
        except ValueError as error:
            wrong[field.name] = str(error)
    if wrong:
        raise Invalid("The run was not started: see the fields below.", wrong)
    return found


def _field(
    name: str,
    schema: Schema,
    required: bool,
    entered: Mapping[str, str],
    errors: Mapping[str, str],
) -> Field:
    default = json.dumps(schema["default"]) if "default" in schema else ""
    return Field(
        name=name,
        label=name.replace("_", " "),
        kind=_kind(schema),
        required=required,
        default=default.strip('"') if default not in ("null", '""') else "",
        help=str(schema.get("description", "")),
        value=entered.get(f"arg-{name}", ""),
        error=errors.get(name, ""),
        options=tuple((json.dumps(option), str(option)) for option in schema.get("enum", ())),
    )


def _kind(schema: Schema) -> str:
    if "enum" in schema:
        return "choice"
    kind = schema.get("type")
    if kind in ("integer", "number", "boolean"):
        return str(kind)
    if kind == "string":
        return "date" if schema.get("format") == "date" else "string"
    return "json"


def _read(field: Field, text: str) -> Any:
    if field.kind == "integer":
        if not WHOLE.fullmatch(text):
            raise ValueError("is a whole number")
        return int(text)
    if field.kind == "number":
        return _number(text)
    if field.kind == "boolean":
        if text not in ("true", "false"):
            raise ValueError("is yes or no")
        return text == "true"
    if field.kind == "choice" and text not in dict(field.options):
        raise ValueError(f"is one of {', '.join(dict(field.options).values())}")
    if field.kind == "date":
        return _date(text)
    return text if field.kind == "string" else _json(text)


def _number(text: str) -> float:
    if not DECIMAL.fullmatch(text) or not math.isfinite(float(text)):
        raise ValueError("is a number")
    return float(text)


def _date(text: str) -> str:
    try:
        return date.fromisoformat(text).isoformat()
    except ValueError:
        raise ValueError("is a day, as in 2026-11-30") from None


def _json(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        raise ValueError('is JSON, as in ["a", "b"], {"key": 1} or "text"') from None


def _properties(parameters: Any) -> Mapping[str, Any]:
    return _mapping(_mapping(parameters).get("properties"))


def _resolved(schema: Any, parameters: Any) -> Schema:
    """Follow a reference into `$defs`, and take "X or null" as X: blank stands for null."""
    found = _mapping(schema)
    reference = found.get("$ref")
    if isinstance(reference, str):
        target = _mapping(_mapping(parameters).get("$defs")).get(reference.rpartition("/")[2])
        found = {**_mapping(target), **found}
    choices = [_mapping(choice) for choice in found.get("anyOf", ())]
    real = [choice for choice in choices if choice.get("type") != "null"]
    if len(real) == 1:
        rest = {key: value for key, value in found.items() if key != "anyOf"}
        return _resolved({**real[0], **rest}, parameters)
    return found


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}
