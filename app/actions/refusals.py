"""Refused acts stand in the audit as well: what somebody wanted, and why it was not done."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import UTC, datetime
from functools import wraps
from inspect import signature
from typing import ParamSpec, TypeVar

from app.actions.authorisation import note_refusal
from app.errors import Conflict, Invalid, Unavailable, Unknown
from app.records.pauses import EVERYTHING, QUEUE

P = ParamSpec("P")
R = TypeVar("R")

log = logging.getLogger("rota.actions")

# What an act is called in the audit, and how its target is written, where that is not plain.
VERBS = {
    "pause_everything": ("pause", EVERYTHING),
    "resume_everything": ("resume", EVERYTHING),
    "pause_queue": ("pause", QUEUE),
    "resume_queue": ("resume", QUEUE),
    "empty_queue": ("empty", QUEUE),
    "refill_queue": ("refill", QUEUE),
    "change_own_password": ("change_password", EVERYTHING),
}


def recorded(act: Callable[P, R]) -> Callable[P, R]:
    """Let an act leave a row in the audit also where it raises Unknown, Conflict or Invalid."""
    stated = signature(act)
    verb, prefix = VERBS.get(act.__name__, (act.__name__, ""))
    third = list(stated.parameters)[2]

    @wraps(act)
    def recording(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return act(*args, **kwargs)
        except (Unknown, Conflict, Invalid) as error:
            given = stated.bind(*args, **kwargs).arguments
            if not given.get("dry_run"):
                target = prefix if prefix == EVERYTHING else f"{prefix}{given[third]}"
                _note(given["system"], given["actor"], verb, target, error)
            raise

    return recording


def _note(system: object, actor: object, verb: str, target: str, error: Exception) -> None:
    try:
        note_refusal(system, actor, verb, target, datetime.now(UTC), str(error))  # type: ignore[arg-type]  # by their names they are a System and an Actor
    except Unavailable as away:
        log.error("A refused act is missing from the audit: %s", away)
