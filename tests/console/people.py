"""Who asks in these tests: people at a browser, programs with a token."""

from __future__ import annotations

from typing import Any

from flask import Flask
from werkzeug.test import TestResponse

from app.settings_access import Credential

VERA = Credential("vera", "viewer", "vera's password")
OTTO = Credential("otto", "operator", "otto's password")
ADA = Credential("ada", "admin", "ada's password")
PEOPLE = (VERA, OTTO, ADA)
READING = Credential("grafana", "viewer", "token-of-grafana")
ACTING = Credential("deploys", "operator", "token-of-deploys")
DECIDING = Credential("terraform", "admin", "token-of-terraform")
PROGRAMS = (READING, ACTING, DECIDING)
SIGN_IN_KEY = "the-key-of-this-process"


class Browser:
    """A browser: it keeps cookies and says where its requests come from."""

    def __init__(self, app: Flask, address: str = "127.0.0.1", scheme: str = "http") -> None:
        self.client = app.test_client()
        self.base = {"REMOTE_ADDR": address}
        self.url = f"{scheme}://localhost"

    def get(self, path: str, **headers: str) -> TestResponse:
        return self.client.get(
            path, base_url=self.url, headers=headers, environ_base=self.base, buffered=True
        )

    def post(self, path: str, site: str | None = "same-origin", **form: str) -> TestResponse:
        """Send a form, from a page of `site` in the words of Sec-Fetch-Site."""
        headers = {"Sec-Fetch-Site": site} if site is not None else {}
        return self.client.post(
            path, base_url=self.url, data=form, headers=headers, environ_base=self.base
        )

    def sign_in(self, person: Credential, password: str | None = None, **form: str) -> TestResponse:
        return self.post("/sign-in", name=person.name, password=password or person.secret, **form)

    def cookie(self, name: str = "rota") -> str | None:
        found = self.client.get_cookie(name, "localhost")
        return found.value if found is not None else None


class Program:
    """A program that sends an API token, and JSON."""

    def __init__(self, app: Flask, token: Credential | str | None) -> None:
        self.client = app.test_client()
        secret = token.secret if isinstance(token, Credential) else token
        self.headers = {"Authorization": f"Bearer {secret}"} if secret is not None else {}

    def get(self, path: str) -> TestResponse:
        return self.client.get(path, headers=self.headers)

    def post(self, path: str, body: Any = None, **headers: str) -> TestResponse:
        sent = self.headers | {name.replace("_", "-"): text for name, text in headers.items()}
        if body is None:
            return self.client.post(path, headers=sent)
        return self.client.post(path, json=body, headers=sent)

    def post_raw(self, path: str, data: bytes, kind: str = "application/json") -> TestResponse:
        return self.client.post(path, data=data, content_type=kind, headers=self.headers)


def signed_in(app: Flask, person: Credential) -> Browser:
    """Return a browser in which `person` has signed in."""
    browser = Browser(app)
    answer = browser.sign_in(person)
    assert answer.status_code == 303, answer.text
    return browser
