"""Run by Alembic: migrations go over the connection that `app.records.migrate` hands in."""

from __future__ import annotations

from alembic import context

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=context.config.attributes["metadata"],
    # SQLite changes a table by copying it.
    render_as_batch=True,
    # Both databases roll back changes of tables; all migrations stand or fall together.
    transactional_ddl=True,
    transaction_per_migration=False,
)
with context.begin_transaction():
    context.run_migrations()
