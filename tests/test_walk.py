"""Every screen and every verb in a real browser: as everybody, with scripts and without."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, sync_playwright
from sqlalchemy import Engine, func, select

from app.records.access_schema import tokens, users
from app.records.database import open_database, reading
from app.records.schema import audit, counters
from app.settings_access import ROLES
from tests.console_screens import SCREENS, paths
from tests.console_verbs import VERBS, Verb
from tests.running import RunningSystem, start_everything
from tests.servers import RedisServer
from tests.test_browser import ARGUMENTS
from tests.walking import PASSWORD, Preparation, Walker, post

pytestmark = pytest.mark.timeout(240)

Enter = Callable[..., Walker]


@pytest.fixture(scope="module")
def system(server_folder: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningSystem]:
    """The real processes, with the samples as tasks beside the project's own."""
    folder = tmp_path_factory.mktemp("walk")
    redis = RedisServer(server_folder / f"walk-{folder.name}")
    redis.start()
    url = f"sqlite:///{folder / 'rota.sqlite3'}"
    running = start_everything(redis.url, url, folder, TASK_MODULES="jobs,tests.samples")
    running.api("POST", "/tasks/tick/pause", {"reason": "it would fire every second"})
    yield running
    running.stop()
    redis.stop()


@pytest.fixture(scope="module")
def database(system: RunningSystem) -> Iterator[Engine]:
    opened = open_database(system.environment["DATABASE_URL"])
    yield opened
    opened.dispose()


@pytest.fixture(scope="module")
def preparation(system: RunningSystem, database: Engine) -> Preparation:
    return Preparation(system, database)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    path = os.environ.get("ROTA_CHROMIUM") or shutil.which("chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture
def enter(browser: Browser, system: RunningSystem, preparation: Preparation) -> Iterator[Enter]:
    """Let a new person in; whatever the browser complains about fails the test."""
    complaints: list[str] = []
    contexts = []

    def let_in(role: str, scripts: bool, **limits: str) -> Walker:
        preparation.fill()
        name = f"{role}-{preparation.number}"
        about = {"name": name, "role": role, "password": PASSWORD, **limits}
        assert system.api("POST", "/users", about).status_code == 201
        contexts.append(browser.new_context(java_script_enabled=scripts))
        contexts[-1].set_default_timeout(10_000)
        page = contexts[-1].new_page()
        page.on("pageerror", lambda error: complaints.append(str(error)))
        walker = Walker(name, page, system)
        walker.sign_in()
        return walker

    yield let_in
    preparation.go_on()
    for context in contexts:
        context.close()
    assert complaints == []


def may(role: str, verb: Verb) -> bool:
    return ROLES.index(role) >= ROLES.index(verb.role)


def looks_everywhere(walker: Walker, role: str) -> None:
    for name, path in paths().items():
        answer = walker.page.goto(walker.system.url + path)
        admins_only = next(one.for_admins for one in SCREENS if one.name == name)
        assert answer is not None
        assert (answer.status == 403) == (admins_only and role != "admin"), name
        assert answer.status < 500, name


def does_all(walker: Walker, verbs: Iterable[Verb], preparation: Preparation) -> None:
    for verb in verbs:
        known = preparation.ready(verb, walker.name)
        walker.does(verb, known)
        if verb.needs == "running" and "stop" in verb.endpoint + verb.button:
            preparation.used.add(known["run"])
        preparation.go_on()


def test_an_operator_does_every_act_without_scripts(enter: Enter, preparation: Preparation) -> None:
    walker = enter("operator", False)
    looks_everywhere(walker, "operator")
    does_all(walker, [verb for verb in VERBS if may("operator", verb)], preparation)


def test_an_admin_decides_who_comes_in_with_scripts(enter: Enter, preparation: Preparation) -> None:
    walker = enter("admin", True)
    looks_everywhere(walker, "admin")
    does_all(walker, [verb for verb in VERBS if verb.role != "operator"], preparation)


@pytest.mark.long
@pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "no scripts"])
@pytest.mark.parametrize("role", ROLES)
def test_every_role_does_all_it_may_with_scripts_and_without(
    enter: Enter, preparation: Preparation, role: str, scripts: bool
) -> None:
    walker = enter(role, scripts)
    looks_everywhere(walker, role)
    does_all(walker, [verb for verb in VERBS if may(role, verb)], preparation)


@pytest.mark.parametrize(
    ("role", "limits"),
    [("viewer", {}), ("operator", {}), ("operator", {"tasks": "tick"})],
    ids=["viewer", "operator", "limited operator"],
)
def test_what_one_may_not_is_not_offered_and_changes_nothing(
    enter: Enter, preparation: Preparation, database: Engine, role: str, limits: dict[str, str]
) -> None:
    walker = enter(role, True, **limits)
    refused = [verb for verb in VERBS if may_not(role, limits, verb)]
    assert len(refused) > (5 if role == "operator" and not limits else 30)
    for verb in refused:
        known = preparation.ready(verb, walker.name)
        before = decided(database)
        if verb.screen:
            walker.open(verb.screen.format(**known))
            offered = walker.form(verb, known).locator("button:not([formmethod=get]):enabled")
            assert offered.count() == 0, verb
        assert walker.posts(verb, known).status_code == 403, verb
        assert decided(database) == before, verb
        preparation.go_on()


def may_not(role: str, limits: dict[str, str], verb: Verb) -> bool:
    if not may(role, verb):
        return True
    return bool(limits) and verb.role == "operator" and not verb.limited_may


def test_a_stranger_is_sent_to_the_door_from_everywhere(
    browser: Browser, system: RunningSystem, database: Engine
) -> None:
    context = browser.new_context()
    page = context.new_page()
    for name, path in paths(failed="x", running="x", bulk="x").items():
        answer = page.goto(system.url + path)
        if path.startswith("/api/"):
            assert answer is not None
            assert answer.status == 401, name
        else:
            assert page.url.startswith(f"{system.url}/sign-in"), name
    before = decided(database)
    for verb in VERBS:
        if verb.endpoint != "sign_in.submit":
            answer_to_post = post(system, verb, ANYTHING, {})
            assert answer_to_post.status_code == 303, verb
            assert answer_to_post.headers["Location"].startswith("/sign-in"), verb
    assert decided(database) == before
    context.close()


ANYTHING = dict.fromkeys(
    ("me", "name", "password", "task", "run", "bulk", "backfill", "session", "worker", "filter",
     "start", "end", "soon"), "x",
)  # fmt: skip


def decided(database: Engine) -> list[Any]:
    """Return all that acts change: the revision of decisions, the audit, who may come in."""
    accepted = select(func.count()).select_from(audit).where(audit.c.outcome != "refused")
    with reading(database) as connection:
        return [
            connection.execute(statement).all()
            for statement in (select(counters), accepted, select(users), select(tokens))
        ]
