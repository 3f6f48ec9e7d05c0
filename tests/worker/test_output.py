"""What a run writes past Python's streams is in its log, under the same cap."""

from __future__ import annotations

from app import reads
from app.run_log import MOST_LINES
from app.system import System
from tests.worker.crews import burst, ended, trigger


def test_what_is_written_straight_to_the_descriptors_is_in_the_log(worker_system: System) -> None:
    run_id = trigger(worker_system, "writes_past_python")
    later = trigger(worker_system, "behaves", {"number": 4})
    burst(worker_system)
    assert ended(worker_system, run_id).result == "written"
    said = [
        (line.logger, line.level, line.message)
        for line in reads.run_log(worker_system, run_id, 0).lines
    ]
    assert [message for name, _, message in said if name == "stdout"] == [
        "straight to 1",
        "half a line",
        "from a program",
        "from C",
        "the last word",
    ]
    assert [(level, message) for name, level, message in said if name == "stderr"] == [
        ("WARNING", "straight to 2"),
        ("WARNING", "no end of line"),
    ]
    assert ended(worker_system, later).result == 4
    messages = [line.message for line in reads.run_log(worker_system, later, 0).lines]
    assert messages == ["good number 4"]


def test_a_flood_past_python_is_cut_and_the_cut_stated(worker_system: System) -> None:
    run_id = trigger(worker_system, "floods_past_python")
    burst(worker_system)
    run = ended(worker_system, run_id)
    assert run.status == "succeeded"
    page = reads.run_log(worker_system, run_id, 0)
    # The last of them has lost its end.
    assert MOST_LINES + page.dropped == 50_000_000 // len("flood\n") + 1
