"""Log files: one writer each, one JSON object a line, nothing forged."""

from __future__ import annotations

import json
import logging
import os
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from logging.handlers import RotatingFileHandler
from pathlib import Path

import pytest

from app.logs import KEEP, configure, line_of, write_line
from app.settings import Settings

log = logging.getLogger("rota.tests")

# What a forger would like to be a line of its own, or a command to a terminal.
FORGED = 'ok\n{"at": "now", "level": "INFO", "message": "forged"}\r\n\x1b[31m\u2028\u0085\x00'


@pytest.fixture
def settings(tmp_path: Path) -> Iterator[Settings]:
    """Settings with a log folder; the handlers of the test run come back afterwards."""
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    yield replace(Settings(), log_dir=tmp_path / "logs")
    for handler in list(root.handlers):
        root.removeHandler(handler)
        if handler not in handlers:
            handler.close()
    for handler in handlers:
        root.addHandler(handler)
    root.setLevel(level)


def lines(path: Path) -> list[dict[str, str]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").split("\n")[:-1]]


def test_every_process_writes_a_file_of_its_own(settings: Settings) -> None:
    path = configure("worker", settings)
    assert path == settings.log_dir / f"worker-{os.getpid()}.jsonl"
    log.info("hello %s", "Ada")
    (line,) = lines(path)
    assert (line["level"], line["logger"], line["message"]) == ("INFO", "rota.tests", "hello Ada")
    assert line["at"].endswith("+00:00")


def test_no_input_can_forge_a_line(settings: Settings, capsys: pytest.CaptureFixture[str]) -> None:
    path = configure("web", settings)
    log.info("name: %s", FORGED)
    (line,) = lines(path)
    assert line["message"].startswith("name: ok\n{")
    raw = path.read_bytes()
    assert raw.count(b"\n") == 1
    assert b"\x1b" not in raw
    shown = capsys.readouterr().err
    assert "\x1b" not in shown
    assert "\\x1b[31m" in shown
    assert not [text for text in shown.splitlines()[1:] if not text.startswith("    ")]


def test_a_run_s_own_lines_bear_its_id_and_cannot_forge_another(settings: Settings) -> None:
    path = configure("worker", settings)
    write_line({"at": "2026-01-01T00:00:00.000+00:00", "level": "INFO", "logger": "x",
                "message": FORGED, "run_id": "another"}, "greet--m1")  # fmt: skip
    (line,) = lines(path)
    assert line["run_id"] == "greet--m1"


def test_a_traceback_stays_one_line(settings: Settings) -> None:
    path = configure("worker", settings)
    try:
        raise ValueError(FORGED)
    except ValueError:
        log.exception("it failed")
    (line,) = lines(path)
    assert line["message"].startswith("it failed\nTraceback")


class Unspeakable:
    """An argument that cannot be written."""

    def __str__(self) -> str:
        raise RuntimeError("no words")


@pytest.mark.parametrize("arguments", [("a", "b"), (Unspeakable(),)])
def test_a_line_with_unfitting_arguments_is_kept_all_the_same(
    settings: Settings, arguments: tuple[object, ...]
) -> None:
    path = configure("worker", settings)
    log.info("one %s", *arguments)
    (line,) = lines(path)
    assert line["message"].startswith("'one %s' with unfitting arguments")


def test_a_line_is_cut(settings: Settings) -> None:
    record = logging.LogRecord("x", logging.INFO, "", 0, "y" * 100_000, None, None)
    assert len(line_of(record)["message"]) == 32_000


def test_old_files_go_and_young_ones_stay(settings: Settings) -> None:
    settings.log_dir.mkdir(parents=True)
    old, young = settings.log_dir / "web-1.jsonl.2", settings.log_dir / "web-2.jsonl"
    other = settings.log_dir / "notes.txt"
    for path in (old, young, other):
        path.write_text("")
    ancient = time.time() - KEEP.total_seconds() - 1
    for path in (old, other):
        os.utime(path, (ancient, ancient))
    configure("web", settings)
    assert not old.exists()
    assert young.exists()
    assert other.exists()


def test_where_the_folder_cannot_be_written_it_is_said_once(
    settings: Settings, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").write_text("")
    configure("web", replace(settings, log_dir=tmp_path / "file/logs"))
    log.warning("goes on")
    log.warning("and on")
    said = capsys.readouterr().err
    assert said.count("file/logs cannot be written") == 1
    assert "goes on" in said
    assert "and on" in said


def test_where_the_disk_fills_up_later_it_is_said_once(
    settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    configure("web", settings)
    (file,) = [h for h in logging.getLogger().handlers if isinstance(h, RotatingFileHandler)]
    full = open("/dev/full", "w")  # noqa: SIM115, PTH123 - the handler closes it
    whole, file.stream = file.stream, full
    log.warning("goes on")
    log.warning("and on")
    said = capsys.readouterr().err
    assert said.count("cannot be written") == 1
    assert "and on" in said
    file.stream = whole
    with suppress(OSError):
        full.close()


def test_fields_stand_beside_the_words(
    settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    path = configure("web", settings)
    fields = {"request": {"path": "/tasks", "token": "abc"}}
    log.info("GET /tasks", extra={"fields": fields})
    line = json.loads(path.read_text())
    assert line["message"] == "GET /tasks"
    assert line["request"] == {"path": "/tasks", "token": "***"}
    assert "GET /tasks" in capsys.readouterr().err
