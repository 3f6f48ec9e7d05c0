"""The API's own description, generated from its routes and from what each states."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from http import HTTPStatus
from typing import Any

from flask import Flask, request
from werkzeug.routing import Rule

from console.api.operations import NAME, Operation, Part
from console.api.schemas import components, schema_of

PREFIX = "/api/v1"
# These describe the others; they are no part of what they describe.
ABOUT = ("api_docs.document", "api_docs.page")
PROBLEMS = {
    401: "Not signed in", 403: "Not allowed", 404: "Unknown", 409: "The present state forbids it",
    422: "Not valid; `errors` says which field and what is allowed",
    429: "Too many tries", 503: "Redis or the database is away; see Retry-After",
}  # fmt: skip
DESCRIPTION = (
    "Runs scheduled work, and shows and steers it. Times are RFC 3339 with an offset. Every body "
    "is optional unless a key in it is needed; null counts as left out. Errors are problem "
    "documents (RFC 9457)."
)


def describe(app: Flask) -> dict[str, Any]:
    """Return the OpenAPI 3.1 document of everything under /api/v1."""
    paths: dict[str, dict[str, Any]] = {}
    for rule, stated in operations(app):
        place = paths.setdefault(_path(rule), {})
        for method in methods(rule):
            place[method.lower()] = _operation(app, rule, method, stated)
    return {
        "openapi": "3.1.0",
        "info": {"title": "Rota", "version": "1", "description": DESCRIPTION},
        "servers": [{"url": f"{request.script_root}{PREFIX}"}],
        "security": [{"token": []}, {"session": []}],
        "paths": dict(sorted(paths.items())),
        "components": {
            "schemas": dict(sorted(components().items())),
            "securitySchemes": {
                "token": {"type": "http", "scheme": "bearer"},
                "session": {"type": "apiKey", "in": "cookie", "name": "rota"},
            },
        },
    }


def operations(app: Flask) -> Iterator[tuple[Rule, Operation]]:
    """Yield each route of the API with what it states. One that states nothing is a mistake."""
    for rule in sorted(app.url_map.iter_rules(), key=lambda rule: rule.rule):
        if rule.rule.startswith(PREFIX) and rule.endpoint not in ABOUT:
            stated = getattr(app.view_functions[rule.endpoint], NAME, None)
            if stated is None:
                raise RuntimeError(f"{rule.endpoint} states no operation")
            yield rule, stated


def methods(rule: Rule) -> list[str]:
    return sorted((rule.methods or set()) - {"HEAD", "OPTIONS"})


def _path(rule: Rule) -> str:
    path: str = re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", rule.rule)
    return path.removeprefix(PREFIX)


def _operation(app: Flask, rule: Rule, method: str, stated: Operation) -> dict[str, Any]:
    text = (app.view_functions[rule.endpoint].__doc__ or "").strip()
    alone = len(methods(rule)) == 1 and not _has_other_rules(app, rule)
    found: dict[str, Any] = {
        "operationId": _name(rule) if alone else f"{_name(rule)}_{method.lower()}",
        "summary": text.partition("\n")[0].rstrip("."),
        "tags": [_path(rule).split("/")[1]],
        "parameters": [*_path_parameters(rule), *_query_parameters(stated), *_headers(stated)],
        "responses": {
            **{str(status): _answer(status, kind) for status, kind in stated.answers.items()},
            **{str(status): _problem(text) for status, text in PROBLEMS.items()},
        },
    }
    if stated.body:
        content = {"application/json": {"schema": _body(stated.body)}}
        needed = any(part.required for part in stated.body.values())
        found["requestBody"] = {"required": needed, "content": content}
    return found


def _has_other_rules(app: Flask, rule: Rule) -> bool:
    return sum(1 for _ in app.url_map.iter_rules(rule.endpoint)) > 1


def _name(rule: Rule) -> str:
    endpoint: str = rule.endpoint
    return endpoint.removeprefix("api_").replace(".", "_")


def _path_parameters(rule: Rule) -> list[dict[str, Any]]:
    return [
        {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}
        for name in re.findall(r"<(?:\w+:)?(\w+)>", rule.rule)
    ]


def _query_parameters(stated: Operation) -> list[dict[str, Any]]:
    return [
        {
            "name": name,
            "in": "query",
            "required": part.required,
            "description": part.description,
            "schema": dict(part.schema),
        }
        for name, part in stated.query.items()
    ]


def _headers(stated: Operation) -> list[dict[str, Any]]:
    if not stated.idempotent:
        return []
    schema = {"type": "string", "minLength": 1, "maxLength": 255}
    text = "The same key with the same arguments gives the same run"
    return [{"name": "Idempotency-Key", "in": "header", "description": text, "schema": schema}]


def _body(parts: Mapping[str, Part]) -> dict[str, Any]:
    schema: dict[str, Any] = {
        "type": "object",
        "additionalProperties": False,
        "properties": {
            name: {**part.schema, "description": part.description} for name, part in parts.items()
        },
    }
    needed = [name for name, part in parts.items() if part.required]
    return schema | ({"required": needed} if needed else {})


def _answer(status: int, kind: Any) -> dict[str, Any]:
    content = {"application/json": {"schema": schema_of(kind)}}
    return {"description": HTTPStatus(status).phrase, "content": content}


def _problem(text: str) -> dict[str, Any]:
    schema = {"$ref": "#/components/schemas/ProblemDocument"}
    return {"description": text, "content": {"application/problem+json": {"schema": schema}}}
