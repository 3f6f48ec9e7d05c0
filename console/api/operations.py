"""What an endpoint takes and answers, stated once, for reading requests and for the docs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

from flask import current_app, request

F = TypeVar("F", bound=Callable[..., Any])
NAME = "rota_operation"


@dataclass(frozen=True)
class Part:
    """One key of a body or of a query: its JSON Schema, and whether it is needed."""

    schema: Mapping[str, Any]
    description: str
    required: bool = False


@dataclass(frozen=True)
class Operation:
    """`answers` by status: a view's class, a mapping of names to classes, or None for text."""

    answers: Mapping[int, Any]
    body: Mapping[str, Part] = field(default_factory=dict)
    query: Mapping[str, Part] = field(default_factory=dict)
    idempotent: bool = False


def operation(
    answers: Mapping[int, Any],
    *,
    body: Mapping[str, Part] | None = None,
    query: Mapping[str, Part] | None = None,
    idempotent: bool = False,
) -> Callable[[F], F]:
    """State what the view takes and answers; its docstring says what it does."""

    def state(view: F) -> F:
        setattr(view, NAME, Operation(answers, body or {}, query or {}, idempotent))
        return view

    return state


def operation_of(endpoint: str) -> Operation | None:
    """Return what the endpoint states, None where it states nothing."""
    found: Operation | None = getattr(current_app.view_functions[endpoint], NAME, None)
    return found


def current_operation() -> Operation:
    """Return what the endpoint that answers now states."""
    found = operation_of(request.endpoint or "")
    if found is None:
        raise RuntimeError(f"{request.endpoint} reads a request but states no operation")
    return found
