"""A stranger's first hour, on the real processes."""

from __future__ import annotations

import csv
import time
from pathlib import Path

import pytest

from tests.processes import kill, wait_until
from tests.running import RunningSystem

pytestmark = pytest.mark.timeout(240)

CANDIDATES = 1000


@pytest.fixture(scope="module")
def candidates(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A CSV of a thousand candidates with an application each."""
    path = tmp_path_factory.mktemp("csv") / "candidates.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["First Name", "Last Name", "E-mail", "Phone", "Job title", "Status"])
        for number in range(CANDIDATES):
            writer.writerow(
                [f"Ada{number}", f"Nguyen{number}", f"ada{number}@example.org",
                 f"+4930{number:06}", "Data Engineer", "active"]
            )  # fmt: skip
    return path


def test_imported_candidates_reach_the_sheet_once(
    running_system: RunningSystem, candidates: Path
) -> None:
    imported = running_system.command("app", "import", str(candidates))
    assert imported.returncode == 0, imported.stderr
    again = running_system.command("app", "import", str(candidates))
    assert again.returncode == 0, again.stderr

    first = running_system.run_to_its_end("sync_to_sheets")
    assert first["status"] == "succeeded", first
    assert first["result"]["inserted"] == CANDIDATES
    second = running_system.run_to_its_end("sync_to_sheets")
    assert second["status"] == "succeeded"
    assert second["result"]["inserted"] == 0
    assert second["result"]["updated"] == 0
    assert second["result"]["unchanged"] == CANDIDATES

    sheet = running_system.api("GET", "/panels/sheet").json()
    assert sheet["content"]["table"]["total"] == CANDIDATES


def test_tasks_run_works_by_hand(running_system: RunningSystem) -> None:
    ran = running_system.command("app", "tasks", "run", "sync_to_sheets")
    assert ran.returncode == 0, ran.stderr
    assert "unchanged" in ran.stdout


def test_the_rq_command_line_lists_the_worker(running_system: RunningSystem) -> None:
    info = running_system.command(
        "rq.cli", "info", "--url", running_system.environment["REDIS_URL"]
    )
    assert info.returncode == 0, info.stderr
    assert "1 workers" in info.stdout


def test_every_killed_process_can_be_started_again(running_system: RunningSystem) -> None:
    for name in ("web", "worker", "scheduler"):
        kill(running_system.processes[name], group=True)
        running_system.processes[name].end()
        running_system.start(name)
    wait_until(lambda: _is_ok(running_system), 30, "everything to be well again")
    assert running_system.run_to_its_end("sync_to_sheets")["status"] == "succeeded"


def test_pausing_and_resuming_a_task_over_the_api(running_system: RunningSystem) -> None:
    paused = running_system.api("POST", "/tasks/sync_to_sheets/pause", {"reason": "month end"})
    assert paused.status_code == 200, paused.text
    assert paused.json()["state"] == "paused"
    assert paused.json()["next_run_at"] is None
    resumed = running_system.api("POST", "/tasks/sync_to_sheets/resume")
    assert resumed.json()["state"] == "active"
    assert resumed.json()["next_run_at"] > time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())


def _is_ok(running: RunningSystem) -> bool:
    try:
        overview = running.api("GET", "/tasks/status/overview").json()
    except OSError:
        return False
    return overview["scheduler"]["leader"] is not None and overview["workers"]["total"] >= 1
