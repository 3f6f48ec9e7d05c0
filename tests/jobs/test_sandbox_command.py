"""`python -m jobs.sandbox`: prepared once, served until told to stop."""

from __future__ import annotations

import json
import signal
import socket
import sys
from pathlib import Path

import requests

from jobs.sandbox.server import prepare
from tests.jobs.commands import python
from tests.processes import kill, start_process, wait_until


def test_preparing_again_finds_the_same_sandbox(tmp_path: Path) -> None:
    first, second = (
        python("-m", "jobs.sandbox", "prepare", "--data", tmp_path).output for _ in range(2)
    )
    assert first == second
    environment = json.loads(first)
    assert {
        "GOOGLE_SERVICE_ACCOUNT",
        "GOOGLE_SHEETS_URL",
        "SHEETS_SPREADSHEET_ID",
        "SMTP_URL",
        "MAIL_FROM",
        "RECRUITER_EMAILS",
    } <= set(environment)
    account = json.loads(Path(environment["GOOGLE_SERVICE_ACCOUNT"]).read_text())
    assert account["token_uri"] == environment["GOOGLE_SHEETS_URL"] + "/token"


def test_it_serves_until_it_is_told_to_stop(tmp_path: Path) -> None:
    place = prepare(tmp_path)
    process = start_process(
        [sys.executable, "-m", "jobs.sandbox", "serve", "--data", str(tmp_path)]
    )
    wait_until(lambda: "The sandbox serves" in process.output)
    assert requests.get(f"{place.url}/_sandbox", timeout=5).status_code == 200
    assert prepare(tmp_path).port == place.port
    kill(process, signal.SIGTERM)
    assert process.wait() == 0
    assert process.output == f"The sandbox serves {place.url}\n"


def test_a_port_that_somebody_else_took_is_replaced(tmp_path: Path) -> None:
    first = prepare(tmp_path)
    with socket.create_server(("127.0.0.1", first.port)):
        second = prepare(tmp_path)
    assert second.port != first.port
    assert second.account["private_key"] == first.account["private_key"]
    assert second.account["token_uri"] == f"{second.url}/token"
    assert prepare(tmp_path).port == second.port
