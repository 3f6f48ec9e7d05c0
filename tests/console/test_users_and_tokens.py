"""Users, tokens and sessions: decided by admins, in console, API and command line alike."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from flask import Flask

from app import actions, reads
from app.actions import Actor
from app.errors import Conflict, Forbidden, Invalid
from app.reach import Reach
from app.system import System
from tests.console.people import ADA, OTTO, VERA, Browser, Program, signed_in

CLI = Actor("root", "admin", "cli")
NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
PASSWORD = "a long password"


@pytest.fixture
def admin(console: Flask) -> Browser:
    return signed_in(console, ADA)


def sign_in(app: Flask, name: str, password: str = PASSWORD) -> Browser:
    browser = Browser(app)
    assert browser.post("/sign-in", name=name, password=password).status_code == 303
    return browser


def audit_rows(system: System) -> list[tuple[str, str, str, str]]:
    acts = reads.audit(system).items
    return [(act.actor, act.verb, act.target, act.outcome) for act in acts]


def test_an_admin_adds_changes_and_disables_a_person(
    console: Flask, console_system: System, admin: Browser
) -> None:
    made = admin.post("/users", name="dora", role="viewer", password=PASSWORD)
    assert made.status_code == 303
    dora = sign_in(console, "dora")
    assert dora.post("/tasks/greet/trigger").status_code == 403
    admin.post("/users/dora", role="operator")
    assert dora.post("/tasks/greet/trigger").status_code == 303
    admin.post("/users/dora/disable")
    assert dora.get("/").status_code == 303
    assert Browser(console).post("/sign-in", name="dora", password=PASSWORD).status_code == 401
    admin.post("/users/dora/enable")
    assert sign_in(console, "dora").get("/").status_code == 200
    assert [row for row in audit_rows(console_system) if row[0] == "ada"] == [
        ("ada", "change_user", "dora", "accepted"),
        ("ada", "change_user", "dora", "accepted"),
        ("ada", "change_user", "dora", "accepted"),
        ("ada", "add_user", "dora", "accepted"),
    ]


def test_a_token_is_shown_once_works_and_ends_when_revoked(
    console: Flask, console_system: System, admin: Browser
) -> None:
    page = admin.post("/tokens", name="backup", role="operator")
    [secret] = re.findall(r'id="secret">(rota_[\w-]{43})<', page.text)
    assert secret not in admin.get("/users").text
    program = Program(console, secret)
    assert program.post("/api/v1/tasks/greet/trigger").status_code == 202
    assert admin.post("/tokens/backup/revoke").status_code == 303
    assert program.get("/api/v1/tasks/list").status_code == 401
    assert secret not in str(reads.audit(console_system))


def test_the_api_has_every_verb_of_the_page(console: Flask, deciding_program: Program) -> None:
    api = deciding_program
    made = api.post("/api/v1/users", {"name": "dora", "password": PASSWORD, "tasks": "gr*"})
    assert (made.status_code, made.get_json()["tasks"]) == (201, ["gr*"])
    path = "/api/v1/users/dora"
    changed = api.client.patch(path, json={"role": "operator"}, headers=api.headers).get_json()
    assert (changed["role"], changed["tasks"], changed["disabled"]) == ("operator", ["gr*"], False)
    disabled = api.client.patch(path, json={"disabled": True}, headers=api.headers)
    assert disabled.get_json()["disabled"] is True
    assert api.get("/api/v1/users").get_json()["total"] == 4
    token = api.post("/api/v1/tokens", {"name": "backup", "role": "viewer"}).get_json()
    assert Program(console, token["secret"]).get("/api/v1/tasks/list").status_code == 200
    gone = api.client.delete("/api/v1/tokens/backup", headers=api.headers)
    assert gone.get_json() == {"name": "backup", "status": "revoked"}
    listed = {one["name"]: one for one in api.get("/api/v1/tokens").get_json()["tokens"]}
    assert listed["backup"]["revoked_at"] is not None
    assert "secret" not in str(listed)


def test_nobody_but_an_admin_sees_or_decides_who_may_come_in(
    console: Flask, console_system: System
) -> None:
    for person in (VERA, OTTO):
        browser = signed_in(console, person)
        assert browser.get("/users").status_code == 403
        assert browser.post("/users", name="x", role="admin", password=PASSWORD).status_code == 403
        assert browser.post("/tokens", name="x", role="admin").status_code == 403
        assert 'href="/users"' not in browser.get("/sessions").text
    actor = Actor("otto", "operator", "cli")
    with pytest.raises(Forbidden):
        actions.add_token(console_system, actor, "x", "admin", now=NOON)
    refused = [row for row in audit_rows(console_system) if row[3] == "refused"]
    assert len(refused) == 5
    assert len(reads.users(console_system, NOON)) == 3


def test_what_the_environment_says_is_changed_there(admin: Browser) -> None:
    assert admin.post("/users/otto", role="admin").status_code == 409
    assert admin.post("/users/otto/disable").status_code == 409
    assert admin.post("/users", name="otto", role="viewer", password=PASSWORD).status_code == 409
    assert admin.post("/tokens/grafana/revoke").status_code == 409
    assert "in CONSOLE_USERS" in admin.get("/users").text


@pytest.mark.parametrize(
    ("form", "field"),
    [
        ({"name": "", "role": "viewer", "password": PASSWORD}, "name"),
        ({"name": "a b", "role": "viewer", "password": PASSWORD}, "name"),
        ({"name": "x" * 65, "role": "viewer", "password": PASSWORD}, "name"),
        ({"name": "dora", "role": "root", "password": PASSWORD}, "role"),
        ({"name": "dora", "role": "viewer", "password": "short"}, "password"),
        ({"name": "dora", "role": "viewer", "password": "x" * 1001}, "password"),
        ({"name": "dora", "role": "viewer", "password": PASSWORD, "tasks": "a b"}, "tasks"),
        ({"name": "dora", "role": "viewer", "password": PASSWORD, "queues": "x," * 30}, "queues"),
    ],
)
def test_a_wrong_user_is_refused_with_what_is_allowed(
    console_system: System, admin: Browser, form: dict[str, str], field: str
) -> None:
    answer = admin.post("/users", **form)
    if field == "queues":
        form = form | {"queues": ",".join(f"q{number}" for number in range(21))}
        answer = admin.post("/users", **form)
    assert answer.status_code == 422
    assert f"<b>{field}</b>" in answer.text
    with pytest.raises(Invalid) as refused:
        actions.add_user(
            console_system, CLI, form["name"], form["role"], form["password"],
            form.get("tasks", ""), form.get("queues", ""), now=NOON,
        )  # fmt: skip
    assert set(refused.value.fields) == {field}


def test_names_may_stand_once(console_system: System) -> None:
    actions.add_user(console_system, CLI, "dora", "viewer", PASSWORD, now=NOON)
    with pytest.raises(Conflict, match="dora"):
        actions.add_user(console_system, CLI, "dora", "admin", PASSWORD, now=NOON)
    actions.add_token(console_system, CLI, "backup", "viewer", now=NOON)
    with pytest.raises(Conflict, match="backup"):
        actions.add_token(console_system, CLI, "backup", "admin", now=NOON)


def test_the_last_admin_stays_one(open_console: object) -> None:
    app = open_console(console_users=())  # type: ignore[operator]  # the fixture's own type
    system = app.extensions["rota-system"]
    actions.add_user(system, CLI, "dora", "admin", PASSWORD, now=NOON)
    actions.add_user(system, CLI, "erik", "admin", PASSWORD, now=NOON)
    actions.change_user(system, CLI, "erik", disabled=True, now=NOON)
    with pytest.raises(Conflict, match="another admin"):
        actions.change_user(system, CLI, "dora", role="operator", now=NOON)
    with pytest.raises(Conflict, match="another admin"):
        actions.change_user(system, CLI, "dora", tasks="greet", now=NOON)
    assert [u.role for u in reads.users(system, NOON)] == ["admin", "admin"]


def test_an_account_acts_only_within_its_reach(console: Flask, console_system: System) -> None:
    limits = {"tasks": "gr*,morning", "queues": "default"}
    actions.add_user(console_system, CLI, "dora", "operator", PASSWORD, **limits, now=NOON)
    secret = actions.add_token(console_system, CLI, "ci", "operator", **limits, now=NOON)
    run = actions.trigger(console_system, CLI, "fails").run_id
    dora, program = sign_in(console, "dora"), Program(console, secret)
    for path, allowed in {
        "/tasks/greet/trigger": True,
        "/tasks/morning/trigger": False,  # its queue is low
        "/tasks/fails/trigger": False,
        f"/runs/{run}/cancel": False,
        "/tasks/fails/pause": False,
        "/pause": False,
        "/queues/default/empty": False,  # other tasks' runs wait there too
        "/workers/w/stop": False,
    }.items():
        expected = (303, 202) if allowed else (403, 403)
        page, api = dora.post(path, reason="x"), program.post(f"/api/v1{path}", None)
        if path.endswith("pause") and not allowed:
            api = program.post(f"/api/v1{path}", {"reason": "x"})
        assert (page.status_code, api.status_code) == expected, path
    assert dora.get(f"/runs/{run}").status_code == 200
    assert (
        "dora is limited to tasks gr*, morning and queues default"
        in dora.post("/pause", reason="x").text
    )
    limited = Actor("x", "operator", "cli", None, Reach(queues=("low",)))
    with pytest.raises(Forbidden):
        actions.trigger(console_system, limited, "greet")


def test_who_is_limited_to_queues_may_act_on_those_whole(console_system: System) -> None:
    actor = Actor("lou", "operator", "api", None, Reach(queues=("low",)))
    actions.pause_queue(console_system, actor, "low", "x")
    with pytest.raises(Forbidden):
        actions.pause_queue(console_system, actor, "default", "x")
    actions.trigger(console_system, actor, "morning")


def test_a_limited_admin_decides_about_nobody(console: Flask, console_system: System) -> None:
    actions.add_user(console_system, CLI, "dora", "admin", PASSWORD, tasks="greet", now=NOON)
    dora = sign_in(console, "dora")
    assert dora.get("/users").status_code == 403
    assert dora.post("/users/dora", tasks="").status_code == 403


def test_a_new_password_ends_all_other_sessions(console: Flask, console_system: System) -> None:
    actions.add_user(console_system, CLI, "dora", "viewer", PASSWORD, now=NOON)
    here, there = sign_in(console, "dora"), sign_in(console, "dora")
    form = {"current": PASSWORD, "new": "another password", "again": "another password"}
    wrong = here.post("/sessions/password", **form | {"current": "wrong"})
    assert (wrong.status_code, there.get("/").status_code) == (422, 200)
    assert here.post("/sessions/password", **form | {"again": "x"}).status_code == 422
    short = {"new": "short", "again": "short"}
    assert here.post("/sessions/password", **form | short).status_code == 422
    assert here.post("/sessions/password", **form).status_code == 303
    assert (here.get("/").status_code, there.get("/").status_code) == (200, 303)
    sign_in(console, "dora", "another password")
    actions.change_user(console_system, CLI, "dora", password=PASSWORD, now=NOON)
    assert here.get("/").status_code == 303


def test_who_stands_in_the_environment_changes_the_password_there(operator: Browser) -> None:
    form = {"current": OTTO.secret, "new": "another password", "again": "another password"}
    assert operator.post("/sessions/password", **form).status_code == 409


def test_guessing_the_present_password_is_limited(operator: Browser) -> None:
    form = {"current": "wrong", "new": "another password", "again": "another password"}
    answers = [operator.post("/sessions/password", **form).status_code for _ in range(6)]
    assert answers == [422] * 5 + [429]


def test_sessions_are_listed_and_ended_by_their_owner(console: Flask) -> None:
    here, there, other = (signed_in(console, person) for person in (OTTO, OTTO, VERA))
    page = here.get("/sessions").text
    assert page.count("<tr id=") == 2
    assert "vera" not in page
    headers = {"Sec-Fetch-Site": "same-origin"}
    own = here.get("/api/v1/sessions").get_json()["sessions"]
    [theirs] = [one["session_id"] for one in own if not one["own"]]
    assert here.post(f"/sessions/{theirs}/end").status_code == 303
    assert there.get("/").status_code == 303
    [veras] = [one["session_id"] for one in other.get("/api/v1/sessions").get_json()["sessions"]]
    path = f"/api/v1/sessions/{veras}"
    assert here.client.delete(path, headers=headers).status_code == 404
    assert other.get("/").status_code == 200
    assert signed_in(console, ADA).client.delete(path, headers=headers).status_code == 200
    assert other.get("/").status_code == 303


def test_an_admin_sees_all_sessions_and_expired_ones_are_gone(console: Flask) -> None:
    with time_machine.travel(NOON, tick=False) as clock:
        signed_in(console, OTTO)
        clock.shift(timedelta(minutes=20))
        ada = signed_in(console, ADA)
        assert ada.get("/sessions").text.count("<tr id=") == 2
        clock.shift(timedelta(minutes=11))
        assert ada.get("/sessions").text.count("<tr id=") == 1
