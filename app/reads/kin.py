"""What came of a run, and what it waited for: counted, and the first of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Select, func, select, union

from app.reads.together import Fields
from app.records.schema import run_dependencies as pairs
from app.records.schema import runs
from app.related_runs import RelatedRun, RelatedRuns

SHOWN = 50
COUNTED = 10_000
RELATED = [runs.c[name] for name in ("run_id", "task_id", "status", "at")]


def kin(run_id: str) -> tuple[Select[Any], ...]:
    """Return four reads: children and their number, dependencies and their number."""
    started = select(runs.c.run_id).where(runs.c.parent_run_id == run_id)
    waiting = select(pairs.c.run_id).where(pairs.c.depends_on == run_id)
    children = union(started, waiting).subquery("children")
    awaited = select(pairs.c.depends_on).where(pairs.c.run_id == run_id)
    first_children = select(*RELATED).where(runs.c.run_id.in_(select(children.c.run_id)))
    first_awaited = (
        select(*RELATED)
        .select_from(pairs.join(runs, runs.c.run_id == pairs.c.depends_on))
        .where(pairs.c.run_id == run_id)
    )
    return (
        first_children.order_by(runs.c.at, runs.c.run_id).limit(SHOWN),
        _counted(select(children.c.run_id)),
        first_awaited.order_by(pairs.c.place).limit(SHOWN),
        _counted(awaited),
    )


def kin_views(found: Sequence[list[Fields]]) -> tuple[RelatedRuns, RelatedRuns]:
    """Turn the rows of these reads into children and dependencies."""
    children, child_count, dependencies, dependency_count = found
    return _related(children, child_count), _related(dependencies, dependency_count)


def _counted(rows: Select[Any]) -> Select[Any]:
    some = rows.limit(COUNTED).subquery()
    return select(func.count().label("total")).select_from(some)


def _related(rows: list[Fields], count: list[Fields]) -> RelatedRuns:
    shown = tuple(RelatedRun(row.run_id, row.task_id, row.status, row.at) for row in rows)
    return RelatedRuns(count[0].total, shown)
