"""A project that `dev` can run in a second: the real `dev` and stand-ins for everything else."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
from contextlib import suppress
from dataclasses import dataclass, field
from importlib.machinery import SourceFileLoader
from importlib.util import module_from_spec, spec_from_loader
from pathlib import Path
from types import ModuleType

from app.embedded import bundled_server
from tests.processes import Process, start_process, wait_until

ROOT = Path(__file__).parent.parent

# `web` answers and leaves a process behind that moved to a session of its own and ignores SIGTERM.
APP = """
import http.server, os, pathlib, signal, subprocess, sys, time

name = sys.argv[1]
if name == "web":
    class Page(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200)
            self.end_headers()
    stray = "import os, signal, time; signal.signal(15, signal.SIG_IGN); time.sleep(600)"
    subprocess.Popen([sys.executable, "-c", stray], start_new_session=True)
    http.server.HTTPServer((os.environ["HOST"], int(os.environ["PORT"])), Page).serve_forever()
elif name == "release" and pathlib.Path("release-fails").exists():
    sys.exit("the database is from the future")
elif name in ("worker", "scheduler"):
    if pathlib.Path(f"{name}-is-stubborn").exists():
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
    print(f"{name} talks to {os.environ['REDIS_URL']} and {os.environ['OUTSIDE']}")
    time.sleep(600)
elif name == "print":
    print(os.environ[sys.argv[2]])
"""

SANDBOX = """
import sys, time
if sys.argv[1] == "prepare":
    print('{"OUTSIDE": "a stand-in"}')
else:
    time.sleep(600)
"""


def load_dev(path: Path) -> ModuleType:
    """Import a `dev` file, which has no .py at its end."""
    loader = SourceFileLoader("dev", str(path))
    spec = spec_from_loader("dev", loader)
    assert spec
    module = module_from_spec(spec)
    loader.exec_module(module)
    return module


def free_port() -> int:
    """Return a port that nobody uses now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass
class DevProject:
    """A folder with `dev` in it; every process started from here has its working folder here."""

    folder: Path
    port: int = field(default_factory=free_port)

    def __post_init__(self) -> None:
        files = {
            "app/__init__.py": "",
            "app/__main__.py": APP,
            "app/embedded.py": (ROOT / "app" / "embedded.py").read_text(),
            "app/sign_in_links.py": (ROOT / "app" / "sign_in_links.py").read_text(),
            "jobs/__init__.py": "",
            "jobs/sandbox/__init__.py": "",
            "jobs/sandbox/__main__.py": SANDBOX,
            "Procfile": (ROOT / "Procfile").read_text(),
            "requirements.txt": "one==1\n",
            "requirements-dev.txt": "two==2\n",
        }
        for name, text in files.items():
            path = self.folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        shutil.copy(ROOT / "dev", self.folder)
        self.make_environment()

    def make_environment(self) -> None:
        """Put a .venv in place that `dev` takes for complete."""
        programs = self.folder / ".venv" / "bin"
        programs.mkdir(parents=True)
        (programs / "python").symlink_to(sys.executable)
        (programs / "rq").write_text("#!/bin/sh\necho rq $RQ_REDIS_URL: $@\n")
        (programs / "rq").chmod(0o755)
        dev = load_dev(self.folder / "dev")
        dev.STAMP.write_text(dev.wanted_stamp())

    @property
    def data(self) -> Path:
        return self.folder / "data"

    @property
    def environment(self) -> dict[str, str]:
        return {
            **os.environ,
            "PORT": str(self.port),
            "REDIS_SERVER": str(bundled_server()),
        }

    def run(self, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        """Run `./dev …` to its end."""
        return subprocess.run(
            [sys.executable, self.folder / "dev", *arguments],
            env={**self.environment, **environment},
            cwd=self.folder,
            capture_output=True,
            text=True,
            timeout=30,
            check=False,
        )

    def up(self, **environment: str) -> Process:
        """Start `./dev up`."""
        command = [sys.executable, str(self.folder / "dev"), "up"]
        return start_process(command, {**self.environment, **environment}, self.folder)

    def running(self) -> Process:
        """Start `./dev up` and wait until it says that it runs."""
        process = self.up()
        wait_until(lambda: "Rota is running" in process.output, 20, "the system")
        return process

    def alive(self) -> dict[int, str]:
        """Return every living process that was started from here: pid to command line."""
        found = {}
        for entry in Path("/proc").glob("[0-9]*"):
            with suppress(OSError):
                if (entry / "cwd").readlink().is_relative_to(self.folder):
                    words = (entry / "cmdline").read_bytes().split(b"\0")
                    found[int(entry.name)] = b" ".join(words).decode().strip()
        return found

    def pid_of(self, words: str) -> int:
        """Return the process whose command line contains `words`."""
        [pid] = [pid for pid, command in self.alive().items() if words in command]
        return pid
