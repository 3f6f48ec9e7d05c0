"""The console inside a host application, under a path of its own."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from app.errors import SettingsError
from app.system import System
from console import mount
from tests.console.past_runs import past_run
from tests.console.people import OTTO, READING

PAGES = ("/", "/week", "/tasks", "/tasks/greet", "/tasks/greet/schedule", "/runs", "/failures",
         "/queues", "/queues/default", "/workers", "/health", "/audit", "/go", "/zone")  # fmt: skip


class Guest:
    """A browser at the host application."""

    def __init__(self, host: Flask, scheme: str = "http") -> None:
        self.client = host.test_client()
        self.url = f"{scheme}://localhost"

    def get(self, path: str, **headers: str) -> TestResponse:
        return self.client.get(path, base_url=self.url, headers=headers, buffered=True)

    def post(self, path: str, **form: str) -> TestResponse:
        headers = {"Sec-Fetch-Site": "same-origin"}
        return self.client.post(path, base_url=self.url, data=form, headers=headers)

    def sign_in(self) -> TestResponse:
        return self.post("/rota/sign-in", name=OTTO.name, password=OTTO.secret)


@pytest.fixture
def host(open_console: Callable[..., Flask]) -> Flask:
    """Somebody else's application with the console at /rota."""
    system: System = open_console(sign_in_key="").extensions["rota-system"]
    past_run(system, "greet")
    app = Flask("host")
    app.secret_key = "the host's own"

    @app.get("/")
    def home() -> str:
        return "the host's page"

    mount(app, "/rota", system)
    return app


def test_the_host_stays_as_it_was(host: Flask) -> None:
    answer = Guest(host).get("/")
    assert answer.text == "the host's page"
    assert "Content-Security-Policy" not in answer.headers
    assert Guest(host).get("/tasks").status_code == 404


def test_nobody_gets_in_without_the_consoles_own_sign_in(host: Flask) -> None:
    guest = Guest(host)
    for path in PAGES:
        answer = guest.get(f"/rota{path}")
        assert answer.status_code == 303, path
        assert answer.location.startswith("/rota/sign-in"), path
    assert guest.get("/rota/api/v1/tasks/list").status_code == 401
    assert guest.post("/rota/tasks/greet/trigger").location.startswith("/rota/sign-in")


def test_every_link_form_and_file_stays_under_the_prefix(host: Flask) -> None:
    guest = Guest(host)
    assert guest.sign_in().location == "/rota/"
    seen: set[str] = set()
    for path in PAGES:
        answer = guest.get(f"/rota{path}")
        assert answer.status_code == 200, path
        assert "script-src 'self'" in answer.headers["Content-Security-Policy"]
        found = re.findall(r'(?:href|src|action|formaction)="([^"#][^"]*)"', answer.text)
        assert [one for one in found if not one.startswith("/rota/")] == [], path
        seen.update(one.replace("&amp;", "&") for one in found if "/static/" in one)
    assert len(seen) >= 3
    for path in seen:
        assert guest.get(path).status_code == 200, path


def test_forms_come_back_to_where_they_were_sent_from(host: Flask) -> None:
    guest = Guest(host)
    guest.sign_in()
    assert guest.post("/rota/tasks/greet/trigger").location.startswith("/rota/runs/greet--m")
    assert guest.post("/rota/theme", theme="dark", back="/rota/tasks").location == "/rota/tasks"
    assert guest.post("/rota/theme", theme="dark", back="/elsewhere").location == "/rota/"
    asked = guest.get("/rota/runs?status=failed").text
    assert 'name="back" value="/rota/runs?status=failed"' in asked


def test_whoever_signs_in_lands_on_the_page_they_wanted(host: Flask) -> None:
    guest = Guest(host)
    location = guest.get("/rota/runs?status=failed").location
    form = guest.get(location).text
    [after] = re.findall(r'name="next" value="([^"]+)"', form)
    assert after == "/rota/runs?status=failed"
    answer = guest.post("/rota/sign-in", name=OTTO.name, password=OTTO.secret, next=after)
    assert answer.location == after


@pytest.mark.parametrize(("scheme", "name"), [("http", "rota"), ("https", "__Secure-rota")])
def test_cookies_are_sent_to_the_console_alone(host: Flask, scheme: str, name: str) -> None:
    guest = Guest(host, scheme)
    sent = guest.sign_in().headers.getlist("Set-Cookie")
    [session] = [each for each in sent if each.startswith(f"{name}=")]
    assert "Path=/rota/" in session
    assert "HttpOnly" in session
    assert guest.get("/rota/tasks").status_code == 200
    assert guest.post("/rota/sign-out").location == "/rota/sign-in"
    assert guest.get("/rota/tasks").status_code == 303


def test_the_api_names_its_address(host: Flask) -> None:
    headers = {"Authorization": f"Bearer {READING.secret}"}
    document = Guest(host).get("/rota/api/v1/openapi.json", **headers).get_json()
    assert document["servers"] == [{"url": "/rota/api/v1"}]
    assert Guest(host).get("/rota/api/v1/tasks/list", **headers).status_code == 200


def test_it_is_not_mounted_where_somebody_could_get_in_unasked(
    open_console: Callable[..., Flask],
) -> None:
    system: System = open_console(sign_in_key="").extensions["rota-system"]
    plain = system.settings
    unsafe = {
        "SECRET_KEY": replace(plain, secret_key=""),
        "SIGN_IN_KEY": replace(plain, sign_in_key="a key"),
    }
    for named, settings in unsafe.items():
        with pytest.raises(SettingsError, match=named):
            mount(Flask("host"), "/rota", replace(system, settings=settings))
    for prefix in ("", "/", "rota", "/rota/"):
        with pytest.raises(SettingsError, match="not a path"):
            mount(Flask("host"), prefix, system)
