"""Secrets are masked by value, by name and by shape; everything else is left alone."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest

from app import masking
from app.context import CurrentRun, enter, leave, progress
from app.masking import MASK, learn, mask, mask_text, unmask
from app.settings import read

KEY_LINE = "MIIEvQIBADANBgkqhkiG9w0BAQEFAASC"
ACCOUNT = {"private_key": f"-----BEGIN PRIVATE KEY-----\n{KEY_LINE}\n-----END PRIVATE KEY-----\n"}
ENVIRONMENT = {
    "REDIS_URL": "redis://:redis-pw-canary@localhost:6379/0",
    "DATABASE_URL": "postgresql://rota:db%40pw%2Fcanary@localhost/rota",
    "SECRET_KEY": 'it\'s a "key" canary of many letters',
    "SIGN_IN_KEY": "sign-in-canary",
    "CONSOLE_USERS": "ada:admin:console-canary",
    "API_TOKENS": "ci:viewer:api-token-canary",
    "GITHUB_TOKEN": "github-canary",
    "PDL_API_KEY": "pdl-canary",
    "SMTP_URL": "smtp://mailer:smtp-canary@localhost:25",
    "GOOGLE_SERVICE_ACCOUNT": json.dumps(ACCOUNT),
    "MAIL_FROM": "Rota <rota@example.org>",
}


@pytest.fixture
def learned(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(masking, "_known", ())
    learn(read(ENVIRONMENT))


@pytest.mark.parametrize(
    "secret",
    [
        "redis-pw-canary",
        "db%40pw%2Fcanary",
        "db@pw/canary",
        ENVIRONMENT["SECRET_KEY"],
        json.dumps(ENVIRONMENT["SECRET_KEY"]),
        repr(ENVIRONMENT["SECRET_KEY"]),
        "sign-in-canary",
        "console-canary",
        "api-token-canary",
        "github-canary",
        "pdl-canary",
        "smtp-canary",
        KEY_LINE,
    ],
)
def test_what_the_settings_hold_is_masked_wherever_it_stands(learned: None, secret: str) -> None:
    for text in (f"before {secret} after", f"x{secret}y", f"'{secret}'"):
        told = mask_text(text)
        assert "canary" not in told
        assert KEY_LINE not in told
        assert MASK in told
    assert mask({"note": [secret]}) == {"note": [mask_text(secret)]}


def test_what_is_no_secret_of_the_settings_stays(learned: None) -> None:
    for text in ("rota", "localhost:6379", "Rota <rota@example.org>", "mailer", "ada", "ci"):
        assert mask_text(text) == text


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("password=hunter2", "password=***"),
        ("PASSWORD = hunter2 next", "PASSWORD = *** next"),
        ("db_password: hunter2", "db_password: ***"),
        ("{'api_key': 'it\\'s', 'a': 1}", "{'api_key': '***', 'a': 1}"),
        ('{"api-key": "say \\"x\\"", "a": 1}', '{"api-key": "***", "a": 1}'),
        ('{\\"token\\": \\"abc\\", \\"a\\": 1}', '{\\"token\\": \\"***\\", \\"a\\": 1}'),
        ("Authorization: Bearer abc.def", "Authorization: ***"),
        ("authorization=Basic dTpwCg== next", "authorization=*** next"),
        ("X-Api-Key: abc", "X-Api-Key: ***"),
        ("sent bearer abcdefghij", "sent bearer ***"),
        ("GET /x?token=abc&page=2", "GET /x?token=***&page=2"),
        ("GET /x?page=2&key=abc", "GET /x?page=2&key=***"),
        ("https://user:pa:ss@host/x", "https://user:***@host/x"),
        ("https://abcdef@host/x", "https://***@host/x"),
        ("redis://:pw@host:1/0", "redis://:***@host:1/0"),
        ("password: str = 'hunter2'", "password: str = '***'"),
        ("login(password='x', name='y')", "login(password='***', name='y')"),
        ("client_secret=a,b", "client_secret=***"),
        ("credentials={'a': 'b'} next", "credentials=*** next"),
        ("rota_" + "a" * 43, "***"),
        ("ghp_" + "a" * 36, "***"),
        ("-----BEGIN PRIVATE KEY-----\nabc", "-----BEGIN PRIVATE KEY-----***"),
    ],
)
def test_what_is_written_as_a_secret_is_masked(text: str, told: str) -> None:
    assert mask_text(text) == told


@pytest.mark.parametrize(
    "text",
    [
        "the password is wrong",
        "secretary: Ann",
        "tokenizer=5",
        "authored by Ann",
        "std::token::kind",
        "at 12:30, see https://example.org/a@b",
        "keyboard=qwerty",
        "compass: north",
        "",
    ],
)
def test_ordinary_text_is_left_alone(text: str) -> None:
    assert mask_text(text) == text


def test_values_are_masked_by_name_at_any_depth() -> None:
    document = {
        "password": "x",
        "deep": [{"apiKey": 5, "Set-Cookie": ["a"], "authToken": {"a": "b"}}],
        "tokens": 12,
        "token_count": 3,
        "secret": None,
        "is_token": False,
        "name": "Ada",
    }
    assert mask(document) == {
        "password": MASK,
        "deep": [{"apiKey": MASK, "Set-Cookie": MASK, "authToken": MASK}],
        "tokens": 12,
        "token_count": 3,
        "secret": None,
        "is_token": False,
        "name": "Ada",
    }


def test_a_value_nested_without_end_is_cut() -> None:
    value: object = "x"
    for _ in range(500):
        value = [value]
    assert masking.TOO_DEEP in json.dumps(mask(value))


def test_what_comes_back_as_it_was_shown_is_what_it_was() -> None:
    stored = {"password": "hunter2", "name": "Ada", "nested": {"token": "t"}}
    assert unmask(mask(stored), stored) == stored
    assert unmask({"password": "other", "name": MASK}, stored) == {
        "password": "other",
        "name": MASK,
    }


def test_what_a_run_says_of_its_progress_is_masked() -> None:
    said: list[tuple[str, Any]] = []
    enter(CurrentRun("r", "t", _say=lambda kind, what: said.append((kind, what))))
    progress(1, 2, "token=abc")
    leave()
    assert said == [("progress", {"done": 1, "total": 2, "message": "token=***"})]


@pytest.mark.parametrize(
    "text",
    ["password" * 30_000, "token=" * 40_000, 'token="' * 35_000, "token" + " " * 250_000,
     'token="' + "\\" * 250_000, "://a:b" * 40_000 + "@", "-----BEGIN PRIVATE KEY-----" * 9_000,
     "eyJaaaaaaaa.aaaaaaaa" * 12_000, "token=[" * 35_000, "token=" + "," * 250_000],
    ids=range(10),
)  # fmt: skip
def test_no_text_takes_long(learned: None, text: str) -> None:
    began = time.process_time()
    mask_text(text)
    assert time.process_time() - began < 0.5
