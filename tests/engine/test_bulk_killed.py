"""A bulk act over real processes that are killed in the middle of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import insert

from app import actions, keys, reads
from app.records.database import writing
from app.records.schema import runs
from app.system import System
from tests.engine.survival import Site
from tests.fixtures import OPERATOR, open_system, release
from tests.processes import kill, wait_until
from tests.servers import RedisServer

pytestmark = [pytest.mark.long, pytest.mark.timeout(180)]
RUNS = 6_000
KILLS = 3


@pytest.fixture
def site(own_redis: RedisServer, sqlite_url: str, tmp_path: Path) -> Iterator[Site]:
    system = open_system(own_redis.url, sqlite_url, tmp_path)
    release(system)
    environment = {
        "REDIS_URL": own_redis.url,
        "DATABASE_URL": sqlite_url,
        "TASK_MODULES": "tests.samples",
        "DATA_DIR": str(tmp_path),
        "PYTHONPATH": str(Path.cwd()),
    }
    yield Site(system, environment, tmp_path)
    system.close()


def test_killed_in_the_middle_every_run_has_its_turn_exactly_once(site: Site) -> None:
    _failed(site.system, RUNS)
    bulk_id, total = actions.bulk(site.system, OPERATOR, "retry", "status:failed since:2d")
    assert total == RUNS
    site.start("scheduler")
    seen = 0
    for _ in range(KILLS):
        seen = wait_until(partial(_gone, site, bulk_id, seen), 30, "some runs' turn")
        kill(site.processes["scheduler"])
        site.start("scheduler")
    assert seen < RUNS, "it was over before the last kill"
    wait_until(lambda: _ended(site.system, bulk_id), 60, "the end of the bulk act")
    view = reads.bulk(site.system, bulk_id, datetime.now(UTC)).bulk
    assert (view.done, view.skipped, view.left) == (RUNS, 0, 0)
    found: Any = site.system.redis.lrange(keys.queue("default"), 0, -1)
    # Schedules fire meanwhile, into the same queue.
    queued = [run_id for run_id in found if run_id.startswith(b"greet--m")]
    assert len(queued) == len(set(queued)) == RUNS
    # The history says how often each was queued: revision 3 before, one event since.
    wait_until(
        lambda: not site.rows("SELECT 1 FROM runs WHERE status = 'failed' LIMIT 1"), 30, "the rows"
    )
    revisions = Counter(
        row.revision for row in site.rows("SELECT revision FROM runs WHERE run_id LIKE 'greet--m%'")
    )
    assert revisions == {4: RUNS}


def _failed(system: System, number: int) -> None:
    start = datetime.now(UTC) - timedelta(days=1)
    columns = {
        "task_id": "greet", "trigger": "manual", "queue": "default", "status": "failed",
        "attempt": 1, "revision": 3, "arguments": {},
    }  # fmt: skip
    with writing(system.database) as connection:
        connection.execute(
            insert(runs),
            [
                {"run_id": f"greet--m{place:05}", "at": start + timedelta(seconds=place), **columns}
                for place in range(number)
            ],
        )


def _gone(site: Site, bulk_id: str, seen: int) -> int | None:
    position = _position(site, bulk_id)
    return position if position > seen else None


def _position(site: Site, bulk_id: str) -> int:
    [row] = site.rows("SELECT position FROM bulks WHERE bulk_id = :id", id=bulk_id)
    return int(row.position)


def _ended(system: System, bulk_id: str) -> bool:
    return reads.bulk(system, bulk_id, datetime.now(UTC)).bulk.ended_at is not None
