"""`python -m app`: the processes and everything an operator does from a terminal."""

from __future__ import annotations

import sys

from app.cli import main

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
