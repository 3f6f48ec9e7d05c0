"""Somebody at a browser who does what a verb says, and what has to be there before."""

from __future__ import annotations

import signal
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import requests
from playwright.sync_api import Locator, Page, expect
from sqlalchemy import Engine, insert

from app.records.database import writing
from app.records.schema import runs
from tests.console_verbs import Verb
from tests.processes import kill, wait_until
from tests.running import RunningSystem

PASSWORD = "a long password"
LIVE = ("queued", "running", "scheduled")


@dataclass
class Walker:
    """A person with a name and a page, to whom `system` belongs."""

    name: str
    page: Page
    system: RunningSystem

    def open(self, path: str) -> None:
        self.page.goto(self.system.url + path)

    def sign_in(self) -> None:
        self.open("/sign-in")
        self.page.locator("#name").fill(self.name)
        self.page.locator("#password").fill(PASSWORD)
        self.page.locator("main button").click()
        expect(self.page.locator("header .who")).to_have_text(self.name)

    def form(self, verb: Verb, known: Mapping[str, str]) -> Locator:
        """Return the verb's form on the page that is open."""
        action = verb.action.format(**known)
        words = f'form[method=post][action="{action}"]' if action else PLAIN
        for name, value in verb.hidden.items():
            words += f':has([name="{name}"][value="{value}"])'
        return self.page.locator(words).first

    def does(self, verb: Verb, known: Mapping[str, str]) -> None:
        """Do it with the page's own form, and read what the console says then."""
        if verb.screen:
            self.open(verb.screen.format(**known))
        form = self.form(verb, known) if verb.screen else self.page.locator(PLAIN).first
        unfold(form)
        for name, value in verb.fields.items():
            fill(form, name, value.format(**known))
        button(form, verb).click()
        if verb.where:
            told = self.page.locator(verb.where).filter(has_text=verb.told.format(**known))
            expect(told.first).to_be_attached()
        else:
            expect(self.page.locator("html")).to_have_attribute("data-theme", "dark")

    def posts(self, verb: Verb, known: Mapping[str, str]) -> requests.Response:
        """Send it without any form, as this person."""
        cookies = {one["name"]: one["value"] for one in self.page.context.cookies()}
        return post(self.system, verb, known, cookies)


PLAIN = "main form[method=post]:not([action])"


def post(
    system: RunningSystem, verb: Verb, known: Mapping[str, str], cookies: dict[str, Any]
) -> requests.Response:
    """Send what the verb's form sends."""
    name, _, value = verb.button.partition("=")
    sent = {**verb.hidden, **verb.fields, **({name: value} if value else {})}
    return requests.post(
        system.url + verb.own_action.format(**known),
        data={name: value.format(**known) for name, value in sent.items()},
        headers={"Sec-Fetch-Site": "same-origin"},
        cookies=cookies,
        allow_redirects=False,
        timeout=10,
    )


def unfold(form: Locator) -> None:
    """Open what the form is folded into."""
    for fold in form.locator("xpath=ancestor::details").all():
        if fold.get_attribute("open") is None:
            fold.locator("> summary").click()


def fill(form: Locator, name: str, value: str) -> None:
    control = form.locator(f'[name="{name}"]')
    kind = control.first.get_attribute("type")
    if kind in ("radio", "checkbox"):
        form.locator(f'[name="{name}"][value="{value}"]').check()
    elif form.locator(f'select[name="{name}"]').count():
        control.select_option(value)
    else:
        control.fill(value)


def button(form: Locator, verb: Verb) -> Locator:
    name, _, value = verb.button.partition("=")
    if value:
        return form.locator(f'button[name="{name}"][value="{value}"]').first
    return form.locator("button.go" if name else "button").first


class Preparation:
    """What has to be there before a verb can be done; `ready` returns its names."""

    def __init__(self, system: RunningSystem, database: Engine) -> None:
        self.system = system
        self.database = database
        # Running runs that were asked to stop.
        self.used: set[str] = set()
        self.number = 0

    def ready(self, verb: Verb, me: str) -> dict[str, str]:
        """Prepare what the verb needs."""
        soon = datetime.now(UTC) + timedelta(hours=2)
        names = {"me": me, "name": f"{me}-friend", "password": PASSWORD, "task": "greet",
                 "soon": f"{soon:%Y-%m-%dT%H:%M}"}  # fmt: skip
        return names | (getattr(self, f"_{verb.needs}")(me) if verb.needs else {})

    def fill(self) -> None:
        """Write what the screens of failures show: two causes, and a missed fire time."""
        at, self.number = datetime.now(UTC).replace(microsecond=0), self.number + 1
        error = {"type": "SheetsError", "message": "429", "fingerprint": f"walk{self.number}"}
        for task_id, status, told in (
            ("sync_to_sheets", "failed", error),
            ("greet", "failed", error),
            ("sync_to_sheets", "missed", None),
        ):
            row = {"run_id": f"{task_id}--{status}{self.number}", "status": status}
            about = {"task_id": task_id, "trigger": "schedule", "queue": "default"}
            times = {"at": at, "fire_time": at, "ended_at": at, "revision": 5, "attempt": 1}
            with writing(self.database) as connection:
                connection.execute(insert(runs).values(error=told, **row, **about, **times))

    def go_on(self) -> None:
        """Let the scheduler go on, and have a worker."""
        kill(self.system.processes["scheduler"], signal.SIGCONT, group=True)
        worker = self.system.processes["worker"]
        if not worker.alive:
            worker.end()
            self.system.start("worker")

    def _api(self, method: str, path: str, body: Any = None) -> Any:
        answer = self.system.api(method, path, body)
        assert answer.ok, answer.text
        return answer.json()

    def _trigger(self, task: str, **body: Any) -> dict[str, str]:
        run_id = self._api("POST", f"/tasks/{task}/trigger", body)["run_id"]
        return {"run": run_id, "task": task}

    def _later(self, me: str, task: str = "greet") -> dict[str, str]:
        at = datetime.now(UTC) + timedelta(hours=1)
        return self._trigger(task, at=at.isoformat())

    def _cancelled(self, me: str) -> dict[str, str]:
        known = self._later(me)
        self._api("POST", f"/runs/{known['run']}/cancel")
        return known

    def _failed(self, me: str) -> dict[str, str]:
        return {"run": f"greet--failed{self.number}", "task": "greet"}

    def _running(self, me: str) -> dict[str, str]:
        found = self._api("GET", "/runs?task_id=waits&status=running")["runs"]
        for run in found:
            if run["run_id"] not in self.used:
                return {"run": run["run_id"], "task": "waits"}
        known = self._trigger("waits")

        def runs() -> bool:
            return bool(self._api("GET", f"/runs/{known['run']}")["status"] == "running")

        wait_until(runs, 30, "the run to run")
        return known

    def _filter(self, me: str) -> dict[str, str]:
        self._later(me, "skips")
        return {"filter": "task:skips status:scheduled"}

    def _waiting_bulk(self, me: str) -> dict[str, str]:
        # Not while it writes: it would keep everybody from the database.
        with writing(self.database):
            kill(self.system.processes["scheduler"], signal.SIGSTOP, group=True)
        return self._bulk(me, "exits")

    def _done_bulk(self, me: str) -> dict[str, str]:
        known = self._bulk(me, "later")
        path = f"/bulk/{known['bulk']}"
        wait_until(lambda: self._api("GET", path)["bulk"]["ended_at"], 20, "the bulk act to end")
        return known

    def _bulk(self, me: str, task: str) -> dict[str, str]:
        run = self._later(me, task)["run"]
        act = {"act": "cancel", "filter": f"task:{task} status:scheduled"}
        return {"bulk": self._api("POST", "/runs/bulk", act)["bulk_id"], "run": run}

    def _waits_in_low(self, me: str) -> dict[str, str]:
        return self._trigger("morning")

    def _range(self, me: str) -> dict[str, str]:
        end = datetime.now(UTC) - timedelta(hours=1)
        start = end - timedelta(days=3)
        return {"start": f"{start:%Y-%m-%dT%H:%M}", "end": f"{end:%Y-%m-%dT%H:%M}"} | {
            "task": "morning"
        }

    def _backfill(self, me: str) -> dict[str, str]:
        end = datetime.now(UTC) - timedelta(hours=1)
        body = {"from": (end - timedelta(days=3)).isoformat(), "to": end.isoformat()}
        self._api("POST", "/tasks/morning/backfill", body | {"force": True, "dry_run": False})
        found = self._api("GET", "/tasks/morning/backfills")["backfills"]
        return {"task": "morning", "backfill": found[0]["backfill_id"]}

    def _missed(self, me: str) -> dict[str, str]:
        return {}

    def _session(self, me: str) -> dict[str, str]:
        form = {"name": me, "password": PASSWORD}
        site = {"Sec-Fetch-Site": "same-origin"}
        address = f"{self.system.url}/sign-in"
        requests.post(address, data=form, headers=site, allow_redirects=False, timeout=10)
        found = [one for one in self._api("GET", "/sessions")["sessions"] if one["user"] == me]
        return {"session": max(found, key=lambda one: one["created_at"])["session_id"]}

    def _worker(self, me: str) -> dict[str, str]:
        def names() -> list[str]:
            return [one["name"] for one in self._api("GET", "/workers")["workers"]]

        return {"worker": wait_until(names, 20, "a worker")[0]}
