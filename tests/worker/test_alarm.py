"""Something done again and again while the main thread waits."""

from __future__ import annotations

import signal
import time

import pytest

from app.alarm import repeated


def test_it_is_done_while_the_block_waits_and_never_after() -> None:
    done: list[float] = []
    with repeated(0.02, lambda: done.append(time.monotonic())):
        time.sleep(0.1)
    count = len(done)
    time.sleep(0.05)
    assert count >= 2
    assert len(done) == count


def test_however_the_block_ends_no_alarm_is_left() -> None:
    # At the end of a process nobody handles it any more, and it would kill.
    before = signal.getsignal(signal.SIGALRM)
    with pytest.raises(ValueError, match="wrong"), repeated(0.02, lambda: None):
        raise ValueError("wrong")
    assert signal.getitimer(signal.ITIMER_REAL) == (0.0, 0.0)
    assert signal.getsignal(signal.SIGALRM) == before
