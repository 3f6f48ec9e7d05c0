"""The one word that a public badge shows: how a task's last run went, or how the whole stands."""

from __future__ import annotations

from datetime import datetime

from app.errors import Unknown
from app.reads.frame import frame
from app.reads.task_views import task
from app.system import System

WHOLE = "rota"


def badge(system: System, name: str, now: datetime) -> tuple[str, str]:
    """Return what a badge is called and the state it shows, where the settings make it public.

    Raises Unknown for any other, known or not; Unavailable.
    """
    public = system.settings.public_badges
    known = name == WHOLE or name in system.catalogue.tasks
    if not known or not {name, "*"} & set(public):
        raise Unknown("badge", name)
    if name == WHOLE:
        around = frame(system, now)
        return "Rota", "paused" if around.pause else around.status
    view = task(system, name, now)
    if view.state != "active" or view.paused_by_all:
        return view.name, "paused"
    return view.name, view.last_run.status if view.last_run else "no runs yet"
