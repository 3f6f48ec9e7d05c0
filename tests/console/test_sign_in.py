"""Signing in, staying signed in, signing out."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from flask import Flask
from sqlalchemy import select, update

from app import actions
from app.actions import Actor
from app.records.access_schema import sessions, users
from app.records.database import reading, writing
from app.sign_in_links import link_key
from app.system import System
from tests.console.people import (
    OTTO,
    SIGN_IN_KEY,
    VERA,
    Browser,
    signed_in,
)

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)


def test_a_person_signs_in_with_name_and_password(stranger: Browser) -> None:
    assert stranger.get("/").location == "/sign-in"
    answer = stranger.sign_in(OTTO)
    assert (answer.status_code, answer.location) == (303, "/")
    page = stranger.get("/").text
    assert "otto" in page
    assert "operator" in page


def test_after_signing_in_one_stands_where_one_wanted_to_go(stranger: Browser) -> None:
    wanted = stranger.get("/runs?status=failed").location
    assert wanted == "/sign-in?next=/runs?status%3Dfailed"
    assert stranger.sign_in(OTTO, next="/runs?status=failed").location == "/runs?status=failed"


@pytest.mark.parametrize(
    "target",
    [
        "//evil.example",
        "https://evil.example",
        "/\\evil.example",
        "\\\\evil.example",
        "javascript:alert(1)",
        "/\t/evil.example",
        "///evil.example",
        "",
    ],
)
def test_signing_in_never_leads_elsewhere(stranger: Browser, target: str) -> None:
    assert stranger.sign_in(OTTO, next=target).location == "/"


def test_the_cookie_is_kept_from_scripts_and_other_sites(stranger: Browser) -> None:
    cookie = stranger.sign_in(OTTO).headers["Set-Cookie"]
    assert cookie.startswith("rota=")
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie
    assert "Path=/" in cookie
    assert "Secure" not in cookie
    assert "Domain" not in cookie


def test_under_https_the_cookie_belongs_to_this_host_alone(console: Flask) -> None:
    browser = Browser(console, scheme="https")
    cookie = browser.sign_in(OTTO).headers["Set-Cookie"]
    assert cookie.startswith("__Host-rota=")
    assert "Secure" in cookie
    assert browser.get("/").status_code == 200


def test_only_the_hash_of_the_cookie_is_kept(operator: Browser, console_system: System) -> None:
    value = operator.cookie()
    assert value is not None
    assert len(value) >= 43
    with reading(console_system.database) as connection:
        row = connection.execute(select(sessions)).one()
    assert row.session_hash == hashlib.sha256(value.encode()).hexdigest()
    assert value not in str(row)


def test_every_sign_in_makes_a_new_session_and_ends_the_old_one(
    operator: Browser, console: Flask
) -> None:
    old = operator.cookie()
    assert old is not None
    operator.sign_in(OTTO)
    assert operator.cookie() != old
    thief = Browser(console)
    thief.client.set_cookie("rota", old, domain="localhost")
    assert thief.get("/").status_code == 303


def test_signing_out_ends_the_session_for_good(operator: Browser, console: Flask) -> None:
    value = operator.cookie()
    assert value is not None
    answer = operator.post("/sign-out")
    assert (answer.status_code, answer.location) == (303, "/sign-in")
    assert operator.get("/").status_code == 303
    thief = Browser(console)
    thief.client.set_cookie("rota", value, domain="localhost")
    assert thief.get("/").status_code == 303


def test_a_session_ends_after_thirty_idle_minutes(console: Flask) -> None:
    with time_machine.travel(NOON, tick=False) as clock:
        browser = signed_in(console, OTTO)
        for minutes in (29, 58, 87):
            clock.move_to(NOON + timedelta(minutes=minutes))
            assert browser.get("/").status_code == 200
        clock.shift(timedelta(minutes=31))
        assert browser.get("/").status_code == 303


def test_what_a_page_fetches_by_itself_keeps_no_session_awake(console: Flask) -> None:
    with time_machine.travel(NOON, tick=False) as clock:
        browser = signed_in(console, OTTO)
        for minutes in range(5, 30, 5):
            clock.move_to(NOON + timedelta(minutes=minutes))
            assert browser.get("/", **{"X-Rota-Live": "1"}).status_code == 200
        clock.move_to(NOON + timedelta(minutes=30, seconds=1))
        assert browser.get("/").status_code == 303


def test_a_session_ends_after_twelve_hours_however_busy(console: Flask) -> None:
    with time_machine.travel(NOON, tick=False) as clock:
        browser = signed_in(console, OTTO)
        for minutes in range(25, 12 * 60, 25):
            clock.move_to(NOON + timedelta(minutes=minutes))
            assert browser.get("/sessions").status_code == 200
        clock.move_to(NOON + timedelta(hours=12))
        assert browser.get("/").status_code == 303


def test_wrong_passwords_and_unknown_names_get_the_same_answer(stranger: Browser) -> None:
    with time_machine.travel(NOON, tick=False):
        wrong = stranger.sign_in(OTTO, password="not otto's password")
        unknown = stranger.post("/sign-in", name="nobody", password="not otto's password")
    assert wrong.status_code == unknown.status_code == 401
    assert wrong.text.replace("otto", "nobody") == unknown.text.replace("otto", "nobody")
    assert "not otto" not in wrong.text
    assert stranger.cookie() is None


def test_the_sixth_failure_in_a_minute_is_refused_even_with_the_right_password(
    console: Flask,
) -> None:
    with time_machine.travel(NOON, tick=False) as clock:
        browser = Browser(console, "10.0.0.1")
        for _ in range(5):
            assert browser.sign_in(OTTO, password="wrong").status_code == 401
        refused = browser.sign_in(OTTO)
        assert refused.status_code == 429
        assert 1 <= int(refused.headers["Retry-After"]) <= 61
        assert Browser(console, "10.0.0.2").sign_in(OTTO).status_code == 303
        assert browser.sign_in(VERA).status_code == 303
        clock.shift(timedelta(seconds=int(refused.headers["Retry-After"])))
        assert browser.sign_in(OTTO).status_code == 303


def test_all_web_processes_count_failures_together(open_console: Callable[..., Flask]) -> None:
    one, other = Browser(open_console()), Browser(open_console())
    for browser in (one, other, one, other, one):
        assert browser.sign_in(OTTO, password="wrong").status_code == 401
    assert other.sign_in(OTTO, password="wrong").status_code == 429


def test_a_forwarded_address_counts_only_behind_configured_proxies(
    open_console: Callable[..., Flask],
) -> None:
    direct, proxied = open_console(), open_console(trusted_proxies=1)
    for app, last in ((direct, 429), (proxied, 401)):
        client = app.test_client()
        form = {"name": "mallory", "password": "wrong"}
        for number in range(6):
            headers = {"X-Forwarded-For": f"10.0.0.{number}", "Sec-Fetch-Site": "same-origin"}
            status = client.post("/sign-in", data=form, headers=headers).status_code
        assert status == last


def link(secret: str = SIGN_IN_KEY, age: float = 0) -> str:
    return f"/sign-in?key={link_key(secret, time.time() - age)}"


def test_the_development_link_signs_in(stranger: Browser) -> None:
    answer = stranger.get(link())
    assert (answer.status_code, answer.location) == (303, "/")
    page = stranger.get("/").text
    assert "dev" in page
    assert "admin" in page


def test_a_link_signs_in_once(console: Flask) -> None:
    used = link()
    assert Browser(console).get(used).status_code == 303
    again = Browser(console)
    assert again.get(used).status_code == 403
    assert again.cookie() is None


def test_a_link_is_good_for_an_hour(stranger: Browser) -> None:
    assert stranger.get(link(age=3700)).status_code == 403
    assert stranger.get(link(age=-3600)).status_code == 403
    assert stranger.get(link(age=3500)).status_code == 303


@pytest.mark.parametrize("key", ["", "wrong", "--", SIGN_IN_KEY, "1-2-3", "é-1-" + "0" * 40])
def test_a_wrong_link_signs_nobody_in_and_leads_nowhere(stranger: Browser, key: str) -> None:
    answer = stranger.client.get("/sign-in", query_string={"key": key})
    assert answer.status_code == 403
    assert stranger.cookie() is None
    assert "./dev link" in answer.text
    assert 'href="/tasks"' not in answer.text
    assert 'href="/runs"' not in answer.text
    assert stranger.get(link("another secret")).status_code == 403


def test_asking_for_a_links_headers_does_nothing(stranger: Browser) -> None:
    address = link()
    answer = stranger.client.head(address)
    assert answer.status_code == 200
    assert stranger.cookie() is None
    assert stranger.get(address).status_code == 303


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Sec-Fetch-Site": "none", "Sec-Fetch-Mode": "no-cors"},
        {"Sec-Purpose": "prefetch"},
        {"Host": "rota.example.org"},
    ],
)
def test_a_link_from_a_page_or_for_another_name_is_refused(
    open_console: Callable[..., Flask], headers: dict[str, str]
) -> None:
    browser = Browser(open_console(allowed_hosts=("rota.example.org",)))
    assert browser.client.get(link(), headers=headers).status_code == 403
    assert browser.get(link(), **{"Sec-Fetch-Site": "none"}).status_code == 303


def test_a_link_is_refused_from_another_machine(console: Flask) -> None:
    assert Browser(console, "10.0.0.1").get(link()).status_code == 403
    assert Browser(console, "::1").get(link()).status_code == 303


def test_guessing_links_is_limited(stranger: Browser) -> None:
    answers = [stranger.get("/sign-in?key=wrong").status_code for _ in range(6)]
    assert answers == [403] * 5 + [429]
    assert stranger.get(link()).status_code == 429


def test_the_development_link_is_void_where_others_can_reach_the_console(
    open_console: Callable[..., Flask],
) -> None:
    for changes in ({"host": "0.0.0.0"}, {"sign_in_key": ""}):  # noqa: S104 - what is to be refused
        browser = Browser(open_console(**changes))
        assert browser.get(link()).status_code == 403
        assert browser.get(link("")).status_code == 403
        assert browser.get("/sign-in?key=").status_code == 403


def test_sessions_of_the_development_link_end_with_its_key(
    open_console: Callable[..., Flask],
) -> None:
    browser = Browser(open_console())
    assert browser.get(link()).status_code == 303
    later = Browser(open_console(sign_in_key=""))
    later.client.set_cookie("rota", browser.cookie() or "", domain="localhost")
    assert later.get("/").status_code == 303


def test_a_disabled_user_is_out_with_the_next_request(
    console: Flask, console_system: System
) -> None:
    ada = Actor("ada", "admin", "cli")
    actions.add_user(console_system, ada, "dora", "operator", "dora's password", now=NOON)
    browser = Browser(console)
    assert browser.post("/sign-in", name="dora", password="dora's password").status_code == 303
    assert browser.get("/").status_code == 200
    with writing(console_system.database) as connection:
        connection.execute(update(users).values(role="viewer"))
    assert browser.post("/tasks/greet/trigger").status_code == 403
    with writing(console_system.database) as connection:
        connection.execute(update(users).values(disabled=True))
    assert browser.get("/").status_code == 303
    assert browser.post("/sign-in", name="dora", password="dora's password").status_code == 401


def test_without_any_user_the_page_says_how_to_add_one(
    open_console: Callable[..., Flask],
) -> None:
    text = Browser(open_console(console_users=())).get("/sign-in").text
    assert "python -m app users add" in text
    assert "CONSOLE_USERS" in text
    assert 'type="password"' not in text


def test_a_trusted_proxy_names_who_is_signed_in(open_console: Callable[..., Flask]) -> None:
    app = open_console(trusted_proxy_header="X-Auth-User")
    otto = Browser(app).get("/tasks", **{"X-Auth-User": "otto"})
    assert "Run now" in otto.text
    guest = Browser(app).get("/tasks", **{"X-Auth-User": "guest@example.org"})
    assert guest.status_code == 200
    assert "Run now" not in guest.text


def test_a_proxy_header_counts_only_where_it_is_configured(stranger: Browser) -> None:
    answer = stranger.get("/tasks", **{"X-Auth-User": "otto", "X-Forwarded-User": "otto"})
    assert answer.status_code == 303


def test_two_proxy_headers_are_one_too_many(open_console: Callable[..., Flask]) -> None:
    client = open_console(trusted_proxy_header="X-Auth-User").test_client()
    both = [("X-Auth-User", "otto"), ("X-Auth-User", "ada")]
    assert client.get("/tasks", headers=both).status_code == 303
    assert client.get("/tasks", headers={"X-Auth-User": "otto,ada"}).status_code == 303


def test_a_proxy_sign_in_still_demands_the_same_origin(
    open_console: Callable[..., Flask],
) -> None:
    client = open_console(trusted_proxy_header="X-Auth-User").test_client()
    headers = {"X-Auth-User": "otto"}
    assert client.post("/tasks/greet/trigger", headers=headers).status_code == 403
    headers["Sec-Fetch-Site"] = "same-origin"
    assert client.post("/tasks/greet/trigger", headers=headers).status_code == 303
