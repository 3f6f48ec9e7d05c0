"""A Redis that accepts connections and answers nothing must not let runs go on past their end."""

from __future__ import annotations

import signal
import time
from pathlib import Path

import pytest

from tests.fixtures import open_system, release
from tests.processes import kill, wait_until
from tests.servers import RedisServer
from tests.worker.crews import MODULES, alive, children, start_worker, trigger, wait_for

pytestmark = pytest.mark.timeout(90)


def test_hard_time_outs_are_kept_while_redis_is_frozen(server_folder: Path, tmp_path: Path) -> None:
    server = RedisServer(server_folder / "frozen")
    server.start()
    system = open_system(server.url, f"sqlite:///{tmp_path / 'x'}", tmp_path, task_modules=MODULES)
    release(system)
    try:
        run_id = trigger(system, "hangs_in_c")
        worker = start_worker(system)
        wait_for(system, run_id, "started")
        begun = time.monotonic()
        below = children(worker.pid)
        server.kill(signal.SIGSTOP)
        wait_until(lambda: not all(alive(pid) for pid in below), 9, "the end of the child")
        assert 5 < time.monotonic() - begun < 7.5
        server.kill(signal.SIGCONT)
        wait_for(system, run_id, "failed", timeout=30)
        kill(worker, signal.SIGTERM)
        assert worker.wait(10) == 0
    finally:
        server.kill(signal.SIGCONT)
        system.close()
        server.stop()
