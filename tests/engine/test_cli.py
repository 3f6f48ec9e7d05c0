"""The command line: what it prints, and the exit codes 0, 1, 2 and 75."""

from __future__ import annotations

import json
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from app import actions, reads
from app.settings import current_settings
from app.system import System
from tests.engine.executing import worker_environment
from tests.engine.stage import queued, record_all, rows
from tests.engine.terminal import Command
from tests.engine.test_screens import write
from tests.fixtures import OPERATOR
from tests.processes import start_process


@pytest.fixture
def redis_is_away(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("REDIS_URL", f"unix://{tmp_path}/nobody.sock")
    current_settings.cache_clear()


# --- wrong use: 2 --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "arguments",
    [
        ("conjure",),
        ("tasks", "conjure"),
        ("tasks", "show"),
        ("tasks", "pause", "greet"),
        ("runs", "list", "-n", "many"),
    ],
)
def test_what_is_no_command_is_wrong_use(rota: Command, arguments: tuple[str, ...]) -> None:
    answer = rota(*arguments)
    assert answer.code == 2
    assert "usage:" in answer.err


def test_an_unknown_task_is_wrong_use(rota: Command) -> None:
    for verb in ("show", "run", "trigger", "resume", "next"):
        answer = rota("tasks", verb, "nobody")
        assert answer.code == 2
        assert answer.err == "error: There is no task named “nobody”.\n"


def test_wrong_arguments_are_told_one_by_one(rota: Command) -> None:
    answer = rota("tasks", "trigger", "greet", "--arg", "times=many", "--arg", "nome=Ada")
    assert answer.code == 2
    assert "  times: " in answer.err
    assert "  nome: " in answer.err
    answer = rota("tasks", "trigger", "greet", "--arg", "times")
    assert (answer.code, "write NAME=VALUE" in answer.err) == (2, True)
    answer = rota("tasks", "trigger", "greet", "--at", "noon")
    assert (answer.code, "write a time such as" in answer.err) == (2, True)


# --- done: 0 -------------------------------------------------------------------------------------


def test_help_names_every_command(rota: Command) -> None:
    answer = rota("--help")
    assert answer.code == 0
    for word in ("web", "worker", "scheduler", "release", "check", "tasks", "runs", "pause"):
        assert word in answer.out


def test_tasks_are_listed_with_state_and_schedule(rota: Command, sqlite_system: System) -> None:
    actions.pause(sqlite_system, OPERATOR, "greet", "holiday")
    answer = rota("tasks", "list")
    assert answer.code == 0
    table = {line.split()[0]: line for line in answer.out.splitlines()}
    assert "paused" in table["greet"]
    assert "active" in table["morning"]
    assert "by hand" in table["fails"]


def test_json_is_what_the_api_answers(rota: Command) -> None:
    listed = json.loads(rota("tasks", "list", "--json").out)
    assert listed["total"] == len(listed["tasks"])
    shown = json.loads(rota("tasks", "show", "greet").out)
    assert shown in listed["tasks"]
    assert shown["schedule"]["every_seconds"] == 1800
    assert shown["parameters"]["properties"]["name"]["default"] == "world"


def test_the_next_fire_times_are_in_the_schedule_s_zone(rota: Command) -> None:
    answer = rota("tasks", "next", "morning", "-n", "3")
    assert answer.code == 0
    first, *times = answer.out.splitlines()
    assert "09:00" in first or "9" in first
    assert len(times) == 3
    assert all("T09:00:00-0" in time for time in times)
    assert len(json.loads(rota("tasks", "next", "morning", "--json").out)["fire_times"]) == 10


def test_a_schedule_gets_its_limits_from_the_command_line(
    rota: Command, sqlite_system: System
) -> None:
    limits = ("--start", "2030-01-01T00:00:00Z", "--end", "2031-01-01T00:00:00Z", "--max-runs", "5")
    assert rota("tasks", "reschedule", "greet", "--every", "1h", *limits).code == 0
    schedule = json.loads(rota("tasks", "show", "greet").out)["schedule"]
    assert (schedule["start"], schedule["max_runs"]) == ("2030-01-01T00:00:00Z", 5)
    before = rows(sqlite_system, "SELECT definition, revision FROM schedules")
    for wrong in (
        ("--max-runs", "0"), ("--max-runs", "-1"), ("--max-runs", "1.5"),
        ("--end", "2020-01-01T00:00:00Z"), ("--end", "soon"), ("--end", "2031-01-01T00:00:00"),
        ("--start", "2031-01-01T00:00:00Z", "--end", "2030-01-01T00:00:00Z"),
    ):  # fmt: skip
        answer = rota("tasks", "reschedule", "greet", "--every", "1h", *wrong)
        assert answer.code != 0, wrong
        assert answer.err, wrong
    assert rows(sqlite_system, "SELECT definition, revision FROM schedules") == before


def test_a_trigger_is_queued_by_who_is_at_the_terminal(
    rota: Command, sqlite_system: System
) -> None:
    answer = rota("tasks", "trigger", "greet", "--arg", "times=2", "--arg", "name=Ada")
    assert answer.code == 0
    run_id, status = answer.out.split()
    assert (queued(sqlite_system.redis), status) == ([run_id], "queued")
    run = reads.run(sqlite_system, run_id)
    assert run.arguments == {"times": 2, "name": "Ada"}
    assert (run.trigger, run.triggered_by) == ("cli", "olga")


def test_a_pause_and_its_end(rota: Command, sqlite_system: System) -> None:
    until = (datetime.now(UTC) + timedelta(hours=1)).isoformat()
    answer = rota("tasks", "pause", "greet", "--reason", "holiday", "--until", until)
    assert (answer.code, answer.out) == (0, "greet is paused.\n")
    assert reads.task(sqlite_system, "greet", datetime.now(UTC)).state == "paused"
    assert rota("tasks", "resume", "greet").code == 0
    answer = rota("tasks", "resume", "greet")
    assert answer.code == 1
    assert answer.err == "error: greet is active: only what is paused can be resumed.\n"


def test_everything_is_paused_and_goes_on(rota: Command) -> None:
    assert rota("pause", "--reason", "move of the office").out == "Everything is paused.\n"
    assert rota("resume").out == "Everything goes on.\n"


def test_runs_are_listed_and_shown(rota: Command, sqlite_system: System) -> None:
    run_id = actions.trigger(sqlite_system, OPERATOR, "greet").run_id
    record_all(sqlite_system)
    assert run_id in rota("runs", "list").out
    assert run_id in rota("runs", "list", "--task", "greet", "--status", "queued").out
    assert run_id not in rota("runs", "list", "--status", "failed").out
    assert json.loads(rota("runs", "show", run_id).out)["status"] == "queued"
    assert json.loads(rota("runs", "list", "--json").out)["runs"][0]["run_id"] == run_id
    assert rota("runs", "list", "--status", "odd").code == 2
    assert rota("runs", "show", "nobody").code == 2


# --- run here ------------------------------------------------------------------------------------


def test_a_task_runs_here_and_its_log_is_kept(rota: Command, redis_is_away: None) -> None:
    answer = rota("tasks", "run", "greet", "--arg", "name=Ada")
    assert answer.code == 0
    first, *rest = answer.out.splitlines()
    run_id, kind = first.split()
    assert kind == "succeeded"
    assert json.loads("\n".join(rest)) == {"greeted": 1, "words": ["Ada"]}
    assert "hello Ada, calm" in rota("runs", "logs", run_id).out


def test_a_task_that_fails_here_is_exit_code_one_with_its_traceback(rota: Command) -> None:
    answer = rota("tasks", "run", "fails")
    assert answer.code == 1
    assert "ValueError: no such luck" in answer.err


def test_a_task_that_skips_here_is_exit_code_zero(rota: Command) -> None:
    answer = rota("tasks", "run", "skips")
    assert answer.code == 0
    assert "skipped: not configured: set GREETING" in answer.out


def test_what_is_not_due_does_not_run(rota: Command, sqlite_system: System) -> None:
    answer = rota("tasks", "run", "fails", "--if-due")
    assert (answer.code, answer.out) == (0, "fails is not due.\n")
    # `tick` fires every second, so it is always due.
    answer = rota("tasks", "run", "tick", "--if-due")
    assert answer.code == 0
    (row,) = rows(sqlite_system, "SELECT trigger, fire_time FROM runs")
    assert row["trigger"] == "schedule"
    assert row["fire_time"] is not None


# --- failed: 1, try later: 75 --------------------------------------------------------------------


def test_wrong_settings_are_exit_code_one(rota: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TIMEZONE", "Berlin")
    current_settings.cache_clear()
    answer = rota("tasks", "list")
    assert answer.code == 1
    assert "TIMEZONE=Berlin is not an IANA time zone" in answer.err


def test_a_database_that_was_not_migrated_says_what_to_do(
    rota: Command, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("DATABASE_URL", f"sqlite:///{tmp_path}/new.sqlite3")
    current_settings.cache_clear()
    answer = rota("tasks", "list")
    assert answer.code == 1
    assert "run `python -m app release` first" in answer.err


def test_a_database_that_is_away_is_to_be_tried_later(
    rota: Command, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("DATABASE_URL", f"postgresql://nobody@/none?host={tmp_path}")
    current_settings.cache_clear()
    answer = rota("tasks", "list")
    assert answer.code == 75
    assert "The database is away" in answer.err


def test_with_redis_away_an_act_is_pending_and_lists_still_come(
    rota: Command, redis_is_away: None
) -> None:
    answer = rota("tasks", "trigger", "greet")
    assert answer.code == 0
    assert answer.out.split()[1] == "pending"
    assert rota("tasks", "list").code == 0
    for words in (
        ("pause", "--reason", "so"),
        ("tasks", "pause", "greet", "--reason", "so"),
        ("tasks", "reschedule", "greet", "--every", "1h"),
        ("tasks", "resume", "greet"),
    ):
        assert "takes effect when Redis is back" in rota(*words).out, words


def test_a_release_without_redis_is_released_but_to_be_tried_later(
    rota: Command, redis_is_away: None
) -> None:
    assert rota("release").code == 75


def test_a_release_says_what_changed(rota: Command) -> None:
    answer = rota("release")
    assert answer.code == 0
    assert "Release 1: 10 tasks, 0 schedules changed" in answer.err


# --- check ---------------------------------------------------------------------------------------


def test_check_shows_every_setting_and_what_is_wrong(rota: Command) -> None:
    answer = rota("check")
    assert "TIMEZONE                 UTC" in answer.out
    assert "3 schedules" in answer.out
    assert "ok     Database" in answer.out
    # The tests' server keeps nothing on disk, which check does not let pass.
    assert answer.code == 1
    assert "WRONG  Redis: nothing is persisted" in answer.out
    assert "appendonly yes" in answer.out


def test_check_says_when_a_service_is_away(rota: Command, redis_is_away: None) -> None:
    answer = rota("check")
    assert answer.code == 1
    assert "WRONG  Redis: Redis is away" in answer.out


def test_check_says_when_migrations_are_missing(
    rota: Command, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("DATABASE_URL", f"sqlite:///{tmp_path}/new.sqlite3")
    current_settings.cache_clear()
    answer = rota("check")
    assert answer.code == 1
    assert "WRONG  Database: migrations are missing" in answer.out


# --- as a process --------------------------------------------------------------------------------


def test_the_exit_code_is_the_process_s(sqlite_system: System) -> None:
    environment = worker_environment(sqlite_system, ("tests.samples",))
    processes = {
        code: start_process([sys.executable, "-m", "app", *arguments], environment)
        for code, arguments in [(2, ["tasks", "show", "nobody"]), (0, ["tasks", "show", "greet"])]
    }
    for code, process in processes.items():
        assert process.wait(20) == code, process.output


def test_who_reads_only_the_first_line_is_no_error(sqlite_system: System) -> None:
    environment = worker_environment(sqlite_system, ("tests.samples",))
    command = f"{sys.executable} -m app tasks list --json | head -1"
    process = start_process(["sh", "-c", f"{command}; true"], environment)
    assert process.wait(20) == 0
    assert "Traceback" not in process.output
    assert "BrokenPipe" not in process.output


def test_the_next_fire_times_of_a_paused_task_are_told_as_what_they_are(
    rota: Command, sqlite_system: System
) -> None:
    assert "paused" not in rota("tasks", "next", "morning").out
    actions.pause(sqlite_system, OPERATOR, "morning", "quota")
    answer = rota("tasks", "next", "morning")
    assert "It is paused (olga: quota); none of these fires meanwhile." in answer.out
    actions.resume(sqlite_system, OPERATOR, "morning")
    actions.pause_everything(sqlite_system, OPERATOR, "moving")
    assert "Everything is paused" in rota("tasks", "next", "morning").out


def test_a_list_of_runs_says_why_one_failed(rota: Command, sqlite_system: System) -> None:
    error = {"type": "KeyError", "message": "'x'\nand more", "traceback": "", "fingerprint": "f"}
    write(sqlite_system, "bad", datetime.now(UTC), status="failed", error=error)
    assert "KeyError: 'x'" in rota("runs", "list").out
