"""The console answers to its own names alone."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask import Flask

from app.settings import Settings
from console.hosts import is_known
from tests.console.people import OTTO, Browser, signed_in

PUBLIC = Settings(
    host="0.0.0.0",  # noqa: S104 - a dyno's router comes from outside
    allowed_hosts=("rota.example.org", "*.example.net", "[2001:db8::1]"),
)


@pytest.mark.parametrize(
    "host",
    ["localhost", "LOCALHOST:8000", "127.0.0.1:8000", "[::1]:8000", "[::1]", "rota.example.org",
     "Rota.Example.Org.", "rota.example.org:443", "a.example.net", "a.b.example.net:80",
     "[2001:db8::1]:8000"],
)  # fmt: skip
def test_known_names_are_answered(host: str) -> None:
    assert is_known(host, PUBLIC)


@pytest.mark.parametrize(
    "host",
    ["", "evil.example", "evil.example:8000", "localhost.evil.example", "evil-rota.example.org",
     "x.rota.example.org", "example.net", "evilexample.net", "127.0.0.2", "localhost:999999",
     "localhost:x", "localhost@evil.example", "localhost evil", "localhost/x", "localhost\\x00",
     "user:pw@localhost", "0.0.0.0:8000x", "[::1", "[::2]", "x" * 5_000, "localhost" + "." * 300,
     "лocalhost"],
)  # fmt: skip
def test_unknown_and_broken_names_are_not(host: str) -> None:
    assert not is_known(host, PUBLIC)


def test_the_address_it_is_bound_to_is_a_name_of_its_own() -> None:
    assert is_known("192.168.1.5:8000", Settings(host="192.168.1.5"))
    assert is_known("[fd00::5]:8000", Settings(host="fd00::5"))
    assert not is_known("192.168.1.5:8000", Settings())


@pytest.mark.parametrize(
    "path", ["/", "/sign-in", "/tasks", "/api/v1/tasks/list", "/static/console.css", "/nothing"]
)
@pytest.mark.parametrize("host", ["evil.example", "x" * 5_000, "a b", ""])
def test_an_unknown_host_gets_400_and_every_header(console: Flask, path: str, host: str) -> None:
    browser = signed_in(console, OTTO)
    answer = browser.client.get(path, headers={"Host": host})
    assert answer.status_code == 400
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert "ALLOWED_HOSTS" in answer.text
    assert len(answer.text) < 10_000


def test_a_host_that_vouches_for_its_own_origin_is_refused(operator: Browser) -> None:
    for headers in (
        {"Host": "evil.example", "Origin": "http://evil.example"},
        {"Host": "evil.example", "Sec-Fetch-Site": "same-origin"},
    ):
        answer = operator.client.post("/tasks/greet/trigger", headers=headers)
        assert answer.status_code == 400


def test_a_forwarded_host_is_ignored(open_console: Callable[..., Flask]) -> None:
    for app in (open_console(), open_console(trusted_proxies=1)):
        answer = Browser(app).get("/", **{"X-Forwarded-Host": "evil.example"})
        assert answer.status_code == 303
        assert "evil" not in answer.location


def test_a_public_name_is_answered_where_the_setting_has_it(
    open_console: Callable[..., Flask],
) -> None:
    app = open_console(allowed_hosts=("rota.example.org",))
    assert (
        app.test_client().get("/sign-in", headers={"Host": "rota.example.org"}).status_code == 200
    )


def test_probes_need_no_name(console: Flask) -> None:
    client = console.test_client()
    assert client.get("/healthz", headers={"Host": "10.0.0.7:8000"}).status_code == 200
    assert client.get("/readyz", headers={"Host": "10.0.0.7:8000"}).status_code == 200
