"""Syncs in tests, and what they counted."""

from __future__ import annotations

from collections.abc import Callable

from jobs.sheets import SyncResult

Sync = Callable[..., SyncResult]


def counts(result: SyncResult) -> dict[str, int]:
    names = ("inserted", "updated", "unchanged", "removed", "drifted", "conflicts")
    return {name: getattr(result, name) for name in names if getattr(result, name)}
