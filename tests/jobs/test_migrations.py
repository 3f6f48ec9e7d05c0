"""The recruiting branch makes exactly the tables that the code names, and unmakes them."""

from __future__ import annotations

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Engine, delete, insert, inspect, select

from app.records import schema as engine_schema
from app.records.database import open_database, writing
from app.records.migrate import config, migrate, pending
from jobs.recruiting.schema import (
    APPLICATION_STATUSES,
    POSITION_STATUSES,
    candidates,
    metadata,
    resumes,
)
from tests.jobs.candidates import NOW


def test_the_migrated_tables_are_the_ones_the_code_names(engine: Engine) -> None:
    with engine.connect() as connection:
        context = MigrationContext.configure(
            connection, opts={"compare_server_default": True, "compare_type": True}
        )
        found = compare_metadata(context, metadata)
    found = [change for change in found if _concerns_recruiting(change)]
    assert found == []
    assert pending(engine) == set()


def _concerns_recruiting(change: object) -> bool:
    """alembic names what differs inside nested tuples and lists; each names its table."""
    return any(name in repr(change) for name in metadata.tables)


def test_the_constraints_have_the_names_the_code_gives_them(engine: Engine) -> None:
    found = inspect(engine)
    for table in metadata.tables.values():
        named = {str(constraint.name) for constraint in table.constraints if constraint.name}
        present = {check["name"] for check in found.get_check_constraints(table.name)}
        present |= {unique["name"] for unique in found.get_unique_constraints(table.name)}
        present |= {key["name"] for key in found.get_foreign_keys(table.name)}
        checks = {name for name in named if not name.startswith("pk_")}
        assert checks <= present, table.name


def test_the_checks_allow_exactly_the_statuses_of_the_code(engine: Engine) -> None:
    found = inspect(engine)
    for table, statuses in (
        ("applications", APPLICATION_STATUSES),
        ("positions", POSITION_STATUSES),
    ):
        (check,) = found.get_check_constraints(table)
        assert all(f"'{status}'" in check["sqltext"] for status in statuses)
        assert check["sqltext"].count("'") == 2 * len(statuses)


def test_the_branch_goes_down_without_touching_the_engine(engine: Engine) -> None:
    with writing(engine) as connection:
        command.downgrade(config(connection), "recruiting@base")
    tables = set(inspect(engine).get_table_names())
    assert not tables & set(metadata.tables)
    assert set(engine_schema.metadata.tables) <= tables


def test_an_id_is_never_given_twice(engine: Engine) -> None:
    person = {"name": "A", "emails": [], "phones": [], "created_at": NOW, "updated_at": NOW}
    add = insert(candidates).values(person).returning(candidates.c.id)
    with writing(engine) as connection:
        first = connection.execute(add).scalar_one()
        connection.execute(delete(candidates))
        assert connection.execute(add).scalar_one() > first


def test_people_who_were_stored_before_get_their_pending_resume(database_url: str) -> None:
    engine = open_database(database_url.replace("postgresql://", "postgresql+psycopg://"))
    migrate(engine)
    with writing(engine) as connection:
        command.downgrade(config(connection), "recruiting_0001")
    person = {"emails": [], "phones": [], "created_at": NOW, "updated_at": NOW}
    links = [None, "https://github.com/ada"]
    with writing(engine) as connection:
        rows = [person | {"name": str(link), "github_url": link} for link in links]
        connection.execute(insert(candidates), rows)
    migrate(engine)
    with engine.connect() as connection:
        (row,) = connection.execute(select(resumes)).all()
    assert (row.github_url, row.enrichment_status) == (links[1], "pending")
    assert row.links_given_at == NOW
    engine.dispose()
