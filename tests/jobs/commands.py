"""Run this project's commands as an operator does."""

from __future__ import annotations

import sys
from pathlib import Path

from tests.processes import Process, start_process

MIGRATE = (
    "import jobs; from app import current_database; from app.records.migrate import migrate; "
    "migrate(current_database())"
)


def python(*arguments: str | Path, env: dict[str, str] | None = None) -> Process:
    """Run Python to its end and return the process."""
    process = start_process([sys.executable, *arguments], env)
    process.wait(30)
    return process


def migrated(folder: Path) -> dict[str, str]:
    """Return the settings of a new, migrated SQLite database in `folder`."""
    settings = {"DATABASE_URL": f"sqlite:///{folder / 'rota.sqlite3'}", "DATA_DIR": str(folder)}
    process = python("-c", MIGRATE, env=settings)
    assert process.popen.returncode == 0, process.output
    return settings
