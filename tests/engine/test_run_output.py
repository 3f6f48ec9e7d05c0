"""What a run says while it executes, and what it leaves behind."""

from __future__ import annotations

import os
from pathlib import Path

from app import actions, keys, reads
from app.system import System
from tests.engine.executing import Executed, start_worker
from tests.fixtures import OPERATOR
from tests.processes import wait_until


def messages(executed: Executed, name: str) -> list[tuple[str, str]]:
    return [(line.level, line.message) for line in executed.log(name).lines]


def test_log_lines_of_a_run_are_kept_with_it(executed: Executed) -> None:
    assert messages(executed, "greets") == [("INFO", "hello Ada, calm")] * 2
    executed.system.redis.delete(keys.log(executed.ids["greets"]))
    assert messages(executed, "greets") == [("INFO", "hello Ada, calm")] * 2


def test_what_a_task_prints_is_in_its_log(executed: Executed) -> None:
    assert messages(executed, "prints") == [
        ("INFO", "to stdout"),
        ("INFO", "and more"),
        ("WARNING", "to stderr"),
        ("INFO", "no end of line"),
    ]


def test_of_ten_thousand_lines_the_first_are_kept_and_the_others_counted(
    executed: Executed,
) -> None:
    assert executed.run("chatters").status == "succeeded"
    page = executed.log("chatters")
    assert [line.message for line in page.lines] == [f"line {n}" for n in range(1000)]
    page = executed.log("chatters", after=page.next)
    assert [line.message for line in page.lines] == [f"line {n}" for n in range(1000, 2000)]
    assert (page.dropped, page.complete) == (8_000, True)


def test_lines_and_progress_show_while_the_run_goes_on(ends_system: System) -> None:
    run_id = actions.trigger(ends_system, OPERATOR, "reports", {"seconds": 30}).run_id
    start_worker(ends_system)
    wait_until(lambda: reads.run_log(ends_system, run_id).lines, 10, "a live log line")
    wait_until(lambda: reads.run(ends_system, run_id).progress, 5, "the progress")
    run = reads.run(ends_system, run_id)
    assert run.status == "running"
    assert run.progress
    assert (run.progress.done, run.progress.total, run.progress.message) == (1, 4, "first of four")


def test_what_no_database_takes_is_written_in_another_form(executed: Executed) -> None:
    run = executed.run("says what no database takes")
    assert run.status == "succeeded"
    assert run.result == {"zero \\x00": "half \\ud800"}
    assert messages(executed, "says what no database takes") == [
        ("INFO", "zero \\x00 half \\ud800")
    ]


def test_a_failure_that_no_database_takes_is_written_in_another_form(executed: Executed) -> None:
    error = executed.run("fails with what no database takes").error
    assert error
    assert error.message == "zero \\x00 half \\ud800"


def test_the_lines_are_in_the_worker_s_own_file_under_the_run_s_id(executed: Executed) -> None:
    files = executed.system.settings.log_dir.glob("worker-*.jsonl")
    lines = [line for file in files for line in file.read_text().splitlines()]
    own = [line for line in lines if executed.ids["greets"] in line]
    assert any("hello Ada, calm" in line for line in own)


def test_a_child_left_behind_does_not_keep_the_run_waiting(executed: Executed) -> None:
    run = executed.run("leaves a child behind")
    assert (run.status, run.result) == ("succeeded", "the parent is done")
    assert run.duration_seconds is not None
    assert run.duration_seconds < 5


def test_a_child_left_behind_does_not_hide_a_death(executed: Executed) -> None:
    run = executed.run("dies and leaves a child behind")
    assert run.error
    assert (run.status, run.error.type) == ("failed", "Exited")
    assert run.duration_seconds is not None
    assert run.duration_seconds < 5


def test_a_program_left_behind_ends_with_the_run(executed: Executed) -> None:
    process_id = executed.run("leaves a program behind").result
    assert isinstance(process_id, int)
    wait_until(lambda: not _alive(process_id), 2, "the program's end")


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return "Z" not in Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
