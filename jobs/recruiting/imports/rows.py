"""A record of the file as a person and their application, or the reasons against it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, tzinfo
from typing import Any

from jobs.recruiting.imports import values
from jobs.recruiting.imports.headers import Header
from jobs.recruiting.imports.reader import Record
from jobs.recruiting.imports.refusal import Place, Refusal


@dataclass(frozen=True, slots=True)
class Person:
    """What a file says about a candidate. Empty means: the file does not say."""

    name: str
    emails: tuple[str, ...] = ()
    external_id: str | None = None
    given_name: str | None = None
    family_name: str | None = None
    phones: tuple[str, ...] = ()
    time_zone: str | None = None
    linkedin_url: str | None = None
    github_url: str | None = None
    website_url: str | None = None
    do_not_contact: bool | None = None
    legal_hold: bool | None = None

    @property
    def email_key(self) -> str | None:
        return self.emails[0] if self.emails else None


@dataclass(frozen=True, slots=True)
class Application:
    """What a file says about an application. Empty means: the file does not say."""

    position: str
    status: str | None = None
    stage: str | None = None
    source: str | None = None
    applied_at: datetime | None = None
    last_activity_at: datetime | None = None
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Row:
    place: Place
    person: Person
    application: Application | None = None


class RowParser:
    """Understands the records of one file. Dates without an offset are in `zone`."""

    def __init__(self, header: Header, zone: tzinfo) -> None:
        self.header = header
        self.parsers: dict[str, Callable[[str], Any]] = {
            "name": values.text(300),
            "given_name": values.text(150),
            "family_name": values.text(150),
            "email": values.emails,
            "phone": values.phones,
            "position": values.text(200),
            "stage": values.text(100),
            "status": values.status,
            "source": values.text(100),
            "applied_at": values.instant(zone),
            "last_activity_at": values.instant(zone),
            "reason": values.text(2_000),
            "linkedin_url": values.url("linkedin.com"),
            "github_url": values.url("github.com"),
            "website_url": values.url(),
            "time_zone": values.time_zone,
            "external_id": values.text(200),
            "do_not_contact": values.yes_or_no,
        }

    def parse(self, record: Record) -> tuple[Row | None, list[Refusal]]:
        """Return the row, or None with every reason against it."""
        found: dict[str, Any] = {}
        wrong = self._read(record, found)
        wrong += self._missing(record, found, {field for field, _ in wrong})
        if wrong:
            return None, [
                Refusal(record.place, self.header.name(field), reason) for field, reason in wrong
            ]
        return Row(record.place, _person(found), _application(found)), []

    def _read(self, record: Record, found: dict[str, Any]) -> list[tuple[str, str]]:
        wrong = []
        for field, places in self.header.columns.items():
            cells = [record.cells[place] for place in places if place < len(record.cells)]
            cell = ";".join(cell for cell in cells if cell.strip())
            if cell:
                try:
                    found[field] = self.parsers[field](cell)
                except ValueError as error:
                    wrong.append((field, str(error)))
        return wrong

    def _missing(
        self, record: Record, found: dict[str, Any], wrong: set[str]
    ) -> list[tuple[str, str]]:
        missing = []
        if any(cell.strip() for cell in record.cells[len(self.header.names) :]):
            columns, cells = len(self.header.names), len(record.cells)
            missing.append(("", f"has {cells} cells, but the header names {columns} columns"))
        if not NAME_FIELDS & (found.keys() | wrong):
            missing.append((self._first_of(*NAME_ORDER), "the name is missing"))
        if not KEY_FIELDS & (found.keys() | wrong):
            field = self._first_of("email", "external_id")
            missing.append((field, "neither an e-mail nor an external id says who this is"))
        orphans = sorted(found.keys() & APPLICATION_FIELDS)
        if orphans and "position" not in found.keys() | wrong:
            missing.append((orphans[0], "says something about an application, but no position"))
        return missing

    def _first_of(self, *fields: str) -> str:
        return next((field for field in fields if field in self.header.columns), fields[0])


NAME_ORDER = ("name", "given_name", "family_name")
NAME_FIELDS = frozenset(NAME_ORDER)
KEY_FIELDS = frozenset({"email", "external_id"})
APPLICATION_FIELDS = frozenset(Application.__slots__) - {"position"}


def _person(found: dict[str, Any]) -> Person:
    parts = [found[part] for part in ("given_name", "family_name") if part in found]
    return Person(
        name=found.get("name") or " ".join(parts),
        emails=found.get("email", ()),
        phones=found.get("phone", ()),
        **{
            field: found.get(field)
            for field in (
                "external_id",
                "given_name",
                "family_name",
                "time_zone",
                "linkedin_url",
                "github_url",
                "website_url",
                "do_not_contact",
            )
        },
    )


def _application(found: dict[str, Any]) -> Application | None:
    if "position" not in found:
        return None
    fields = {field: found.get(field) for field in APPLICATION_FIELDS}
    return Application(found["position"], **fields)
