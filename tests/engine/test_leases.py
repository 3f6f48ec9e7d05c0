"""A lock in SQL: one holder, until it ends or its time is over."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest

from app.errors import Conflict
from app.leases import lease
from app.system import System
from tests.engine.stage import rows


def test_one_holds_it_and_the_other_is_told(system: System) -> None:
    with lease(system.database, "task greet", 60):
        with (
            pytest.raises(Conflict, match="task greet is in progress elsewhere"),
            lease(system.database, "task greet", 60),
        ):
            pass
        with lease(system.database, "task morning", 60):
            pass


def test_it_is_free_when_its_block_ends_also_by_an_error(sqlite_system: System) -> None:
    with pytest.raises(ZeroDivisionError), lease(sqlite_system.database, "x", 60):
        raise ZeroDivisionError
    with lease(sqlite_system.database, "x", 60):
        pass
    assert rows(sqlite_system, "SELECT * FROM leases") == []


def test_a_holder_that_died_is_waited_out(system: System) -> None:
    died = lease(system.database, "x", 0.2)
    died.__enter__()
    with pytest.raises(Conflict), lease(system.database, "x", 60):
        pass
    time.sleep(0.25)
    with lease(system.database, "x", 60):
        pass


def test_who_comes_back_late_does_not_free_the_lease_of_another(sqlite_system: System) -> None:
    late = lease(sqlite_system.database, "x", 0.1)
    late.__enter__()
    time.sleep(0.15)
    with lease(sqlite_system.database, "x", 60):
        late.__exit__(None, None, None)
        with pytest.raises(Conflict), lease(sqlite_system.database, "x", 60):
            pass


def test_of_eight_who_ask_at_once_one_gets_it(system: System) -> None:
    start, done = Barrier(8), Barrier(8)

    def ask(_: int) -> bool:
        start.wait()
        try:
            with lease(system.database, "x", 60):
                done.wait()
                return True
        except Conflict:
            done.wait()
            return False

    with ThreadPoolExecutor(8) as threads:
        assert sum(threads.map(ask, range(8))) == 1
