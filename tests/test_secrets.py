"""A canary in every secret place: no page, answer, export or log of any process tells it."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests
from redis import Redis

from tests.processes import wait_until
from tests.running import API_TOKEN, SIGN_IN_KEY, RunningSystem, free_port
from tests.servers import RedisServer

pytestmark = pytest.mark.timeout(240)

CANARY = "canary4711"
KEY_LINE = f"MIIEvQIBADANBgkqhkiG9w0B{CANARY}"
ACCOUNT = {
    "client_email": "rota@example.org",
    "private_key": f"-----BEGIN PRIVATE KEY-----\n{KEY_LINE}\n-----END PRIVATE KEY-----\n",
}
PAGES = ("/", "/tasks", "/tasks/leaks", "/runs", "/failures", "/audit", "/queues", "/workers",
         "/health", "/runs?format=csv")  # fmt: skip


@pytest.fixture(scope="module")
def leaky(server_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningSystem]:
    """The real processes over a task that tells all it knows."""
    folder = tmp_path_factory.mktemp("leaky")
    redis = RedisServer(server_folder / "leaky")
    redis.start()
    port = free_port()
    environment = {
        "PATH": "/usr/bin:/bin",
        "REDIS_URL": redis.url,
        "DATABASE_URL": f"sqlite:///{folder / 'rota.sqlite3'}",
        "DATA_DIR": str(folder),
        "PORT": str(port),
        "TASK_MODULES": "tests.leaky",
        "SECRET_KEY": f"{CANARY} a key that is long enough",
        "SIGN_IN_KEY": SIGN_IN_KEY,
        "API_TOKENS": f"tests:admin:{API_TOKEN},second:viewer:{CANARY}-token",
        "CONSOLE_USERS": f"olga:operator:{CANARY}-password",
        "GITHUB_TOKEN": f"{CANARY}-github",
        "PDL_API_KEY": f"{CANARY}-pdl",
        "SMTP_URL": f"smtp://mailer:{CANARY}-smtp@localhost:25",
        "GOOGLE_SERVICE_ACCOUNT": json.dumps(ACCOUNT),
    }
    system = RunningSystem(f"http://127.0.0.1:{port}", environment, folder)
    assert system.command("app", "release").returncode == 0
    system.start("web", "worker", "scheduler")
    wait_until(lambda: _answers(system.url), 20, "the console to answer")
    yield system
    system.stop()
    redis.stop()


def _answers(url: str) -> bool:
    try:
        return requests.get(f"{url}/healthz", timeout=1).ok
    except requests.ConnectionError:
        return False


def test_no_secret_is_told_anywhere(leaky: RunningSystem) -> None:
    secret = f"{CANARY}-argument"
    ended = {
        how: leaky.run_to_its_end("leaks", {"password": secret, "how": how})
        for how in ("fails", "returns", "skips")
    }
    statuses = {how: run["status"] for how, run in ended.items()}
    assert statuses == {"fails": "failed", "returns": "succeeded", "skips": "skipped"}
    # What was shown masked and comes back like that is the argument it hid.
    shown = {"arguments": ended["returns"]["arguments"]}
    again = leaky.api("POST", f"/runs/{ended['returns']['run_id']}/again", shown)
    assert again.status_code == 202
    assert _stored_password(leaky, again.json()["run_id"]) == secret
    leaky.api("POST", "/pause", {"reason": f"password={secret}"})
    leaky.api("POST", "/tasks/leaks/trigger", {"arguments": {"password": secret, "times": 5}})
    requests.post(
        f"{leaky.url}/sign-in", data={"name": "olga", "password": f"{CANARY}-password2"},
        headers={"Sec-Fetch-Site": "same-origin"}, timeout=10,
    )  # fmt: skip
    requests.get(f"{leaky.url}/tasks?token={secret}", timeout=10)
    run_ids = [run["run_id"] for run in ended.values()]
    wait_until(lambda: _recorded(leaky, run_ids), 10, "the runs to be recorded")

    told = _shown(leaky, run_ids) | _commands(leaky, run_ids) | _logs(leaky) | _redis(leaky)
    told |= _sql(leaky)
    leaks = {place: text for place, text in told.items() if CANARY in text}
    assert {place: text[text.index(CANARY) - 80 :][:120] for place, text in leaks.items()} == {}
    # The same places do tell of the runs, masked.
    assert "password=***" in told["/api/v1/runs/" + run_ids[0]]
    assert "password=***" in told["sql run_logs"]
    assert any("password=***" in text for place, text in told.items() if place.startswith("redis"))
    assert any("worker" in place and "password=***" in text for place, text in told.items())


def _stored_password(system: RunningSystem, run_id: str) -> str:
    with sqlite3.connect(system.folder / "rota.sqlite3") as connection:
        found = connection.execute("select arguments from runs where run_id = ?", (run_id,))
        return str(json.loads(found.fetchone()[0])["password"])


def _recorded(system: RunningSystem, run_ids: list[str]) -> bool:
    with sqlite3.connect(system.folder / "rota.sqlite3") as connection:
        found = connection.execute("select run_id from run_logs").fetchall()
    return {run_id for (run_id,) in found} >= set(run_ids)


def _shown(system: RunningSystem, run_ids: list[str]) -> dict[str, str]:
    browser = requests.Session()
    browser.get(system.sign_in_url, timeout=10)
    runs = [f"/runs/{run_id}" for run_id in run_ids]
    pages = {path: browser.get(f"{system.url}{path}", timeout=10) for path in (*PAGES, *runs)}
    calls = [f"/api/v1{path}{more}" for path in runs for more in ("", "/logs")]
    calls += ["/api/v1/runs", "/api/v1/audit", "/api/v1/tasks/list", "/api/v1/failures", "/metrics"]
    answers = pages | {
        path: requests.get(
            f"{system.url}{path}", headers={"Authorization": f"Bearer {API_TOKEN}"}, timeout=10
        )
        for path in calls
    }
    assert {path: a.status_code for path, a in answers.items() if a.status_code != 200} == {}
    return {path: answer.text for path, answer in answers.items()}


def _commands(system: RunningSystem, run_ids: list[str]) -> dict[str, str]:
    commands = [("check",), ("runs", "show", run_ids[0]), ("runs", "logs", run_ids[0])]
    told = {}
    for words in commands:
        done = system.command("app", *words)
        told[" ".join(words)] = done.stdout + done.stderr
    return told


def _logs(system: RunningSystem) -> dict[str, str]:
    files = {path.name: path.read_text() for path in (system.folder / "logs").glob("*.jsonl")}
    assert {name.partition("-")[0] for name in files} >= {"web", "worker", "scheduler"}
    return files | {name: process.output for name, process in system.processes.items()}


def _redis(system: RunningSystem) -> dict[str, str]:
    """All that Redis holds but the arguments themselves, without which nothing could run."""
    found = {}
    with Redis.from_url(system.environment["REDIS_URL"]) as redis:
        for key in redis.scan_iter():
            place = f"redis {key.decode()}"
            match redis.type(key):
                case b"hash":
                    fields = redis.hgetall(key)
                    kept = {n: v for n, v in fields.items() if n not in (b"data", b"rota_static")}
                    found[place] = str(kept)
                case b"list":
                    found[place] = str(redis.lrange(key, 0, -1))
    return found


def _sql(system: RunningSystem) -> dict[str, str]:
    questions = {
        "runs": "select result, error, reason from runs",
        "attempts": "select error from attempts",
        "run_logs": "select lines from run_logs",
        "audit": 'select "before", "after", target from audit',
        "pauses": "select reason from pauses",
    }
    with sqlite3.connect(system.folder / "rota.sqlite3") as connection:
        return {f"sql {name}": str(list(connection.execute(q))) for name, q in questions.items()}
