"""What a run says while it executes, and what it leaves behind."""

from __future__ import annotations

import os
from pathlib import Path

from redis import Redis

from app import actions, keys, reads
from app.system import System
from tests.engine.executing import ends_system, run_now, start_worker  # noqa: F401 - a fixture
from tests.engine.stage import record_all
from tests.fixtures import OPERATOR
from tests.processes import wait_until


def messages(system: System, run_id: str) -> list[tuple[str, str]]:
    page = reads.run_log(system, run_id)
    return [(line.level, line.message) for line in page.lines]


def test_log_lines_of_a_run_are_kept_with_it(ends_system: System) -> None:
    run = run_now(ends_system, "greet", name="Ada", times=2)
    assert messages(ends_system, run.run_id) == [("INFO", "hello Ada, calm")] * 2
    ends_system.redis.flushall()
    assert messages(ends_system, run.run_id) == [("INFO", "hello Ada, calm")] * 2


def test_what_a_task_prints_is_in_its_log(ends_system: System) -> None:
    run = run_now(ends_system, "prints")
    assert messages(ends_system, run.run_id) == [
        ("INFO", "to stdout"),
        ("INFO", "and more"),
        ("WARNING", "to stderr"),
        ("INFO", "no end of line"),
    ]


def test_of_ten_thousand_lines_the_first_are_kept_and_the_others_counted(
    ends_system: System,
) -> None:
    run = run_now(ends_system, "chatters", lines=10_000)
    assert run.status == "succeeded"
    page = reads.run_log(ends_system, run.run_id)
    assert [line.message for line in page.lines] == [f"line {n}" for n in range(1000)]
    page = reads.run_log(ends_system, run.run_id, after=page.next)
    assert [line.message for line in page.lines] == [f"line {n}" for n in range(1000, 2000)]
    assert (page.dropped, page.complete) == (8_000, True)


def test_lines_and_progress_show_while_the_run_goes_on(ends_system: System) -> None:
    run_id = actions.trigger(ends_system, OPERATOR, "reports", {"seconds": 30}).run_id
    worker = start_worker(ends_system)
    wait_until(lambda: reads.run_log(ends_system, run_id).lines, 5, "a live log line")
    wait_until(lambda: reads.run(ends_system, run_id).progress, 5, "the progress")
    run = reads.run(ends_system, run_id)
    assert run.status == "running"
    assert run.progress
    assert (run.progress.done, run.progress.total, run.progress.message) == (1, 4, "first of four")
    worker.end()


def test_what_no_database_takes_is_written_in_another_form(ends_system: System) -> None:
    run = run_now(ends_system, "says_what_no_database_takes")
    assert run.status == "succeeded"
    assert run.result == {"zero \\x00": "half \\ud800"}
    assert messages(ends_system, run.run_id) == [("INFO", "zero \\x00 half \\ud800")]


def test_the_lines_are_in_the_worker_s_own_file_under_the_run_s_id(ends_system: System) -> None:
    run = run_now(ends_system, "greet", name="Ada")
    (file,) = ends_system.settings.log_dir.glob("worker-*.jsonl")
    lines = [line for line in file.read_text().splitlines() if run.run_id in line]
    assert any("hello Ada, calm" in line for line in lines)


def test_a_child_left_behind_does_not_keep_the_run_waiting(ends_system: System) -> None:
    run = run_now(ends_system, "leaves_a_child_behind")
    assert (run.status, run.result) == ("succeeded", "the parent is done")
    assert run.duration_seconds is not None
    assert run.duration_seconds < 3


def test_a_child_left_behind_does_not_hide_a_death(ends_system: System) -> None:
    run = run_now(ends_system, "dies_and_leaves_a_child_behind")
    assert run.error
    assert (run.status, run.error.type) == ("failed", "Exited")
    assert run.duration_seconds is not None
    assert run.duration_seconds < 3


def test_a_program_left_behind_ends_with_the_run(ends_system: System) -> None:
    run = run_now(ends_system, "leaves_a_program_behind")
    assert isinstance(run.result, int)
    wait_until(lambda: not _alive(run.result), 2, "the program's end")


def test_a_run_that_logs_too_much_survives_the_loss_of_redis(
    ends_system: System, redis: Redis
) -> None:
    # The count of lines left out must not make Redis look as if it still had the run.
    run_id = actions.trigger(ends_system, OPERATOR, "chatters_on", {"seconds": 12}).run_id
    worker = start_worker(ends_system)
    wait_until(lambda: redis.hget(keys.job(run_id), "rota_log_dropped"), 10, "lines left out")
    record_all(ends_system)
    redis.flushall()
    wait_until(lambda: redis.hget(keys.job(run_id), "status") == b"started", 8, "the readmission")
    worker.end()


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return "Z" not in Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
