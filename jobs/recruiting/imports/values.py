"""One cell of text as a value. Each function raises ValueError saying what is allowed."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from datetime import UTC, datetime, tzinfo
from functools import cache
from urllib.parse import urlsplit
from zoneinfo import available_timezones

from jobs.recruiting.schema import APPLICATION_STATUSES

SEPARATORS = re.compile(r"[;,|\n]")
# Deliberately loose: whether an address exists only a mail can tell; this catches slips.
EMAIL = re.compile(
    r"[^\s@,;<>()\[\]\"]{1,64}@(?=.{4,190}$)(?:[^\s@.,;<>()\[\]\"]+\.)+[^\s@.\d]{2,}"
)
LONGEST_EMAIL = 254
FEWEST_PHONE_DIGITS = 4
DATE_FORMS = "2026-11-24, 2026-11-24 14:30, 2026-11-24T14:30:00Z, 24.11.2026, 24 Nov 2026"
OTHER_DATE_FORMATS = ("%d.%m.%Y", "%d %b %Y", "%d %B %Y", "%b %d, %Y", "%B %d, %Y")
EARLIEST_YEAR = 1970
YES = frozenset({"yes", "y", "true", "1", "x"})
NO = frozenset({"no", "n", "false", "0"})


def text(longest: int) -> Callable[[str], str]:
    """Return the parser of free text of at most `longest` characters on one line."""

    def parse(cell: str) -> str:
        value = " ".join(unicodedata.normalize("NFC", cell).split())
        if any(unicodedata.category(character) == "Cc" for character in value):
            raise ValueError("holds control characters")
        if len(value) > longest:
            raise ValueError(f"is {len(value)} characters long; at most {longest} are allowed")
        return value

    return parse


def key(value: str) -> str:
    """Return the form under which two spellings of a name count as one."""
    return " ".join(unicodedata.normalize("NFKC", value).casefold().split())


def emails(cell: str) -> tuple[str, ...]:
    """Split a cell into addresses, the main one first, in lower case."""
    found = [part.strip().removeprefix("mailto:") for part in SEPARATORS.split(cell)]
    for address in filter(None, found):
        if len(address) > LONGEST_EMAIL or not EMAIL.fullmatch(address) or ".." in address:
            raise ValueError(f"“{address[:80]}” is not an e-mail address like name@example.org")
    return tuple(dict.fromkeys(unicodedata.normalize("NFC", a).lower() for a in found if a))


def phones(cell: str) -> tuple[str, ...]:
    """Split a cell into numbers, each kept as it was written."""
    found = [" ".join(part.split()) for part in SEPARATORS.split(cell)]
    for number in filter(None, found):
        if sum(c.isdigit() for c in number) < FEWEST_PHONE_DIGITS or len(number) > 40:
            raise ValueError(f"“{number[:80]}” is not a phone number like +44 20 7946 0123")
    return tuple(dict.fromkeys(number for number in found if number))


def status(cell: str) -> str:
    value = cell.strip().casefold()
    if value not in APPLICATION_STATUSES:
        allowed = ", ".join(APPLICATION_STATUSES)
        raise ValueError(f"“{cell.strip()[:80]}” is not a status; allowed: {allowed}")
    return value


def instant(zone: tzinfo) -> Callable[[str], datetime]:
    """Return the parser of dates and times; without an offset they are taken to be in `zone`."""

    def parse(cell: str) -> datetime:
        value = _date_or_time(" ".join(cell.split()))
        if value.year < EARLIEST_YEAR:
            raise ValueError(f"“{cell.strip()[:80]}” lies before {EARLIEST_YEAR}")
        return (value if value.tzinfo else value.replace(tzinfo=zone)).astimezone(UTC)

    return parse


def _date_or_time(value: str) -> datetime:
    # fromisoformat() also takes week dates and dates without dashes; those are more likely slips.
    if re.match(r"\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d|$)", value):
        try:
            return datetime.fromisoformat(value)
        except ValueError:
            raise ValueError(f"“{value[:80]}” is not a date of the calendar") from None
    for form in OTHER_DATE_FORMATS:
        try:
            return datetime.strptime(value, form)  # noqa: DTZ007 - the caller adds the zone
        except ValueError:
            continue
    raise ValueError(f"“{value[:80]}” is not a date; accepted forms: {DATE_FORMS}")


def time_zone(cell: str) -> str:
    if cell.strip() not in _time_zones():
        raise ValueError(
            f"“{cell.strip()[:80]}” is not an IANA time zone like Europe/Berlin or America/New_York"
        )
    return cell.strip()


@cache
def _time_zones() -> frozenset[str]:
    return frozenset(available_timezones())


def url(*hosts: str) -> Callable[[str], str]:
    """Return the parser of web addresses, on one of `hosts` where any are given."""

    def parse(cell: str) -> str:
        value = cell.strip()
        with_scheme = value if "://" in value else f"https://{value}"
        parts = urlsplit(with_scheme)
        host = (parts.hostname or "").removeprefix("www.")
        right_host = (
            "." in host
            if not hosts
            else any(host == known or host.endswith(f".{known}") for known in hosts)
        )
        if parts.scheme not in {"http", "https"} or not right_host or re.search(r"\s", value):
            example = f"https://{hosts[0]}/…" if hosts else "https://example.org/…"
            raise ValueError(f"“{value[:80]}” is not a web address like {example}")
        if len(with_scheme) > 500:
            raise ValueError(f"is {len(with_scheme)} characters long; at most 500 are allowed")
        return with_scheme

    return parse


def yes_or_no(cell: str) -> bool:
    value = cell.strip().casefold()
    if value in YES or value in NO:
        return value in YES
    raise ValueError(f"“{cell.strip()[:80]}” is neither yes nor no")
