"""The search for runs: a small grammar, turned into conditions on the history.

`task:greet status:failed,lost trigger:api worker:host queue:low by:olga error:KeyError
since:24h until:2026-11-24T09:00 at:2026-11-24T09 longer:5m duration<1s
arg.limit=5 "free words"`. Parts are joined by AND;
several values of one key, separated by commas, by OR; a minus before a part turns it around.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, String, and_, cast, func, not_, or_, select

from app.errors import Invalid
from app.reads.run_words import Phrase, has_words, indexed
from app.records.bulk_schema import bulk_runs
from app.records.schema import runs as table
from app.records.words import words_in
from app.schedules import ScheduleError, parse_duration
from app.settings import SECRET_NAME
from app.views import ENDED

STATUSES = (*sorted(ENDED), "scheduled", "queued", "running")
TRIGGERS = ("schedule", "manual", "api", "cli", "backfill", "dependency")
LONGEST = 500
MOST_PARTS = 20
# What no index serves looks this far back, unless `since:` says otherwise.
USUAL_WINDOW = timedelta(days=7)
# Looking inside texts costs several times as much: arguments, and words that must not be there.
USUAL_WINDOW_OF_TEXTS = timedelta(days=1)
INDEXED = {"task", "status", "trigger", "since", "until", "at", "bulk"}
A_DAY_OR_HOUR = re.compile(r"(\d{4}-\d\d-\d\d)(?:T(\d\d))?(Z|[+-]\d\d:\d\d)?")
ARGUMENT = "arg."
PART = re.compile(r'\s*(-?)([a-z]+:|arg\.\w+=|duration[<>])?(?:"([^"]*)"|(\S+))')
# Two ways to say the same.
NAMED = {"duration>": "longer", "duration<": "shorter"}


@dataclass(frozen=True)
class Part:
    """One part: `key` is None for free words."""

    negated: bool
    key: str | None
    text: str
    position: int


@dataclass(frozen=True)
class Search:
    """What a run must meet: what indexes serve, what is looked at run by run, and its words."""

    narrow: tuple[ColumnElement[bool], ...] = ()
    dear: tuple[ColumnElement[bool], ...] = ()
    words: tuple[Phrase, ...] = ()


def conditions(text: str, now: datetime, zone: ZoneInfo, dialect: str) -> list[ColumnElement[bool]]:
    """Return all that a run must meet. Raises Invalid that says where, and what is allowed."""
    search = parse(text, now, zone)
    return [*search.narrow, *search.dear, *indexed(search.words, dialect)]


def parse(text: str, now: datetime, zone: ZoneInfo) -> Search:
    """Read a search. Raises Invalid that says where, and what is allowed."""
    parts = _parts(text)
    words = tuple(_phrase(part) for part in parts if part.key is None and not part.negated)
    others = [part for part in parts if part.key is not None or part.negated]
    narrow: list[ColumnElement[bool]] = []
    dear: list[ColumnElement[bool]] = []
    for part in others:
        (narrow if part.key in INDEXED else dear).append(_condition(part, now, zone))
    keys = {part.key for part in others}
    if keys - INDEXED and not keys & {"since", "at"}:
        dearest = any(key is None or key.startswith(ARGUMENT) for key in keys)
        window = USUAL_WINDOW_OF_TEXTS if dearest else USUAL_WINDOW
        narrow.append(table.c.at > now - window)
    return Search(tuple(narrow), tuple(dear), words)


def _parts(text: str) -> list[Part]:
    if len(text) > LONGEST:
        raise Invalid("The search is too long.", {"q": f"at most {LONGEST} characters"})
    found: list[Part] = []
    place = 0
    while text[place:].strip():
        match = PART.match(text, place)
        if match is None or match.group().count('"') % 2:
            raise _wrong("a quote is not closed", place)
        minus, key, quoted, plain = match.groups()
        value = quoted if quoted is not None else plain
        if '"' in (plain or ""):
            raise _wrong("a quote stands inside a word", match.start())
        name = NAMED.get(key, key[:-1]) if key else None
        found.append(Part(bool(minus), name, value, match.start()))
        place = match.end()
    if len(found) > MOST_PARTS:
        raise Invalid("The search has too many parts.", {"q": f"at most {MOST_PARTS}"})
    return found


def _condition(part: Part, now: datetime, zone: ZoneInfo) -> ColumnElement[bool]:
    if part.key is None:
        made = has_words(_phrase(part))
    elif part.key in ("since", "until"):
        instant = _instant(part, now, zone)
        made = table.c.at > instant if part.key == "since" else table.c.at <= instant
    elif part.key == "at":
        made = _within(part, zone)
    elif part.key in ("longer", "shorter"):
        made = _lasted(part)
    elif part.key.startswith(ARGUMENT):
        made = _argument(part)
    elif part.key in KEYS:
        made = or_(*(KEYS[part.key](value, part) for value in part.text.split(",") if value))
    else:
        known = ", ".join((*KEYS, "since", "until", "at", "longer", "shorter", "arg.NAME="))
        raise _wrong(f"“{part.key}:” is not known; known are {known}", part.position)
    # A missing value meets no condition, and so its opposite.
    return or_(not_(made), made.is_(None)) if part.negated else made


def _phrase(part: Part) -> Phrase:
    phrase = tuple(words_in(part.text))
    if not phrase:
        raise _wrong(f"“{part.text[:40]}”: a word has letters or digits", part.position)
    return phrase


def _holds(column: Any, text: str) -> ColumnElement[bool]:
    found: ColumnElement[bool] = func.lower(column).contains(text.lower(), autoescape=True)
    return found


def _one_of(name: str, allowed: Sequence[str]) -> Callable[[str, Part], ColumnElement[bool]]:
    def condition(value: str, part: Part) -> ColumnElement[bool]:
        if value not in allowed:
            raise _wrong(f"“{name}:{value}”: one of {', '.join(allowed)}", part.position)
        return table.c[name] == value

    return condition


def _exactly(name: str) -> Callable[[str, Part], ColumnElement[bool]]:
    return lambda value, part: table.c[name] == value


def _inside(name: str) -> Callable[[str, Part], ColumnElement[bool]]:
    return lambda value, part: _holds(func.coalesce(table.c[name], ""), value)


def _error(value: str, part: Part) -> ColumnElement[bool]:
    del part
    kind = func.coalesce(table.c.error["type"].as_string(), "")
    mark = func.coalesce(table.c.error["fingerprint"].as_string(), "")
    return or_(_holds(kind, value), mark == value)


def _of_bulk(value: str, part: Part) -> ColumnElement[bool]:
    del part
    return table.c.run_id.in_(select(bulk_runs.c.run_id).where(bulk_runs.c.bulk_id == value))


KEYS: dict[str, Callable[[str, Part], ColumnElement[bool]]] = {
    "task": _exactly("task_id"),
    "status": _one_of("status", STATUSES),
    "trigger": _one_of("trigger", TRIGGERS),
    "queue": _exactly("queue"),
    "worker": _inside("worker"),
    "by": _exactly("triggered_by"),
    "error": _error,
    "backfill": _exactly("backfill_id"),
    "parent": _exactly("parent_run_id"),
    "bulk": _of_bulk,
}


def _instant(part: Part, now: datetime, zone: ZoneInfo) -> datetime:
    try:
        return now - timedelta(seconds=parse_duration(part.text))
    except (ScheduleError, OverflowError):
        pass
    try:
        local = datetime.fromisoformat(part.text)
    except ValueError:
        raise _wrong(
            f"“{part.key}:{part.text}”: a duration such as 24h, or a day such as 2026-11-24",
            part.position,
        ) from None
    return local if local.tzinfo is not None else local.replace(tzinfo=zone)


def _within(part: Part, zone: ZoneInfo) -> ColumnElement[bool]:
    """Read a day, or an hour of one, as that day or hour in `zone` or with its own offset."""
    found = A_DAY_OR_HOUR.fullmatch(part.text)
    try:
        if found is None:
            raise ValueError
        day, hour, offset = found.groups()
        start = datetime.fromisoformat(f"{day}T{hour or '00'}:00:00{offset or ''}")
    except ValueError:
        allowed = "a day such as 2026-11-24, or an hour such as 2026-11-24T09"
        raise _wrong(f"“at:{part.text}”: {allowed}", part.position) from None
    start = start if start.tzinfo is not None else start.replace(tzinfo=zone)
    # On the wall clock: a day may have 23 or 25 hours.
    end = start + (timedelta(hours=1) if hour else timedelta(days=1))
    return and_(table.c.at >= start, table.c.at < end)


def _lasted(part: Part) -> ColumnElement[bool]:
    try:
        seconds = parse_duration(part.text)
    except ScheduleError as error:
        raise _wrong(f"“{part.key}:{part.text}”: {error}", part.position) from error
    took = func.coalesce(_epoch(table.c.ended_at) - _epoch(table.c.started_at), -1)
    return took > seconds if part.key == "longer" else and_(took >= 0, took < seconds)


def _argument(part: Part) -> ColumnElement[bool]:
    """Compare one argument as the text that its JSON reads as."""
    name = str(part.key).removeprefix(ARGUMENT)
    if SECRET_NAME.search(name):
        # Whoever may not see it may not guess it either.
        raise _wrong(f"“{name}” may be a secret, which no search looks at", part.position)
    text = cast(table.c.arguments[name].as_string(), String)
    # SQLite says 1 and 0 of what JSON calls true and false.
    also = {"true": ["1"], "false": ["0"]}
    wanted = [value for value in part.text.split(",") if value]
    return text.in_([*wanted, *(each for value in wanted for each in also.get(value, ()))])


def _epoch(column: Any) -> Any:
    return func.extract("epoch", column)


def _wrong(what: str, position: int) -> Invalid:
    return Invalid("The search cannot be understood.", {"q": f"at {position + 1}: {what}"})
