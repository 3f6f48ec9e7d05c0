"""Very many runs leave neither keys nor memory behind."""

from __future__ import annotations

import pytest

from app.system import System
from tests.worker.soaking import soak

MOST_DRIFT = 0.05


@pytest.mark.long
@pytest.mark.parametrize(
    "jobs",
    [
        pytest.param(20_000, id="small", marks=pytest.mark.timeout(300)),
        pytest.param(1_000_000, id="million", marks=pytest.mark.timeout(7_200)),
    ],
)
def test_so_many_jobs_leave_nothing_behind(worker_system: System, jobs: int) -> None:
    found = soak(worker_system, jobs, warm_up=jobs // 5)
    print(found)
    assert found.recorded == jobs
    assert not found.left
    if jobs >= 100_000:
        assert found.drift("worker") < MOST_DRIFT
        assert found.drift("scheduler") < MOST_DRIFT
