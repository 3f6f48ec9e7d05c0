"""The web process: what it refuses, what it says, how it ends."""

from __future__ import annotations

import re
import signal
import socket
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
import requests

from app.errors import SettingsError
from app.settings import Settings
from console.server import bind, demand_secret
from tests.processes import Process, kill, start_process, wait_until

WEB = (
    "import logging; logging.basicConfig(level=logging.INFO, format='%(message)s')\n"
    "from app.records.migrate import migrate\n"
    "from app.system import System\n"
    "from console.server import serve\n"
    "from app.errors import SettingsError\n"
    "system = System.open(process='web')\n"
    "migrate(system.database)\n"
    "try:\n"
    "    serve(system)\n"
    "except SettingsError as error:\n"
    "    raise SystemExit(str(error))\n"
)


@pytest.fixture
def environment(redis_url: str, sqlite_url: str, tmp_path: Path) -> dict[str, str]:
    return {
        "REDIS_URL": redis_url,
        "DATABASE_URL": sqlite_url,
        "DATA_DIR": str(tmp_path),
        "TASK_MODULES": "tests.samples",
        "PYTHONPATH": str(Path(__file__).parents[2]),
        "PORT": str(free_port()),
        "API_TOKENS": "deploys:operator:token-of-deploys",
    }


@pytest.fixture
def web(environment: dict[str, str]) -> Iterator[Process]:
    process = start_web(environment)
    wait_until(lambda: is_up(environment), 15, "the web process")
    yield process
    kill(process)


def start_web(environment: Mapping[str, str]) -> Process:
    return start_process([sys.executable, "-c", WEB], environment)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


def is_up(environment: Mapping[str, str]) -> bool:
    try:
        return requests.get(url(environment, "/healthz"), timeout=1).ok
    except requests.ConnectionError:
        return False


def url(environment: Mapping[str, str], path: str) -> str:
    return f"http://127.0.0.1:{environment['PORT']}{path}"


@pytest.mark.usefixtures("web")
def test_it_serves_and_names_no_version(environment: dict[str, str]) -> None:
    token = {"Authorization": "Bearer token-of-deploys"}
    answer = requests.get(url(environment, "/api/v1/tasks/list"), headers=token, timeout=5)
    assert answer.status_code == 200
    assert answer.headers["Server"] == "gunicorn"
    assert "python" not in str(answer.headers).lower()


@pytest.mark.usefixtures("web")
def test_underscores_do_not_forge_headers(environment: dict[str, str]) -> None:
    forged = {"X_Forwarded_Proto": "https", "X-Forwarded-Proto": "https"}
    answer = requests.get(url(environment, "/sign-in"), headers=forged, timeout=5)
    assert "Strict-Transport-Security" not in answer.headers


def test_each_request_leaves_one_line_without_its_query(
    web: Process, environment: dict[str, str]
) -> None:
    requests.get(url(environment, "/sign-in?key=secret-key%0Aforged"), timeout=5)
    line = wait_until(
        lambda: [line for line in web.output.splitlines() if "GET /sign-in" in line], 5, "the line"
    )
    assert re.fullmatch(r"GET /sign-in 403 in [0-9.]+ ms, nobody from 127\.0\.0\.1", line[0])
    requests.get(url(environment, "/a%0Ab"), timeout=5)
    wait_until(lambda: "GET /a%0Ab 303" in web.output, 5, "a line that cannot be forged")
    assert "secret-key" not in web.output


def test_it_ends_gracefully_on_sigterm(web: Process, environment: dict[str, str]) -> None:
    answers: list[int] = []

    def sign_in() -> None:
        form = {"name": "nobody", "password": "takes a while to check"}
        origin = {"Origin": url(environment, "")}
        answers.append(
            requests.post(
                url(environment, "/sign-in"), data=form, headers=origin, timeout=20
            ).status_code
        )

    # Each check of a password takes a fraction of a second: some of these are under way.
    threads = [threading.Thread(target=sign_in) for _ in range(4)]
    for thread in threads:
        thread.start()
    time.sleep(0.15)
    kill(web, signal.SIGTERM)
    for thread in threads:
        thread.join()
    assert web.wait(15) == 0
    assert answers == [401] * 4
    assert not is_up(environment)


def test_a_taken_port_is_told_at_once(web: Process, environment: dict[str, str]) -> None:
    assert web.alive
    started = time.monotonic()
    second = start_web(environment)
    assert second.wait(10) == 1
    assert time.monotonic() - started < 5
    assert f"PORT={environment['PORT']} is taken on 127.0.0.1" in second.output
    assert "Traceback" not in second.output


def test_without_a_secret_it_refuses_to_be_reached_by_others(environment: dict[str, str]) -> None:
    process = start_web(environment | {"HOST": "0.0.0.0"})  # noqa: S104 - what is to be refused
    assert process.wait(10) == 1
    assert "SECRET_KEY is not set" in process.output
    assert not is_up(environment)


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.8.8", "::1", "localhost"])
def test_without_a_secret_loopback_is_allowed(host: str) -> None:
    demand_secret(Settings(host=host))


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "10.0.0.7", "rota.example.org"])  # noqa: S104 - what is to be refused
def test_other_hosts_demand_a_secret(host: str) -> None:
    with pytest.raises(SettingsError, match="SECRET_KEY"):
        demand_secret(Settings(host=host))
    demand_secret(Settings(host=host, secret_key="x" * 40))


def test_an_address_of_another_machine_is_told_in_words() -> None:
    with pytest.raises(SettingsError, match=r"HOST=192\.0\.2\.1"):
        bind("192.0.2.1", 8000)
