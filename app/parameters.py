"""A task's parameters: its function's type hints, described and validated by pydantic."""

from __future__ import annotations

import inspect
import json
from collections.abc import Callable, Mapping
from functools import cached_property
from typing import Any, get_type_hints

from pydantic import BaseModel, ConfigDict, Field, ValidationError, create_model

from app.argument_errors import told
from app.errors import DefinitionError, Invalid
from app.run_jobs import MAX_CALL_BYTES
from app.storable import UNSTORABLE, storable

MAX_ERRORS = 20
# The rest of a call, its name above all, is far smaller than this.
LARGEST_ARGUMENTS = MAX_CALL_BYTES - 10_000


class Parameters:
    """Validates arguments for one function. Every parameter travels as JSON, by name."""

    def __init__(self, function: Callable[..., Any]) -> None:
        self._model = _model(function)

    def schema(self) -> dict[str, Any]:
        """Return the JSON Schema of the arguments object, for the caller to keep."""
        found: dict[str, Any] = json.loads(self._schema)
        return found

    @cached_property
    def _schema(self) -> str:
        # Lists ask for it once a task, and making it takes pydantic half a millisecond.
        return json.dumps(self._model.model_json_schema())

    def validate(self, arguments: Mapping[str, Any]) -> dict[str, Any]:
        """Return `arguments` as they travel (JSON), with defaults left to the function.

        Raises Invalid with one entry per wrong parameter.
        """
        model = self._checked(arguments)
        dumped: dict[str, Any] = model.model_dump(mode="json", exclude_unset=True, by_alias=True)
        wrong = {name: UNSTORABLE for name, value in dumped.items() if storable(value) != value}
        if wrong:
            raise Invalid("The arguments cannot be kept.", wrong)
        _check_size(dumped)
        return dumped

    def restore(self, arguments: Mapping[str, Any]) -> dict[str, Any]:
        """Turn JSON arguments back into what the type hints say. Raises Invalid."""
        model = self._checked(arguments)
        fields = type(model).model_fields
        return {str(fields[name].alias): getattr(model, name) for name in model.model_fields_set}

    def _checked(self, arguments: Mapping[str, Any]) -> BaseModel:
        try:
            return self._model.model_validate(dict(arguments))
        except ValidationError as error:
            raise Invalid("The arguments do not fit the task.", _by_field(error)) from error


def _check_size(arguments: Mapping[str, Any]) -> None:
    """Refuse what a worker would refuse: both measure the JSON, in which é takes six bytes."""
    sizes = {name: len(json.dumps(value)) for name, value in arguments.items()}
    total = sum(sizes.values())
    if total > LARGEST_ARGUMENTS:
        largest = max(sizes, key=lambda name: sizes[name])
        raise Invalid(
            f"The arguments are {total:,} bytes as JSON, with non-ASCII characters escaped; "
            f"{LARGEST_ARGUMENTS:,} are allowed.",
            {largest: f"less than its {sizes[largest]:,} bytes; pass where it is stored instead"},
        )


def _by_field(error: ValidationError) -> dict[str, str]:
    found = error.errors(include_url=False)[:MAX_ERRORS]
    return {".".join(str(part) for part in one["loc"]): told(one) for one in found}


def _model(function: Callable[..., Any]) -> type[BaseModel]:
    name = function.__name__
    hints = get_type_hints(function)
    fields: dict[str, Any] = {}
    for parameter in inspect.signature(function).parameters.values():
        if parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD):
            raise DefinitionError(
                f"Task {name}: *{parameter.name} cannot be described; name every parameter."
            )
        if parameter.kind is parameter.POSITIONAL_ONLY:
            raise DefinitionError(
                f"Task {name}: parameter {parameter.name} is positional only; "
                "arguments travel by name."
            )
        default = ... if parameter.default is parameter.empty else parameter.default
        # Under a name of ours, because one such as `schema` or `copy` would shadow pydantic's own.
        field = Field(default, alias=parameter.name)
        fields[f"parameter_{len(fields)}"] = (hints.get(parameter.name, Any), field)
    try:
        return create_model(name, __config__=ConfigDict(extra="forbid"), **fields)
    except Exception as error:
        raise DefinitionError(
            f"Task {name}: its parameters cannot be described: {error}"
        ) from error
