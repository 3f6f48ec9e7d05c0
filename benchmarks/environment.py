"""Environments of the peers: one a benchmark, made when its requirements change."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent
ENVIRONMENTS = ROOT / "data" / "benchmarks"


def prepare(name: str, requirements: Path) -> Path:
    """Return the folder of an environment that holds these requirements, made if it must be."""
    environment = ENVIRONMENTS / name
    stamp = environment / "requirements"
    if stamp.exists() and stamp.read_text() == requirements.read_text():
        return environment
    print("Installing the peers (the first time only) …", file=sys.stderr, flush=True)
    environment.parent.mkdir(parents=True, exist_ok=True)
    subprocess.run([sys.executable, "-m", "venv", "--clear", environment], check=True)
    pip = [str(environment / "bin" / "python"), "-m", "pip", "install", "-q"]
    subprocess.run([*pip, "-r", str(requirements)], check=True)
    stamp.write_text(requirements.read_text())
    return environment
