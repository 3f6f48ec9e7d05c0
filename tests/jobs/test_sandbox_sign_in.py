"""The sandbox's token endpoint checks what Google's does."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import requests
from google.auth import crypt, jwt

from jobs.sandbox.account import service_account
from jobs.sandbox.oauth import AUDIENCE, GRANT
from jobs.sandbox.server import SPREADSHEET_ID, Sandbox

SHEETS = "https://www.googleapis.com/auth/spreadsheets"
Ask = Callable[..., requests.Response]


@pytest.fixture
def ask(sandbox: Sandbox) -> Ask:
    """Ask for a token with claims that are right except for the given ones."""

    def ask(
        key: str | None = None, grant: str = GRANT, tampered: bool = False, **claims: Any
    ) -> requests.Response:
        account = sandbox.place.account
        now = int(time.time())
        right = {
            "iss": account["client_email"],
            "scope": SHEETS,
            "aud": AUDIENCE,
            "iat": now,
            "exp": now + 3600,
        }
        signer = crypt.RSASigner.from_string(key or account["private_key"])  # type: ignore[no-untyped-call]  # google-auth leaves it untyped
        assertion = jwt.encode(signer, {**right, **claims}).decode()  # type: ignore[no-untyped-call]  # likewise
        if tampered:
            head, body, signature = assertion.split(".")
            assertion = f"{head}.{body[:-4]}AAAA.{signature}"
        form = {"grant_type": grant, "assertion": assertion}
        return requests.post(f"{sandbox.place.url}/token", data=form, timeout=5)

    return ask


def test_a_signed_request_gets_a_token_that_opens_the_sheet(ask: Ask, sandbox: Sandbox) -> None:
    answer = ask().json()
    assert (answer["token_type"], answer["expires_in"]) == ("Bearer", 600)
    headers = {"Authorization": f"Bearer {answer['access_token']}"}
    address = f"{sandbox.place.url}/v4/spreadsheets/{SPREADSHEET_ID}"
    assert requests.get(address, headers=headers, timeout=5).status_code == 200


@pytest.mark.parametrize(
    ("claims", "error", "said"),
    [
        ({"aud": "https://example.org/token"}, "invalid_grant", "Failed audience check"),
        ({"iss": "stranger@example.org"}, "invalid_grant", "account not found"),
        ({"exp": 1}, "invalid_grant", "Token must be a short-lived token"),
        ({"exp": int(time.time()) + 7200}, "invalid_grant", "Token must be a short-lived token"),
        ({"iat": int(time.time()) + 900}, "invalid_grant", "in a reasonable timeframe"),
        ({"iat": None}, "invalid_grant", "iat and exp are required"),
        ({"scope": ""}, "invalid_scope", "Invalid OAuth scope"),
        (
            {"scope": "https://www.googleapis.com/auth/gmail"},
            "invalid_scope",
            "Invalid OAuth scope",
        ),
        ({"tampered": True}, "invalid_grant", "Invalid JWT"),
        ({"grant": "password"}, "unsupported_grant_type", "jwt-bearer"),
    ],
)
def test_a_request_that_is_wrong_is_refused_in_oauths_form(
    ask: Ask, claims: dict[str, Any], error: str, said: str
) -> None:
    answer = ask(**claims)
    assert (answer.status_code, answer.json()["error"]) == (400, error)
    assert said in answer.json()["error_description"]


def test_another_key_is_refused(ask: Ask, tmp_path: Path) -> None:
    other = service_account(tmp_path / "other.json", "http://127.0.0.1/token")
    assert ask(key=other["private_key"]).json()["error_description"] == "Invalid JWT Signature."


def test_what_is_no_token_at_all_is_refused(sandbox: Sandbox) -> None:
    for assertion in ("", "a.b", "a.b.c", "e30.e30.e30", "W10.W10.W10"):
        form = {"grant_type": GRANT, "assertion": assertion}
        answer = requests.post(f"{sandbox.place.url}/token", data=form, timeout=5)
        assert (answer.status_code, answer.json()["error"]) == (400, "invalid_grant")


def test_a_token_ends_by_itself(ask: Ask, sandbox: Sandbox) -> None:
    headers = {"Authorization": f"Bearer {ask().json()['access_token']}"}
    address = f"{sandbox.place.url}/v4/spreadsheets/{SPREADSHEET_ID}"
    assert requests.get(address, headers=headers, timeout=5).status_code == 200
    sandbox.app.tokens.clock = lambda: time.time() + 601
    assert requests.get(address, headers=headers, timeout=5).status_code == 401


def test_a_read_only_token_cannot_write(ask: Ask, sandbox: Sandbox) -> None:
    token = ask(scope=f"{SHEETS}.readonly").json()["access_token"]
    address = f"{sandbox.place.url}/v4/spreadsheets/{SPREADSHEET_ID}"
    headers = {"Authorization": f"Bearer {token}"}
    assert requests.get(address, headers=headers, timeout=5).status_code == 200
    written = requests.put(
        f"{address}/values/A1?valueInputOption=RAW",
        headers=headers,
        json={"values": [["x"]]},
        timeout=5,
    )
    assert written.status_code == 403
    assert written.json()["error"]["status"] == "PERMISSION_DENIED"


def test_the_key_file_is_private(sandbox: Sandbox) -> None:
    path = Path(sandbox.place.environment["GOOGLE_SERVICE_ACCOUNT"])
    assert path.stat().st_mode & 0o077 == 0
    assert json.loads(path.read_text())["type"] == "service_account"
