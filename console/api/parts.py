"""The keys that bodies and queries are made of."""

from __future__ import annotations

from app.reads.run_search import STATUSES, TRIGGERS
from console.api.operations import Part

LONGEST_REASON = 500
NEEDED = True


def text(description: str, required: bool = False, longest: int | None = None) -> Part:
    limit = {} if longest is None else {"maxLength": longest}
    return Part({"type": "string", **limit}, description, required)


def moment(description: str, required: bool = False) -> Part:
    schema = {"type": "string", "format": "date-time"}
    return Part(schema, f"{description} (RFC 3339 with an offset)", required)


def number(description: str, low: int, high: int) -> Part:
    return Part({"type": "integer", "minimum": low, "maximum": high}, description)


def flag(description: str) -> Part:
    return Part({"type": "boolean"}, description)


def choice(description: str, *options: str, required: bool = False) -> Part:
    return Part({"type": "string", "enum": list(options)}, description, required)


ARGUMENTS = Part({"type": "object"}, "Named arguments; left out ones take the task's defaults")
REASON = text("Why, for those who come after", longest=LONGEST_REASON)
UNTIL = moment("When it resumes by itself")
PAGES = {
    "limit": number("How many at most", 1, 200),
    "cursor": text("`next_cursor` of an earlier page"),
}
SCHEDULE = {
    "cron": text("Five cron fields, six with seconds first, or a nickname such as `@daily`"),
    "every": text("Instead of `cron`: an interval such as `30m`"),
    "timezone": text("An IANA zone such as `Europe/Berlin`; else the application's own"),
    "start": moment("It fires not before then"),
    "end": moment("It fires not after then"),
    "max_runs": number("It starts at most so many runs, counted from now", 1, 1_000_000_000),
}
REVISION = number("The schedule's revision that was seen; 409 where it changed since", 0, 2**31)
STATUS = choice("Only runs in this state", *STATUSES)
TRIGGER = choice("Only runs started this way", *TRIGGERS)
