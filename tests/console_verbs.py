"""Everything that can be done from a page, in one list: how, and what the console says then.

A new form fails `tests/test_walk.py` until its endpoint stands here. The order matters: some acts
take back what an act before them did.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

TASK = "greet"


@dataclass(frozen=True)
class Verb:
    """One act by one form.

    `screen` and `action` may name what `needs` has prepared. `hidden` tells forms of one action
    apart. `told` is what the page says afterwards, in the notice unless `where` says otherwise.
    `role` is the least that may.
    """

    endpoint: str
    screen: str
    action: str
    told: str
    fields: Mapping[str, str] = field(default_factory=dict)
    hidden: Mapping[str, str] = field(default_factory=dict)
    button: str = ""
    needs: str = ""
    where: str = ".notice"
    role: str = "operator"
    # Who is limited to other tasks may all the same: it acts on what they reach.
    limited_may: bool = False

    @property
    def own_action(self) -> str:
        """Return where the form goes: without an action, to its own page."""
        return self.action or self.screen.partition("?")[0]


def _task(
    endpoint: str, told: str, act: str = "", screen: str = f"/tasks/{TASK}", **more: str
) -> Verb:
    """Return an act on the task; more keywords are what is filled in."""
    act = act or endpoint.partition(".")[2]
    fields = {name.replace("_", "-"): value for name, value in more.items()}
    return Verb(endpoint, screen, f"/tasks/{TASK}/{act}", told, fields)


def _schedule(endpoint: str, told: str, schedule_id: str) -> Verb:
    act = endpoint.partition(".")[2]
    action = f"/tasks/{TASK}/schedule/{act}"
    return Verb(endpoint, f"/tasks/{TASK}", action, told, hidden={"id": schedule_id})


def _run(act: str, told: str, needs: str, **fields: str) -> Verb:
    return Verb(f"run_acts.{act}", "/runs/{run}", f"/runs/{{run}}/{act}", told, fields, needs=needs)


def _chosen(act: str, told: str, needs: str) -> Verb:
    fields = {"run": "{run}"}
    return Verb(
        "runs.act",
        "/runs?task_id={task}",
        "/runs/act",
        told,
        fields,
        button=f"act={act}",
        needs=needs,
    )


def _queue(act: str, told: str, needs: str = "", **fields: str) -> Verb:
    return Verb(f"queues.{act}", "/queues", f"/queues/low/{act}", told, fields, needs=needs)


def _failures(act: str, told: str, **fields: str) -> Verb:
    hidden = {"task_id": "sync_to_sheets"}
    return Verb(f"failures.{act}", "/failures", f"/failures/{act}", told, fields, hidden)


def _access(act: str, action: str, told: str, where: str = ".notice", **fields: str) -> Verb:
    return Verb(f"access.{act}", "/users", action, told, fields, role="admin", where=where)


PLAN = {"from": "{start}", "to": "{end}", "force": "1"}
VERBS = (
    _task("task_acts.trigger", "Accepted: greet is queued.", screen="/tasks"),
    _task("task_acts.trigger", "Accepted: greet is queued.", arg_name="Ada", arg_times="2"),
    _task("task_acts.pause", "greet is paused", reason="walked"),
    _task("task_acts.resume", "greet is resumed"),
    _task("task_acts.pause", "greet is paused", screen="/tasks", reason="walked"),
    _task("task_acts.resume", "greet is resumed", screen="/tasks"),
    _task("task_acts.skip", "greet does not run"),
    Verb("schedule.save", f"/tasks/{TASK}/schedule", "", "greet is rescheduled",
         {"kind": "cron", "cron": "15 3 * * *"}, button="save"),
    _schedule("schedule.reset", "greet is as the code says again", TASK),
    Verb("schedule.save", f"/tasks/{TASK}/schedule?new=1", "", "The schedule greet-night is added",
         {"name": "night", "kind": "every", "every": "2h"}, button="save"),
    _schedule("schedule.delete", "The schedule greet-night is removed", f"{TASK}-night"),
    Verb("everything.pause", "/", "/pause", "Everything is paused", {"reason": "walked"}),
    Verb("everything.resume", "/", "/resume", "Everything is resumed"),
    _run("postpone", "Postponed", "later", at="{soon}"),
    _run("cancel", "Cancelled", "later"),
    _run("again", "Accepted: a new run of greet is queued", "later"),
    _run("stack", "asked where it is", "running"),
    _run("stop", "asked to end it", "running"),
    _run("retry", "Queued again", "failed"),
    _chosen("cancel", "1 run cancelled.", "later"),
    _chosen("retry", "1 run queued again.", "cancelled"),
    _chosen("stop", "1 run asked to stop.", "running"),
    Verb("bulk.act", "/runs/bulk?act=cancel&filter={filter}", "", "1 run to act on",
         needs="filter", limited_may=True),
    Verb("bulk.cancel", "/bulk/{bulk}", "/bulk/{bulk}/cancel", "The bulk act is cancelled",
         needs="waiting_bulk"),
    Verb("bulk.undo", "/bulk/{bulk}", "/bulk/{bulk}/undo", "1 run to put back", needs="done_bulk"),
    _queue("pause", "The queue low is paused", reason="walked"),
    _queue("empty", "The queue low is empty: 1 run cancelled", "waits_in_low"),
    _queue("refill", "Back in low: 1 run"),
    Verb("backfill.run", "/tasks/{task}/backfill", "", "would start", PLAN,
         button="step=plan", needs="range", where="h2", limited_may=True),
    Verb("backfill.run", "", "/tasks/{task}/backfill", "follow, oldest first", PLAN,
         button="step=run", needs="range"),
    Verb("backfill.cancel", "/tasks/{task}", "/tasks/{task}/backfill/{backfill}/cancel",
         "The backfill is cancelled", needs="backfill"),
    _queue("resume", "The queue low is resumed"),
    _failures("dismiss", "is out of the way until it fails once more", reason="walked"),
    _failures("restore", "is shown again"),
    _failures("retry", "of sync_to_sheets queued again"),
    Verb("failures.dismiss_missed", "/", "/missed/dismiss", "The missed fire times so far are out",
         needs="missed"),
    _access("add_user", "/users", "{name} may sign in", name="{name}", role="viewer",
            password="a password of {name}"),
    _access("change_user", "/users/{name}", "{name} is changed", role="operator"),
    _access("disable_user", "/users/{name}/disable", "{name} may no longer sign in"),
    _access("enable_user", "/users/{name}/enable", "{name} may sign in again"),
    _access("add_token", "/tokens", "Keep it now", ".notice", name="{name}", role="viewer"),
    _access("revoke_token", "/tokens/{name}/revoke", "The token {name} opens nothing any more"),
    Verb("sessions.end", "/sessions", "/sessions/{session}/end", "The session is ended",
         needs="session", role="viewer"),
    Verb("sessions.change_password", "/sessions", "/sessions/password", "Your password is changed",
         {"current": "{password}", "new": "{password}!", "again": "{password}!"}, role="viewer"),
    Verb("zone.switch", "/zone", "/zone", "Asia/Tokyo", {"zone": "Asia/Tokyo"},
         hidden={"back": "/"}, where="footer", role="viewer"),
    Verb("theme.switch", "/", "/theme", "Dark", button="theme=dark", where="", role="viewer"),
    Verb("workers.stop", "/workers", "/workers/{worker}/stop", "was asked to stop",
         needs="worker"),
    Verb("sign_in.sign_out", "/", "/sign-out", "Sign in", where="h1", role="viewer"),
    Verb("sign_in.submit", "/sign-in", "/sign-in", "Today", {"name": "{me}",
         "password": "{password}!"}, where="h1", role="viewer"),
)  # fmt: skip
