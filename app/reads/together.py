"""Several reads in one statement, so that a screen costs one round trip to the database.

Each becomes a sub-query that packs its rows as JSON; here they become rows again, with the types
that their columns have.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

from sqlalchemy import JSON, Connection, Dialect, func, select
from sqlalchemy.sql.selectable import ScalarSelect, SelectBase

from app.records.types import Instant

Fields = SimpleNamespace
Convert = Callable[[Any], Any]


def read_together(connection: Connection, *reads: SelectBase) -> list[list[Fields]]:
    """Return the rows of each read, in the order in which each asks for them."""
    packed = [_packed(read, number, connection.dialect) for number, read in enumerate(reads)]
    found = connection.execute(select(*packed)).one()
    return [
        _unpacked(read, rows or [], connection.dialect)
        for read, rows in zip(reads, found, strict=True)
    ]


def _packed(read: SelectBase, number: int, dialect: Dialect) -> ScalarSelect[Any]:
    rows = read.subquery(f"read_{number}")
    if dialect.name == "postgresql":
        # Not jsonb: that would reorder keys and refuse what json keeps as it is.
        packed = func.json_agg(func.json_build_array(*rows.c), type_=JSON)
    else:
        packed = func.json_group_array(func.json_array(*rows.c), type_=JSON)
    return select(packed).select_from(rows).scalar_subquery()


def _unpacked(read: SelectBase, rows: Sequence[Sequence[Any]], dialect: Dialect) -> list[Fields]:
    columns = list(read.selected_columns)
    names = [str(column.key) for column in columns]
    converts = [
        (name, convert)
        for name, column in zip(names, columns, strict=True)
        if (convert := _convert(column.type, dialect)) is not None
    ]
    return [_row(dict(zip(names, row, strict=True)), converts) for row in rows]


def _row(values: dict[str, Any], converts: Sequence[tuple[str, Convert]]) -> Fields:
    for name, convert in converts:
        if (value := values[name]) is not None:
            values[name] = convert(value)
    return Fields(**values)


def _convert(kind: Any, dialect: Dialect) -> Convert | None:
    """Return what turns a value inside JSON into what the column's type promises."""
    if isinstance(kind, Instant):
        return _instant(dialect)
    if isinstance(kind, JSON) and dialect.name != "postgresql":
        # SQLite keeps JSON as text, which stands as text inside the packed rows.
        return kind.dialect_impl(dialect).result_processor(dialect, None)
    return None


def _instant(dialect: Dialect) -> Convert:
    if dialect.name == "postgresql":
        return lambda text: datetime.fromisoformat(text).astimezone(UTC)
    # SQLite keeps naive text in UTC; with its offset written out it is read in one step.
    return lambda text: datetime.fromisoformat(f"{text}+00:00")
