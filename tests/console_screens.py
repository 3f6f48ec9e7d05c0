"""Every screen of the console, in one list: walked by tests, and taken pictures of.

A new page fails `tests/console/test_every_screen.py` until it stands here.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

TASK = "sync_to_sheets"


@dataclass(frozen=True)
class Screen:
    """`path` may name a `{task}`, a `{failed}` or a `{running}` run, and a `{bulk}` act."""

    name: str
    endpoint: str
    path: str
    for_admins: bool = False
    pictured: bool = True


SCREENS = (
    Screen("today", "today.page", "/"),
    Screen("week", "week.page", "/week"),
    Screen("week-tasks", "week.page", "/week?by=task"),
    Screen("tasks", "tasks.page", "/tasks"),
    Screen("task", "task.page", "/tasks/{task}"),
    Screen(
        "schedule",
        "schedule.page",
        "/tasks/{task}/schedule?kind=cron&cron=30+2+*+*+*&timezone=Europe/Berlin",
    ),
    Screen("schedule-new", "schedule.page", "/tasks/{task}/schedule?new=1", pictured=False),
    Screen("backfill", "backfill.page", "/tasks/{task}/backfill"),
    Screen("runs", "runs.page", "/runs"),
    Screen("runs-none", "runs.page", "/runs?q=task:x", pictured=False),
    Screen("runs-refused", "runs.page", "/runs?q=bad:x", pictured=False),
    Screen("run-failed", "run.page", "/runs/{failed}"),
    Screen("run-running", "run.page", "/runs/{running}"),
    Screen("run-unknown", "run.page", "/runs/nothing", pictured=False),
    Screen("bulk-plan", "bulk.plan", "/runs/bulk?act=retry&filter=status:failed"),
    Screen("bulk-acts", "bulk.index", "/bulk"),
    Screen("bulk-act", "bulk.page", "/bulk/{bulk}"),
    Screen("failures", "failures.page", "/failures"),
    Screen("queues", "queues.page", "/queues"),
    Screen("queue", "queue.page", "/queues/default"),
    Screen("workers", "workers.page", "/workers"),
    Screen("health", "health_page.page", "/health"),
    Screen("panels", "panels.index", "/panels", pictured=False),
    Screen("panel", "panels.page", "/panels/analytics"),
    Screen("panel-sheet", "panels.page", "/panels/sheet"),
    Screen("palette", "palette.page", "/go"),
    Screen("audit", "audit.page", "/audit"),
    Screen("users", "access.page", "/users", for_admins=True),
    Screen("sessions", "sessions.page", "/sessions"),
    Screen("time-zone", "zone_page.page", "/zone"),
    Screen("api", "api_docs.page", "/api/v1/docs"),
)
# Where one signs in; whoever is signed in has no use for it.
DOOR = Screen("sign-in", "sign_in.page", "/sign-in")
# What answers a GET and is no screen: files, downloads, what machines ask.
NO_SCREENS = frozenset(
    {
        "static", "badge.show", "health.healthz", "health.readyz", "health.exposition",
        "runs.export", "audit.export", "run.log", "panels.preview",
    }
)  # fmt: skip


ABOUT = ("task", "failed", "running", "bulk")


def paths(screens: Iterable[Screen] = SCREENS, /, **known: str) -> dict[str, str]:
    """Return the path of each screen by its name, as far as what it is about is `known`."""
    known = {"task": TASK} | known
    return {
        screen.name: screen.path.format(**known)
        for screen in screens
        if all(name in known or f"{{{name}}}" not in screen.path for name in ABOUT)
    }
