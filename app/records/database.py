"""One SQLAlchemy engine a process, set up so that our processes never see "database is locked"."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from sqlite3 import Connection as SqliteConnection
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.exc import DBAPIError, OperationalError, ProgrammingError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from app.errors import SettingsError, Unavailable
from app.settings import current_settings

# How long a writer waits for others, in seconds. A person waits no longer than this for an act.
PATIENCE_OF_PEOPLE = 5.0
# Longer than our longest write: an import of a hundred thousand rows takes some 6 s.
PATIENCE = 15.0
POOL_SIZE = 5
_engines: dict[tuple[int, str], Engine] = {}


def open_database(url: str, patience: float = PATIENCE) -> Engine:
    """Return a new engine for `url` (sqlite:///… or postgresql+psycopg://…).

    A lock that is not free within `patience` seconds counts as the database being away.
    """
    if not url.startswith("sqlite"):
        return create_engine(
            url,
            pool_size=POOL_SIZE,
            max_overflow=POOL_SIZE,
            pool_timeout=5,
            pool_pre_ping=True,
            connect_args={
                "connect_timeout": 5,
                "options": f"-c timezone=UTC -c lock_timeout={patience:g}s",
            },
        )
    _make_folder(url)
    engine = create_engine(url, pool_size=POOL_SIZE, max_overflow=POOL_SIZE, pool_timeout=5)
    event.listen(engine, "connect", partial(_set_pragmas, patience))
    event.listen(engine, "begin", _begin_as_asked)
    return engine


def current_database() -> Engine:
    """Return this process's engine for DATABASE_URL; a forked child gets one of its own."""
    url = current_settings().database_url
    key = (os.getpid(), url)
    if key not in _engines:
        _engines[key] = open_database(url)
    return _engines[key]


@contextmanager
def reading(engine: Engine) -> Iterator[Connection]:
    """Open a connection for reads. Raises Unavailable when the database is away."""
    with _told_as_unavailable(), engine.connect() as connection:
        yield connection


@contextmanager
def writing(engine: Engine) -> Iterator[Connection]:
    """Open one transaction for writes, committed at the end.

    On SQLite it takes the write lock at once (BEGIN IMMEDIATE): a transaction that reads first
    and upgrades later fails without waiting, whatever the busy time-out.
    Raises Unavailable when the database is away.
    """
    with (
        _told_as_unavailable(),
        engine.connect().execution_options(rota_write=True) as connection,
        connection.begin(),
    ):
        yield connection


@contextmanager
def _told_as_unavailable() -> Iterator[None]:
    try:
        yield
    except (OperationalError, ProgrammingError) as error:
        _tell_of_missing_table(error)
        if isinstance(error, ProgrammingError):
            raise
        raise Unavailable("The database", str(error.orig).splitlines()[0]) from error
    except PoolTimeout as error:
        raise Unavailable("The database", str(error).splitlines()[0]) from error
    except DBAPIError as error:
        if error.connection_invalidated:
            raise Unavailable("The database", str(error.orig).splitlines()[0]) from error
        raise


def _tell_of_missing_table(error: DBAPIError) -> None:
    text = str(error.orig)
    if "no such table" in text or type(error.orig).__name__ == "UndefinedTable":
        raise SettingsError(
            "The database lacks a table: run `python -m app release` first "
            f"({text.splitlines()[0]})."
        ) from error


def _make_folder(url: str) -> None:
    path = url.removeprefix("sqlite:///")
    if path and path != ":memory:":
        Path(path).parent.mkdir(parents=True, exist_ok=True)


def _set_pragmas(patience: float, connection: SqliteConnection, _record: Any) -> None:
    # The driver's own implicit BEGIN would take no write lock; `_begin_as_asked` decides instead.
    connection.isolation_level = None
    connection.execute(f"PRAGMA busy_timeout = {patience * 1000:.0f}")
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = NORMAL")
    connection.execute("PRAGMA foreign_keys = ON")


def _begin_as_asked(connection: Connection) -> None:
    write = connection.get_execution_options().get("rota_write", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if write else "BEGIN")
