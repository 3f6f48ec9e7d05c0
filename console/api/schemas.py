"""JSON Schemas of the answers, made from the views' own types."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import is_dataclass
from functools import cache
from typing import Any

from pydantic import TypeAdapter

from app.reads.shapes import BackfillView
from app.views import RunView, ScheduleView, TaskView
from console.api.shapes import HIDDEN, LAST_RUN

REFERENCE = "#/components/schemas/{model}"
Schema = dict[str, Any]
# What an answer has on top of its view.
ADDED: Mapping[type, Schema] = {
    BackfillView: {"done": {"type": "integer"}},
    ScheduleView: {"revision": {"type": "integer"}, "source": {"enum": ["code", "console"]}},
}
PROBLEM: Schema = {
    "title": "ProblemDocument",
    "type": "object",
    "required": ["type", "title", "status", "detail"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "errors": {"type": "object", "additionalProperties": {"type": "string"}},
    },
}


@cache
def components() -> dict[str, Schema]:
    """Return the dictionary that collects every named schema while answers are described."""
    return {"ProblemDocument": PROBLEM}


def schema_of(answer: Any) -> Schema:
    """Return the schema of an answer: a view's class, or a mapping of names to types."""
    if isinstance(answer, Mapping):
        properties = {name: schema_of(kind) for name, kind in answer.items()}
        return {"type": "object", "required": list(answer), "properties": properties}
    found = TypeAdapter(answer).json_schema(mode="serialization", ref_template=REFERENCE)
    for name, part in found.pop("$defs", {}).items():
        _collect(name, part)
    if not (isinstance(answer, type) and is_dataclass(answer)):
        return found
    _collect(answer.__name__, found)
    _adjust(answer)
    return {"$ref": REFERENCE.format(model=answer.__name__)}


def _collect(name: str, schema: Schema) -> None:
    components().setdefault(name, schema)
    for view in (TaskView, *ADDED):
        if view.__name__ == name:
            _adjust(view)


def _adjust(view: Any) -> None:
    """Make a view's schema that of the document which is made of it."""
    schema = components()[view.__name__]
    for hidden in HIDDEN.get(view, ()):
        schema["properties"].pop(hidden, None)
        schema["required"] = [name for name in schema["required"] if name != hidden]
    # Not required: inside other views they stand without it.
    schema["properties"].update(ADDED.get(view, {}))
    if view is TaskView:
        _last_run(schema)


def _last_run(schema: Schema) -> None:
    run = TypeAdapter(RunView).json_schema(mode="serialization", ref_template=REFERENCE)
    properties = {name: run["properties"][name] for name in LAST_RUN}
    components()["LastRun"] = {
        "title": "LastRun",
        "type": "object",
        "properties": properties,
        "required": list(LAST_RUN),
    }
    reference = {"$ref": REFERENCE.format(model="LastRun")}
    schema["properties"]["last_run"] = {"anyOf": [reference, {"type": "null"}]}
