"""The whole system as the Procfile starts it: real processes, sandbox included."""

from __future__ import annotations

import json
import os
import shlex
import signal
import socket
import subprocess
import sys
import time
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import requests

from app.sign_in_links import link_key
from tests.processes import Process, kill, launch, wait_until

ROOT = Path(__file__).parent.parent
API_TOKEN = "a-token-of-the-tests"
SIGN_IN_KEY = "a-sign-in-key-of-the-tests"


@dataclass
class RunningSystem:
    """Processes by their Procfile names, and how to reach them."""

    url: str
    environment: dict[str, str]
    folder: Path
    processes: dict[str, Process] = field(default_factory=dict)

    @property
    def sign_in_url(self) -> str:
        return f"{self.url}/sign-in?key={link_key(SIGN_IN_KEY, time.time())}"

    @property
    def api_token(self) -> str:
        return API_TOKEN

    def start(self, *names: str) -> None:
        """Start Procfile entries."""
        for name in names:
            argv = [sys.executable, *shlex.split(procfile()[name])[1:]]
            self.processes[name] = launch(argv, self.environment, ROOT)

    def command(self, *words: str) -> subprocess.CompletedProcess[str]:
        """Run `python -m app …` in the system's environment."""
        return subprocess.run(
            [sys.executable, "-m", *words],
            cwd=ROOT,
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    def api(self, method: str, path: str, body: Any = None, **headers: str) -> requests.Response:
        """Call the REST API as an admin."""
        return requests.request(
            method,
            f"{self.url}/api/v1{path}",
            json=body,
            headers={"Authorization": f"Bearer {API_TOKEN}", **headers},
            timeout=10,
        )

    def run_to_its_end(self, task_id: str, arguments: Any = None) -> dict[str, Any]:
        """Trigger a task over the API and return its ended run."""
        answer = self.api("POST", f"/tasks/{task_id}/trigger", {"arguments": arguments or {}})
        assert answer.status_code == 202, answer.text
        run_id = answer.json()["run_id"]

        def ended() -> dict[str, Any] | None:
            run: dict[str, Any] = self.api("GET", f"/runs/{run_id}").json()
            return run if run["status"] not in ("queued", "running", "scheduled") else None

        return wait_until(ended, 60, f"{run_id} to end")

    def stop(self) -> None:
        """End everything, the gentle way first."""
        for process in self.processes.values():
            with suppress(ProcessLookupError):
                kill(process, signal.SIGTERM, group=True)
        for process in self.processes.values():
            with suppress(AssertionError):
                process.wait(8)
            process.end()


def procfile() -> dict[str, str]:
    """Return the Procfile's entries."""
    lines = (ROOT / "Procfile").read_text().splitlines()
    return {name: command.strip() for name, _, command in (line.partition(":") for line in lines)}


def start_everything(
    redis_url: str, database_url: str, folder: Path, **settings: str
) -> RunningSystem:
    """Release and start sandbox, web, worker and scheduler; wait until they answer."""
    port = free_port()
    environment = {
        **_clean_environment(),
        "REDIS_URL": redis_url,
        "DATABASE_URL": database_url,
        "DATA_DIR": str(folder),
        "PORT": str(port),
        "SECRET_KEY": "a secret of the tests that is long enough",
        "SIGN_IN_KEY": SIGN_IN_KEY,
        "API_TOKENS": f"tests:admin:{API_TOKEN}",
        "CONSOLE_USERS": "olga:operator:correct-horse,victor:viewer:battery-staple",
        **settings,
    }
    prepared = subprocess.run(
        [sys.executable, "-m", "jobs.sandbox", "prepare", "--data", str(folder / "sandbox")],
        cwd=ROOT, env=environment, capture_output=True, text=True, timeout=60, check=True,
    )  # fmt: skip
    environment |= json.loads(prepared.stdout)
    running = RunningSystem(f"http://127.0.0.1:{port}", environment, folder)
    sandbox = ["-m", "jobs.sandbox", "serve", "--data", str(folder / "sandbox")]
    running.processes["sandbox"] = launch([sys.executable, *sandbox], environment, ROOT)
    released = running.command("app", "release")
    assert released.returncode == 0, released.stderr
    running.start("web", "worker", "scheduler")
    wait_until(lambda: _answers(running.url), 20, "the console to answer")
    return running


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _answers(url: str) -> bool:
    try:
        return requests.get(f"{url}/healthz", timeout=1).ok
    except requests.ConnectionError:
        return False


def _clean_environment() -> dict[str, str]:
    return {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
