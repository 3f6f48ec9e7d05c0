"""Logging: plain lines for people on stderr, JSON lines in `LOG_DIR/<process>-<pid>.jsonl`.

Every file has one writer. A JSON line has at, level, logger and message, run_id for lines of a run,
request for those of a request; newlines and control characters are escaped, so that no input can
forge a line.
"""

from __future__ import annotations

import json
import logging
import os
import sys
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from logging.handlers import RotatingFileHandler
from pathlib import Path
from time import time
from typing import Any

from app.masking import learn, mask, mask_text
from app.settings import Settings
from app.storable import storable_text

# What is longer is cut before it is searched for secrets.
LONGEST_SEARCHED = 1_000_000
log = logging.getLogger("rota.logs")

LARGEST_FILE = 10_000_000
OLD_FILES = 3
KEEP = timedelta(days=14)


def line_of(record: logging.LogRecord, longest: int = 32_000) -> dict[str, str]:
    """Return a log record as the JSON object that is kept and shown."""
    try:
        message = record.getMessage()
    except Exception as error:  # the arguments' own __str__ may do anything
        message = f"{record.msg!r} with unfitting arguments ({type(error).__name__})"
    if record.exc_info:
        message += "\n" + logging.Formatter().formatException(record.exc_info)
    return {
        "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
        "level": record.levelname,
        "logger": record.name,
        # Masked before it is cut: half a secret is not recognised.
        "message": storable_text(mask_text(message[:LONGEST_SEARCHED])[:longest]),
    }


class JsonLines(logging.Formatter):
    """One JSON object a line."""

    def format(self, record: logging.LogRecord) -> str:
        line = _line(record)
        run_id = getattr(record, "run_id", None)
        fields: Mapping[str, Any] = mask(getattr(record, "fields", {}))
        return json.dumps({**line, **({"run_id": run_id} if run_id else {}), **fields})


class PlainLines(logging.Formatter):
    """Time, level and message, with control characters escaped."""

    def format(self, record: logging.LogRecord) -> str:
        line = _line(record)
        run_id = getattr(record, "run_id", None)
        prefix = f"{line['at'][11:23]} {line['level']:<7} "
        return prefix + (f"[{run_id}] " if run_id else "") + _printable(str(line["message"]))


def configure(process: str, settings: Settings, level: int = logging.INFO) -> Path:
    """Log to stderr and to this process's own file; return the file's path.

    Where LOG_DIR cannot be written it is said once, and stderr alone has the lines.
    """
    learn(settings)
    folder = settings.log_dir
    path = folder / f"{process}-{os.getpid()}.jsonl"
    console = logging.StreamHandler(sys.stderr)
    console.setFormatter(PlainLines())
    root = logging.getLogger()
    for old in list(root.handlers):
        root.removeHandler(old)
        if isinstance(old, RotatingFileHandler):
            old.close()
    root.addHandler(console)
    root.setLevel(level)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        root.addHandler(_OwnFile(path, maxBytes=LARGEST_FILE, backupCount=OLD_FILES))
        _prune(folder)
    except OSError as error:
        log.warning("LOG_DIR=%s cannot be written (%s): stderr alone has the lines", folder, error)
    logging.getLogger("alembic").setLevel(logging.WARNING)
    return path


class _OwnFile(RotatingFileHandler):
    """This process's file. Where it cannot be written any more, that is said once."""

    def __init__(self, path: Path, **options: Any) -> None:
        super().__init__(path, **options)
        self.setFormatter(JsonLines())
        self._told = False

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 - logging's name
        if not self._told:
            self._told = True
            print(f"{self.baseFilename} cannot be written: {sys.exc_info()[1]}", file=sys.stderr)


def write_line(line: Mapping[str, Any], run_id: str) -> None:
    """Write a line that a run's process logged, as it was, under the run's id."""
    logger = logging.getLogger("rota.run")
    record = logger.makeRecord(
        logger.name,
        logging.INFO,
        "",
        0,
        "%s",
        (line.get("message", ""),),
        None,
        extra={"rota_line": dict(line), "run_id": run_id},
    )
    logger.handle(record)


def _line(record: logging.LogRecord) -> Mapping[str, Any]:
    """Return the record's line, made once however many handlers write it."""
    line: Mapping[str, Any] | None = getattr(record, "rota_line", None)
    if line is None:
        line = record.rota_line = line_of(record)
    return line


def _prune(folder: Path) -> None:
    oldest = time() - KEEP.total_seconds()
    for path in folder.glob("*.jsonl*"):
        if path.stat().st_mtime < oldest:
            path.unlink(missing_ok=True)


def _printable(text: str) -> str:
    return "".join(
        c if c.isprintable() or c in "\n\t" else f"\\x{ord(c):02x}" for c in text
    ).replace("\n", "\n    ")
