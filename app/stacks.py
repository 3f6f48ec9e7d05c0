"""Where a run is, as text: what faulthandler dumps, or what a shared child tells of one run."""

from __future__ import annotations

import linecache
import re
import traceback
from pathlib import Path
from types import FrameType
from typing import Any

ENGINE = Path(__file__).parent
LONGEST = 32_000
FRAME = re.compile(r'^  File "(?P<file>.+)", line (?P<line>\d+) in (?P<name>.+)$')
THREAD = re.compile(r"^(?:Current t|T)hread 0x(?P<id>[0-9a-f]+)")


def readable_dump(dump: str, thread: int | None = None) -> str:
    """Return a dump of faulthandler in Python's own form: calls before what they call, with their
    source lines, without the engine's own on top; only of `thread` where it is given."""
    blocks = [_block(part) for part in dump.split("\n\n") if THREAD.match(part)]
    wanted = [text for found, text in blocks if thread in (None, found) and text]
    return "\n\n".join(wanted)[:LONGEST]


def _block(part: str) -> tuple[int, str]:
    first, *lines = part.splitlines()
    found = THREAD.match(first)
    frames = [frame for line in reversed(lines) if (frame := FRAME.match(line))]
    text = [_shown(frame) for frame in _below_engine(frames)]
    return int(found["id"], 16) if found else 0, "".join(text)


def _below_engine(frames: list[re.Match[str]]) -> list[re.Match[str]]:
    own = [number for number, frame in enumerate(frames) if Path(frame["file"]).parent == ENGINE]
    return frames[own[-1] + 1 :] if own else frames


def _shown(frame: re.Match[str]) -> str:
    source = linecache.getline(frame["file"], int(frame["line"])).strip()
    head = f'  File "{frame["file"]}", line {frame["line"]}, in {frame["name"]}\n'
    return head + (f"    {source}\n" if source else "")


def stack_of_frame(frame: FrameType) -> str:
    """Return where a thread is, below the engine."""
    summary = traceback.extract_stack(frame)
    own = [number for number, one in enumerate(summary) if Path(one.filename).parent == ENGINE]
    return "".join(traceback.format_list(summary[own[-1] + 1 if own else 0 :]))[:LONGEST]


def stack_of_coroutine(coroutine: Any) -> str:
    """Return where a suspended coroutine waits, through all that it awaits."""
    frames: list[traceback.FrameSummary] = []
    while coroutine is not None:
        frame = getattr(coroutine, "cr_frame", None) or getattr(coroutine, "gi_frame", None)
        if frame is None:
            break
        frames += traceback.extract_stack(frame, limit=1)
        coroutine = getattr(coroutine, "cr_await", None) or getattr(coroutine, "gi_yieldfrom", None)
    below = [one for one in frames if Path(one.filename).parent != ENGINE]
    return "".join(traceback.format_list(below))[:LONGEST]
