"""A whole file understood, each person once, before anything is written."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, fields, replace
from datetime import tzinfo

from jobs.recruiting.imports.headers import Header
from jobs.recruiting.imports.reader import Record
from jobs.recruiting.imports.refusal import Place, Refusal
from jobs.recruiting.imports.rows import Application, Person, Row, RowParser
from jobs.recruiting.imports.values import key


@dataclass(slots=True)
class Entry:
    """A person of the file with their applications, and where they were first named."""

    place: Place
    person: Person
    applications: list[tuple[Place, Application]] = field(default_factory=list)


@dataclass
class Loaded:
    entries: list[Entry] = field(default_factory=list)
    refusals: list[Refusal] = field(default_factory=list)
    rows: int = 0


def load(header: Header, records: Iterable[Record], zone: tzinfo) -> Loaded:
    """Understand every record; dates without an offset are in `zone`."""
    parser = RowParser(header, zone)
    file = _File(header)
    for record in records:
        file.loaded.rows += 1
        row, refusals = parser.parse(record)
        file.loaded.refusals += refusals or (file.add(row) if row else [])
    return file.loaded


class _File:
    """Knows who was named already, by e-mail and by external id."""

    def __init__(self, header: Header) -> None:
        self.header = header
        self.loaded = Loaded()
        self.by_email: dict[str, Entry] = {}
        self.by_external_id: dict[str, Entry] = {}

    def add(self, row: Row) -> list[Refusal]:
        known = self._known(row.person)
        if len(known) > 1:
            reason = (
                f"the e-mail is that of {known[0].place}, the external id that of {known[1].place}"
            )
            return [Refusal(row.place, self.header.name("external_id"), reason)]
        if known:
            return self._add_to(known[0], row)
        entry = Entry(row.place, row.person)
        if row.application:
            entry.applications.append((row.place, row.application))
        self.loaded.entries.append(entry)
        self._remember(entry)
        return []

    def _known(self, person: Person) -> list[Entry]:
        found = []
        for index, value in (
            (self.by_email, person.email_key),
            (self.by_external_id, person.external_id),
        ):
            entry = index.get(value) if value else None
            if entry and entry not in found:
                found.append(entry)
        return found

    def _remember(self, entry: Entry) -> None:
        if entry.person.email_key:
            self.by_email[entry.person.email_key] = entry
        if entry.person.external_id:
            self.by_external_id[entry.person.external_id] = entry

    def _add_to(self, entry: Entry, row: Row) -> list[Refusal]:
        if refusals := self._doubled(entry, row) or self._contradictions(entry, row):
            return refusals
        entry.person = _filled(entry.person, row.person)
        self._remember(entry)
        if row.application:
            entry.applications.append((row.place, row.application))
        return []

    def _doubled(self, entry: Entry, row: Row) -> list[Refusal]:
        column = self.header.name("email") or self.header.name("external_id")
        if row.application is None:
            reason = f"names the person of {entry.place} again, without a further position"
            return [Refusal(row.place, column, reason)]
        wanted = key(row.application.position)
        for place, application in entry.applications:
            if key(application.position) == wanted:
                reason = f"is a duplicate of {place}: the same person and position"
                return [Refusal(row.place, column, reason)]
        return []

    def _contradictions(self, entry: Entry, row: Row) -> list[Refusal]:
        """Two rows about one person must agree, else the outcome would hang on their order."""
        refusals = []
        for column in fields(Person):
            first, second = getattr(entry.person, column.name), getattr(row.person, column.name)
            if first not in EMPTY and second not in EMPTY and first != second:
                name = COLUMNS.get(column.name, column.name)
                reason = f"differs from {entry.place}, which is about the same person"
                refusals.append(Refusal(row.place, self.header.name(name), reason))
        return refusals


EMPTY = (None, ())
COLUMNS = {"emails": "email", "phones": "phone"}


def _filled(first: Person, second: Person) -> Person:
    missing = {
        column.name: getattr(second, column.name)
        for column in fields(Person)
        if getattr(first, column.name) in EMPTY and getattr(second, column.name) not in EMPTY
    }
    return replace(first, **missing) if missing else first
