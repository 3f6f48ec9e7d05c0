"""`python -m jobs.sandbox prepare|serve --data DIR`."""

from __future__ import annotations

import json
import signal
import sys
import threading
from argparse import ArgumentParser
from pathlib import Path

from jobs.sandbox.server import prepare, serving


def main(arguments: list[str]) -> int:
    """`prepare` prints the environment that points at the sandbox as one JSON object; `serve`
    answers until SIGTERM or Ctrl-C."""
    parser = ArgumentParser(prog="python -m jobs.sandbox", description=main.__doc__)
    parser.add_argument("action", choices=("prepare", "serve"))
    parser.add_argument("--data", type=Path, required=True, metavar="DIR")
    options = parser.parse_args(arguments)
    place = prepare(options.data)
    if options.action == "prepare":
        sys.stdout.write(f"{json.dumps(place.environment)}\n")
        return 0
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    with serving(place):
        sys.stdout.write(f"The sandbox serves {place.url}\n")
        sys.stdout.flush()
        stop.wait()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
