"""In whose time zone pages show times: the application's, UTC, each task's own, or one's own.

Remembered in a cookie, so that no script is needed. Forms that hold a time say in which zone it
was written, so that a switch in another window changes nothing of it.
"""

from __future__ import annotations

from functools import cache
from zoneinfo import ZoneInfo, available_timezones

from flask import Blueprint, current_app, redirect, request, url_for
from flask.typing import ResponseReturnValue

from app.errors import Invalid
from app.system import System
from console.local_paths import local_path, root

COOKIE = "rota-zone"
# Each time in the zone of the task it belongs to.
OF_TASK = "task"
MINE = "mine"
A_YEAR = 31_536_000

blueprint = Blueprint("zone", __name__)


def chosen() -> str:
    """Return "" (the application's zone), "task", or the name of a zone."""
    found = request.cookies.get(COOKIE, "")
    return found if found == OF_TASK or _known(found) else ""


def page_zone() -> ZoneInfo:
    """Return the zone of this page, and of the times in the form that was sent."""
    written_in = request.form.get("in_zone", "")
    if _known(written_in):
        return ZoneInfo(written_in)
    choice = chosen()
    if choice == OF_TASK:
        about = request.view_args or {}
        name = about.get("task_id") or str(about.get("run_id", "")).partition("--")[0]
        return _zone_of(name)
    return ZoneInfo(choice or _system().settings.timezone)


def row_zone(task_id: str) -> ZoneInfo | None:
    """Return the zone of one row in a list of many tasks, None where it is the page's."""
    return _zone_of(task_id) if chosen() == OF_TASK else None


@blueprint.post("/zone")
def switch() -> ResponseReturnValue:
    zone, back = request.form.get("zone", "").strip(), request.form.get("back")
    if zone == MINE:
        # Without a script nobody tells us which that is.
        return redirect(url_for("zone_page.page", back=local_path(back)), 303)
    if zone not in ("", OF_TASK) and not _known(zone):
        raise Invalid(
            f"“{zone[:40]}” is no time zone.", {"zone": "a name such as Europe/Berlin, or UTC"}
        )
    response = redirect(local_path(back), 303)
    response.set_cookie(
        COOKIE,
        zone,
        path=root(),
        max_age=A_YEAR,
        samesite="Lax",
        httponly=True,
        secure=request.is_secure,
    )
    return response


def names() -> list[str]:
    """Return the zones that people choose from."""
    return sorted(zone for zone in _all() if "/" in zone or zone == "UTC")


def _zone_of(name: str) -> ZoneInfo:
    """Return the zone of a task's first schedule, by the task's or one of its schedules' ids."""
    system = _system()
    task = system.catalogue.tasks.get(name)
    if task is None:
        owners = [one for one in system.catalogue.tasks if name.startswith(f"{one}-")]
        task = system.catalogue.tasks.get(max(owners, key=len, default=""))
    of_schedule = task.schedules[0].schedule.timezone if task and task.schedules else None
    return ZoneInfo(of_schedule or system.settings.timezone)


def _known(name: str) -> bool:
    return name in _all()


@cache
def _all() -> frozenset[str]:
    return frozenset(available_timezones())


def _system() -> System:
    found: System = current_app.extensions["rota-system"]
    return found
