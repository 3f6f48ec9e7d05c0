"""Many kinds of badly behaved job, each between two good ones, in one worker."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from app import reads
from app.system import System
from app.views import RunView
from tests.engine.stage import record_all
from tests.fixtures import open_system, release
from tests.processes import Process, end_all, wait_until
from tests.servers import RedisServer
from tests.worker.crews import MODULES, alive, start_worker, status, trigger, wait_for

MEMORY_MB = "2000"

# Task -> status, kind of error, words of its message or reason.
ENDS = {
    "segfaults": ("failed", "Killed", "SIGSEGV: native code crashed"),
    "exits_at_once": ("failed", "Exited", "exit code 0"),
    "leaves_the_interpreter": ("failed", "SystemExit", "1"),
    "interrupts": ("failed", "KeyboardInterrupt", ""),
    "raises_the_base": ("failed", "Odd", "odd"),
    "recurses": ("failed", "RecursionError", "maximum recursion depth"),
    "loops": ("failed", "TimedOut", "time-out of 1 s and was ended"),
    "loops_catching": ("failed", "TimedOut", "time-out of 1 s and was ended"),
    "hangs_in_c": ("failed", "TimedOut", "did not let itself end"),
    "eats_memory": ("failed", "OutOfMemory", "raise the worker's memory limit"),
    "returns_an_object": ("succeeded", None, "not JSON"),
    "returns_sixty_megabytes": ("succeeded", None, "60,000,002 bytes was left out"),
    "fails_with_half_a_character": ("failed", "ValueError", "half \\ud800"),
    "breaks_its_surroundings": ("succeeded", None, ""),
    "closes_every_descriptor": ("failed", "LineLost", "descriptor"),
    "writes_into_descriptors": ("succeeded", None, ""),
    "floods": ("succeeded", None, ""),
    "spawns": ("succeeded", None, ""),
}


@dataclass
class Sequence:
    """What one worker made of good, bad, good, bad, …, good."""

    system: System
    worker: Process
    good: list[str]
    bad: dict[str, str]

    def run(self, task_id: str) -> RunView:
        return reads.run(self.system, self.bad[task_id])


@pytest.fixture(scope="module")
def sequence(server_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sequence]:
    folder = tmp_path_factory.mktemp("misbehaving")
    server = RedisServer(server_folder / "misbehaving")
    server.start()
    database_url = f"sqlite:///{folder / 'rota.sqlite3'}"
    system = open_system(server.url, database_url, folder, task_modules=MODULES)
    release(system)
    good, bad = [trigger(system, "behaves", {"number": 0})], {}
    for number, task_id in enumerate(ENDS, 1):
        bad[task_id] = trigger(system, task_id)
        good.append(trigger(system, "behaves", {"number": number}))
    worker = start_worker(system, "--memory-limit", MEMORY_MB)
    wait_for(system, good[-1], "finished", timeout=50)
    record_all(system)
    yield Sequence(system, worker, good, bad)
    system.close()
    end_all()
    server.stop()


@pytest.fixture(autouse=True)
def end_of_processes() -> None:
    """The worker lives as long as the file's tests; their last one ends it."""


def test_every_good_one_finished(sequence: Sequence) -> None:
    runs = [reads.run(sequence.system, run_id) for run_id in sequence.good]
    assert [run.result for run in runs] == list(range(len(ENDS) + 1))


def test_the_worker_lives(sequence: Sequence) -> None:
    assert sequence.worker.alive
    assert "Traceback" not in sequence.worker.output


@pytest.mark.parametrize("task_id", ENDS)
def test_the_bad_one_is_recorded_with_its_true_cause(sequence: Sequence, task_id: str) -> None:
    expected, kind, words = ENDS[task_id]
    run = sequence.run(task_id)
    assert run.status == expected
    assert (run.error.type if run.error else None) == kind
    assert words in (run.error.message if run.error else run.reason or "")


def test_time_outs_are_kept_also_by_native_code(sequence: Sequence) -> None:
    for task_id, longest in (("loops", 2), ("loops_catching", 2), ("hangs_in_c", 8)):
        seconds = sequence.run(task_id).duration_seconds
        assert seconds is not None
        assert seconds < longest


def test_a_flood_is_cut_and_the_cut_stated(sequence: Sequence) -> None:
    page = reads.run_log(sequence.system, sequence.bad["floods"], 0)
    assert len(page.lines) > 0
    assert page.dropped > 28_000


def test_nothing_that_a_run_started_survives_it(sequence: Sequence) -> None:
    started = sequence.run("spawns").result
    assert isinstance(started, list)
    wait_until(lambda: not any(alive(pid) for pid in started), 2, "the end of what was started")


def test_a_run_that_kills_its_worker_waits_for_its_recovery(sequence: Sequence) -> None:
    run_id = trigger(sequence.system, "kills_its_worker")
    assert sequence.worker.wait(10) == -9
    assert status(sequence.system, run_id) == "started"
