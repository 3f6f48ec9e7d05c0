"""The newest runs of many tasks at once: each task's own by the index, whatever the others have."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, Select, String, bindparam, cast, func, select, true
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.sql.util import ClauseAdapter

from app.records.schema import last_runs
from app.records.schema import runs as table


def newest_runs(
    dialect: str,
    columns: Sequence[ColumnElement[Any]],
    task_ids: Sequence[str],
    limit: int,
    *conditions: ColumnElement[bool],
) -> Select[Any]:
    """Return the read of each task's newest `limit` runs that meet the conditions."""
    names = bindparam(None, _json_list(task_ids), String)
    if dialect == "postgresql":
        tasks = func.jsonb_array_elements_text(cast(names, JSONB)).table_valued("value")
        newest = (
            select(*columns)
            .where(table.c.task_id == tasks.c.value, *conditions)
            .order_by(table.c.at.desc(), table.c.run_id.desc())
            .limit(limit)
            .lateral("newest")
        )
        return select(*newest.c).select_from(tasks.join(newest, true()))
    # SQLite has no LATERAL; a correlated IN walks the same index once a task.
    tasks = func.json_each(names).table_valued("value")
    inner = table.alias("inner_runs")
    ids = (
        select(inner.c.run_id)
        .where(inner.c.task_id == tasks.c.value, *(_moved(each, inner) for each in conditions))
        .order_by(inner.c.at.desc(), inner.c.run_id.desc())
        .limit(limit)
        .correlate(tasks)
    )
    return select(*columns).select_from(tasks.join(table, table.c.run_id.in_(ids)))


def last_runs_of(columns: Sequence[ColumnElement[Any]], kind: str) -> Select[Any]:
    """Return the read of each task's last run that executed, or that succeeded."""
    both = last_runs.join(table, table.c.run_id == last_runs.c.run_id)
    return select(*columns).select_from(both).where(last_runs.c.kind == kind)


def _moved(condition: ColumnElement[bool], inner: Any) -> ColumnElement[bool]:
    """Say the same of the alias inside the sub-query."""
    moved: ColumnElement[bool] = ClauseAdapter(inner).traverse(condition)
    return moved


def _json_list(task_ids: Sequence[str]) -> str:
    return json.dumps(list(task_ids))
