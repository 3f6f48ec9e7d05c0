"""Tasks that behave badly in many ways, and a good one."""

from __future__ import annotations

import ctypes
import logging
import os
import signal
import subprocess
import sys
import threading
import time
from contextlib import suppress

from app import current_run, task

log = logging.getLogger(__name__)


@task(overlap="allow")
def behaves(number: int = 0) -> int:
    """Return what it is given."""
    log.info("good number %d", number)
    return number


@task()
def segfaults() -> None:
    """Read where nothing is."""
    ctypes.string_at(0)


@task()
def exits_at_once() -> None:
    """End the process without a word."""
    os._exit(0)


@task()
def leaves_the_interpreter() -> None:
    """Ask the interpreter to end."""
    sys.exit(1)


@task()
def interrupts() -> None:
    """Raise what Ctrl-C raises."""
    raise KeyboardInterrupt


@task()
def raises_the_base() -> None:
    """Raise what no `except Exception` catches."""

    class Odd(BaseException):
        """No Exception."""

    raise Odd("odd")


@task()
def recurses() -> None:
    """Call itself without end."""
    recurses.function()


@task(timeout="1s")
def loops() -> None:
    """Never come to an end."""
    while True:
        pass


@task(timeout="1s")
def loops_catching() -> None:
    """Never come to an end, and catch every exception on the way."""
    while True:
        try:
            time.sleep(0.01)
        except Exception:
            log.info("caught")


@task(timeout="1s")
def hangs_in_c() -> None:
    """Block every signal and wait in native code."""
    signal.pthread_sigmask(signal.SIG_BLOCK, range(1, signal.NSIG))
    ctypes.CDLL(None).sleep(60)


@task()
def eats_memory() -> int:
    """Ask for more memory than anybody has."""
    return len(bytearray(8 * 1024**3))


@task()
def returns_an_object() -> object:
    """Return what no JSON can hold."""
    return object()


@task()
def returns_sixty_megabytes() -> str:
    """Return far more than is kept."""
    return "x" * 60_000_000


@task()
def fails_with_half_a_character() -> None:
    """Fail with half a surrogate pair."""
    raise ValueError("half \ud800")


@task()
def breaks_its_surroundings() -> None:
    """Close descriptors, leave the folder, empty the environment."""
    os.chdir("/")
    os.environ.clear()
    os.closerange(3, 256)


@task()
def closes_every_descriptor() -> None:
    """Close also the line to the worker."""
    os.closerange(3, 4096)


@task()
def writes_into_descriptors() -> str:
    """Write what looks like an end, and a command for Redis, wherever something is open."""
    for number in range(3, 64):
        for text in (b'["x","end",[["succeeded","forged",null,null],0,null]]\n', b"FLUSHALL\r\n"):
            with suppress(OSError):
                os.write(number, text)
    for number in range(3, 64):
        with suppress(OSError):
            os.close(number)
    return "its own"


@task()
def writes_past_python() -> str:
    """Write to stdout and stderr as C code and other programs do."""
    os.write(1, b"straight to 1\nhalf a ")
    os.write(1, b"line\n")
    os.write(2, b"straight to 2\n")
    subprocess.run(["sh", "-c", "echo from a program; echo no end of line >&2"], check=True)
    libc = ctypes.CDLL(None)
    libc.puts(b"from C")
    libc.fflush(None)
    os.write(1, b"the last word")
    return "written"


@task(timeout="20s")
def floods_past_python() -> int:
    """Write to stdout without measure and past Python."""
    return subprocess.run(["sh", "-c", "yes flood | head -c 50000000"], check=True).returncode


@task(timeout="20s")
def floods() -> int:
    """Log and print without measure."""
    for number in range(30_000):
        log.info("line %d", number)
    sys.stdout.write("x" * 5_000_000)
    return 30_000


@task(timeout="20s")
def spawns() -> list[int]:
    """Start programs that want to survive it, one of them in a session of its own."""
    plain = subprocess.Popen(["sleep", "300"])
    apart = subprocess.Popen(["sleep", "301"], start_new_session=True)
    daemon = subprocess.run(
        ["sh", "-c", "setsid sleep 302 >/dev/null 2>&1 & echo $!"],
        capture_output=True,
        text=True,
        check=True,
    )
    return [plain.pid, apart.pid, int(daemon.stdout)]


@task()
def kills_its_worker() -> None:
    """Kill its parent."""
    os.kill(os.getppid(), signal.SIGKILL)
    time.sleep(10)


# --- what may leak from one run to the next -------------------------------------------------------


@task()
def leaks() -> int:
    """Change all that a run may change of its process; return the process id."""
    os.chdir("/")
    os.environ["LEAKED"] = "1"
    os.environ.pop("PATH", None)
    os.umask(0o077)
    logging.getLogger().addHandler(logging.NullHandler())
    logging.getLogger().setLevel(logging.ERROR)
    logging.disable(logging.CRITICAL)
    signal.signal(signal.SIGUSR1, signal.SIG_IGN)
    signal.signal(signal.SIGALRM, signal.SIG_IGN)
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGALRM})
    sys.setrecursionlimit(500)
    sys.stdout = open(os.devnull, "w")  # noqa: SIM115, PTH123 - left behind on purpose
    return os.getpid()


@task()
def looks() -> dict[str, object]:
    """Return what a run finds of its process."""
    umask = os.umask(0o022)
    os.umask(umask)
    log.info("still logged")
    print("still printed")
    return {
        "pid": os.getpid(),
        "folder": os.getcwd(),  # noqa: PTH109 - the plain text is compared
        "leaked": os.environ.get("LEAKED"),
        "path": "PATH" in os.environ,
        "umask": umask,
        "handlers": len(logging.getLogger().handlers),
        "level": logging.getLogger().level,
        "recursion": sys.getrecursionlimit(),
        "run": current_run().run_id,
    }


@task(timeout="1s")
def waits_for_its_alarm() -> None:
    """Sleep past its time-out."""
    time.sleep(10)


@task()
def leaves_a_thread() -> int:
    """Leave a thread behind that goes on talking; return the process id."""

    def talk() -> None:
        while True:
            print("I am of an earlier run")
            time.sleep(0.01)

    threading.Thread(target=talk, daemon=True).start()
    return os.getpid()


@task(overlap="allow")
def tells_its_process() -> int:
    """Return the process id."""
    return os.getpid()


@task(overlap="allow", timeout="1m")
def naps(seconds: float = 0.5) -> float:
    """Sleep."""
    time.sleep(seconds)
    return seconds


@task(overlap="allow", timeout="1m")
def swallows_memory() -> int:
    """Hold much memory for a moment; return the process id."""
    return os.getpid() if bytearray(400 * 1024**2) else 0


# --- what may be asked of a run -------------------------------------------------------------------


@task(overlap="allow", timeout="1m")
def works(seconds: float, megabytes: int) -> None:
    """Use processor time while holding memory."""
    held = bytearray(b"x" * (megabytes * 1024 * 1024))
    end = time.process_time() + seconds
    while time.process_time() < end:
        pass
    assert held


@task()
def works_in_a_program() -> None:
    """Let a program use processor time."""
    code = "import time\nwhile time.process_time() < 0.5: pass"
    subprocess.run([sys.executable, "-c", code], check=True)


@task(overlap="allow", timeout="1m")
def works_in_native_code(seconds: float) -> None:
    """Hold the interpreter for long without letting any Python run."""
    assert seconds > 0
    sum(range(150_000_000))  # in one call
