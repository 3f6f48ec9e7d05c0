"""Which schedules have an end, or may start only so many runs.

Word for word as their index says it, so that it serves; each database has its own words for a
value inside JSON.
"""

from __future__ import annotations

LIMITED = {
    "sqlite": (
        "retired_at IS NULL AND (json_extract(definition, '$.schedule.end') IS NOT NULL "
        "OR json_extract(definition, '$.schedule.max_runs') IS NOT NULL)"
    ),
    "postgresql": (
        "retired_at IS NULL AND ((definition #>> '{schedule,end}') IS NOT NULL "
        "OR (definition #>> '{schedule,max_runs}') IS NOT NULL)"
    ),
}
