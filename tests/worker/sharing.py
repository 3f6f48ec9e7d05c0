"""Tasks whose runs share a process."""

from __future__ import annotations

import asyncio
import ctypes
import json
import logging
import os
import signal
import subprocess
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from app import current_run, progress, task

log = logging.getLogger(__name__)


@task(overlap="allow", threads=4)
def shared_waits(seconds: float = 0.5) -> list[int]:
    """Wait in a thread; return the process and how many of these were there."""
    time.sleep(seconds)
    return [os.getpid(), sum(t.name.startswith("shared_waits--") for t in threading.enumerate())]


@task(overlap="allow")
async def shared_awaits(seconds: float = 0.5) -> int:
    """Wait in the event loop; return the process."""
    await asyncio.sleep(seconds)
    return os.getpid()


@task(overlap="allow", max_async=1)
async def shared_awaits_alone() -> int:
    """Return the process of a coroutine that shares none."""
    return os.getpid()


@task(overlap="allow", threads=8)
def shared_says(word: str) -> str:
    """Log, print and report a word, also from threads of its own."""
    for _ in range(20):
        log.info("logged %s", word)
        print(f"printed {word}")
        time.sleep(0.005)
    own = threading.Thread(target=log.info, args=("from a thread %s", word))
    own.start()
    own.join()
    with ThreadPoolExecutor(1) as pool:
        pool.submit(log.info, "from a pool %s", word).result()
    progress(1, 2, word)
    return current_run().run_id


@task(overlap="allow")
async def shared_says_async(word: str) -> str:
    """Log and print a word, also from what it starts."""

    async def more() -> None:
        log.info("from a coroutine %s", word)

    for _ in range(20):
        log.info("logged %s", word)
        print(f"printed {word}")
        await asyncio.sleep(0.005)
    await asyncio.gather(more(), more())
    await asyncio.to_thread(log.info, "from a thread %s", word)
    return current_run().run_id


@task(overlap="allow", threads=4, timeout="1s")
def shared_waits_too_long() -> None:
    """Wait past its time-out, in short steps."""
    while True:
        time.sleep(0.01)


@task(overlap="allow", timeout="1s")
async def shared_awaits_too_long() -> None:
    """Wait past its time-out in the event loop."""
    await asyncio.sleep(60)


@task(overlap="allow", threads=4, timeout="1s")
def shared_does_not_let_go() -> None:
    """Stay in native code past its time-out."""
    ctypes.CDLL(None).sleep(60)


@task(overlap="allow", threads=4)
def shared_crashes(after: float = 0.5) -> None:
    """Read where nothing is."""
    time.sleep(after)
    ctypes.string_at(0)


@task(overlap="allow", threads=4)
def shared_leaves(after: float = 0.5) -> None:
    """End the process without a word."""
    time.sleep(after)
    os._exit(3)


@task(overlap="allow", threads=4)
def shared_is_killed(marker: str) -> str:
    """Be killed by the kernel, the first time."""
    if not os.path.exists(marker):  # noqa: PTH110 - one step
        time.sleep(0.5)
        open(marker, "w").close()  # noqa: PTH123 - likewise
        os.kill(os.getpid(), 9)
    return f"alone {len([t for t in threading.enumerate() if '--' in t.name]) == 0}"


@task(overlap="allow", threads=4)
def shared_asks_to_stop() -> str:
    """Wait until it is asked to stop."""
    while not current_run().stop_requested:
        time.sleep(0.01)
    return "saved"


@task(overlap="allow")
def has_its_own(seconds: float = 0.0) -> int:
    """Return the process of a task that shares none."""
    time.sleep(seconds)
    return os.getpid()


def _spawned(told: str) -> None:
    """Start programs that want to survive, and note their ids in a file."""
    plain = subprocess.Popen(["sleep", "300"])
    apart = subprocess.Popen(["env", "-i", "sleep", "301"], start_new_session=True)
    script = "setsid sleep 302 >/dev/null 2>&1 & echo $!"
    daemon = subprocess.run(["sh", "-c", script], capture_output=True, text=True, check=True)
    note = Path(told + ".new")
    note.write_text(json.dumps([plain.pid, apart.pid, int(daemon.stdout)]))
    note.rename(told)


@task()
def spawns_and_waits(told: str) -> None:
    """Start programs and wait in Python."""
    _spawned(told)
    time.sleep(60)


@task()
def spawns_and_hangs(told: str) -> None:
    """Start programs and hang in native code, deaf to signals."""
    _spawned(told)
    signal.pthread_sigmask(signal.SIG_BLOCK, range(1, signal.NSIG))
    ctypes.CDLL(None).sleep(60)


@task(threads=2)
def shared_spawns(told: str) -> None:
    """Start programs from a thread."""
    _spawned(told)
    time.sleep(60)


@task(overlap="allow", threads=4)
def shared_works(seconds: float) -> None:
    """Use processor time in a thread."""
    end = time.thread_time() + seconds
    while time.thread_time() < end:
        pass


@task(overlap="allow")
async def shared_awaits_deeply(seconds: float) -> None:
    """Wait three coroutines deep."""

    async def middle() -> None:
        await innermost()

    async def innermost() -> None:
        await asyncio.sleep(seconds)  # the innermost

    await middle()
