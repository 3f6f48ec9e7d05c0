"""Bring the database to what this code needs; several processes may try at once."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, MetaData, text

from app.contributions import contributions
from app.records.access_schema import users
from app.records.bulk_schema import bulks
from app.records.database import open_database, reading, writing
from app.records.roll_ups import install, uninstall
from app.records.run_texts import fill

FOLDER = Path(__file__).parent.parent / "migrations"
# Any number, the same in every process: one migrates, the others wait and find it done.
ADVISORY_LOCK = 7_214_001


def migrate(database: Engine | str) -> None:
    """Apply all migrations of the engine and of the loaded task packages, in one transaction.

    What is derived from many rows is filled afterwards, in steps between which others may write.
    """
    engine = open_database(database) if isinstance(database, str) else database
    with writing(engine) as connection:
        if connection.dialect.name == "postgresql":
            connection.execute(text("SELECT pg_advisory_xact_lock(:n)"), {"n": ADVISORY_LOCK})
        _upgrade(connection)
    fill(engine)
    if isinstance(database, str):
        engine.dispose()


def _upgrade(connection: Connection) -> None:
    # SQLite changes a table by copying it, and the triggers of the old one go with it.
    if connection.dialect.name == "sqlite":
        uninstall(connection)
    command.upgrade(config(connection), "heads")
    install(connection)


def pending(engine: Engine) -> set[str]:
    """Return the revisions that are not applied yet. Raises Unavailable."""
    with reading(engine) as connection:
        current = set(MigrationContext.configure(connection).get_current_heads())
        return set(ScriptDirectory.from_config(config(connection)).get_heads()) - current


def config(connection: Connection) -> Config:
    """Return Alembic's configuration over all version folders."""
    made = Config()
    made.set_main_option("script_location", str(FOLDER))
    folders = [FOLDER / "versions", *contributions.migrations]
    made.set_main_option("version_locations", "\n".join(map(str, folders)))
    made.set_main_option("path_separator", "newline")
    made.attributes["connection"] = connection
    # Taken from tables of these modules, so that theirs are in it as well.
    own = dict.fromkeys((bulks.metadata, users.metadata))
    made.attributes["metadata"] = [*own, *_contributed()]
    return made


def _contributed() -> list[MetaData]:
    return [found for found in contributions.metadata if isinstance(found, MetaData)]
