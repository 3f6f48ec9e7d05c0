"""Faults on order: what goes wrong with the next requests, and when."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from typing import Any

from jobs.sandbox.errors import invalid
from jobs.sandbox.request import choice, fields

KINDS = ("slow", "status", "html", "reset")


@dataclass(frozen=True)
class Fault:
    """One fault, for the next `times` requests whose method and path contain `match`.

    `kind`: `slow` waits `seconds` and then goes on; `status` answers `status` with the service's
    error body (and `retry_after` as its header); `html` answers `status` with a proxy's page;
    `reset` cuts the connection. With `after_commit` the request is carried out first and only
    its answer is lost. `said` is what the mail server adds to its `status`, say `5.1.1 nobody of
    that name`.
    """

    kind: str
    times: int = 1
    match: str = ""
    status: int = 503
    retry_after: str | None = None
    seconds: float = 0.0
    after_commit: bool = False
    said: str = ""


class FaultScript:
    """The faults still to come, first in first out."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._faults: list[Fault] = []

    def add(self, *faults: Fault) -> None:
        with self._lock:
            self._faults += faults

    def clear(self) -> None:
        with self._lock:
            self._faults.clear()

    def pending(self) -> list[Fault]:
        with self._lock:
            return list(self._faults)

    def take(self, request: str) -> Fault | None:
        """Use up one occurrence of the first fault that matches `METHOD /path`."""
        with self._lock:
            for place, fault in enumerate(self._faults):
                if fault.match in request:
                    if fault.times > 1:
                        self._faults[place] = replace(fault, times=fault.times - 1)
                    else:
                        del self._faults[place]
                    return fault
        return None


HTTP_ERRORS = frozenset({401, 402, 403, 429, 500, 502, 503, 504})
SMTP_ERRORS = frozenset({421, 450, 451, 452, 535, 550, 551, 552, 553, 554})
FIELDS: dict[str, Callable[[Any], bool]] = {
    "times": lambda v: isinstance(v, int) and 1 <= v <= 1_000_000,
    "match": lambda v: isinstance(v, str),
    "status": lambda v: v == 200 or v in HTTP_ERRORS | SMTP_ERRORS,
    "retry_after": lambda v: v is None or isinstance(v, str),
    "seconds": lambda v: isinstance(v, int | float) and 0 <= v <= 600,
    "after_commit": lambda v: isinstance(v, bool),
    "said": lambda v: isinstance(v, str) and v.isprintable() and len(v) <= 200,
}


def from_json(found: object) -> Fault:
    """Return the fault that a JSON object describes, with the names of Fault's fields."""
    asked = fields(found, ("kind", *FIELDS), "fault")
    choice(asked.get("kind"), KINDS, "kind")
    for name, value in asked.items():
        if name != "kind" and not FIELDS[name](value):
            raise invalid(f"Invalid value at '{name}'")
    if asked["kind"] == "status" and asked.get("status") == 200:
        raise invalid("A fault of kind 'status' needs a status that is an error")
    if asked.get("status") in SMTP_ERRORS and not asked.get("match", "").startswith("SMTP "):
        raise invalid("A status of the mail server needs a 'match' that begins with 'SMTP '")
    return Fault(**asked)


def to_json(fault: Fault) -> dict[str, Any]:
    return asdict(fault)
