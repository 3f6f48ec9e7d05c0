"""A run that logs 10,000 lines a second: what it costs the run, and Redis."""

from __future__ import annotations

from typing import Any

import pytest

from app import keys, reads
from app.run_log import MOST_BYTES, MOST_LINES
from app.system import System
from tests.worker.crews import burst, ended, trigger
from tests.worker.talking import LINES_A_SECOND

SECONDS = 10
# What a list and its entries take beside the text.
OVERHEAD = 2


@pytest.mark.long
def test_a_run_that_logs_very_fast_is_hardly_slower_and_its_log_is_cut(
    worker_system: System,
) -> None:
    run_id = trigger(worker_system, "talks_fast", {"seconds": SECONDS})
    burst(worker_system, timeout=180)
    taken = ended(worker_system, run_id).result
    assert isinstance(taken, dict)
    ratio = taken["aloud"] / taken["silent"]
    print(f"with {LINES_A_SECOND:,} lines a second it takes {ratio:.2f} times as long")
    assert ratio < 2
    page = reads.run_log(worker_system, run_id, 0)
    assert page.dropped
    assert page.lines
    kept: Any = worker_system.redis.llen(keys.log(run_id))
    assert kept <= MOST_LINES
    assert kept + page.dropped == SECONDS * LINES_A_SECOND
    used: Any = worker_system.redis.memory_usage(keys.log(run_id), samples=0)
    assert used <= MOST_BYTES * OVERHEAD
