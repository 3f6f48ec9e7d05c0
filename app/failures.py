"""How an exception is told: type, message, traceback, and a fingerprint that groups causes."""

from __future__ import annotations

import hashlib
import sys
import traceback
from pathlib import Path
from types import TracebackType
from typing import Any

from app.masking import mask_text
from app.storable import storable_text

ENGINE = Path(__file__).parent
LONGEST_MESSAGE = 2_000
LONGEST_TRACEBACK = 32_000
# What is longer is cut before it is searched for secrets.
LONGEST_SEARCHED = 1_000_000


def describe(error: BaseException) -> dict[str, Any]:
    """Return the JSON form of an exception: type, message, traceback, fingerprint."""
    kind = type(error).__name__
    trace = _below_engine(error.__traceback__)
    text = "".join(traceback.format_exception(type(error), error, trace))
    return told(kind, _message(error), text, _innermost(trace))


def _message(error: BaseException) -> str:
    try:
        return str(error)
    except Exception as second:  # the task's own __str__ may do anything
        return f"(it cannot be told: {type(second).__name__})"


def told(kind: str, message: str, trace: str = "", where: str = "") -> dict[str, Any]:
    """Return the JSON form of an error that is no exception here: a killed child, a time-out."""
    return {
        "type": kind,
        "message": storable_text(mask_text(message[:LONGEST_SEARCHED]))[:LONGEST_MESSAGE],
        "traceback": _middle_cut(
            storable_text(mask_text(_middle_cut(trace, LONGEST_SEARCHED))), LONGEST_TRACEBACK
        ),
        "fingerprint": hashlib.sha256(f"{kind} {where}".encode("utf-8", "replace")).hexdigest()[
            :16
        ],
    }


def _below_engine(trace: TracebackType | None) -> TracebackType | None:
    """Leave out the engine's own frames on top: they are the same in every traceback."""
    below = trace
    while below is not None and Path(below.tb_frame.f_code.co_filename).parent == ENGINE:
        below = below.tb_next
    return below or trace


def _innermost(trace: TracebackType | None) -> str:
    """Name the innermost frame of the application's own code, else the innermost of all."""
    frames = [(f.f_code.co_filename, f.f_code.co_name) for f, _ in traceback.walk_tb(trace)]
    own = [frame for frame in frames if not _installed(frame[0])]
    return ":".join((own or frames or [("", "")])[-1])


def _installed(filename: str) -> bool:
    return "site-packages" in filename or filename.startswith((sys.base_prefix, "<"))


def _middle_cut(text: str, longest: int) -> str:
    if len(text) <= longest:
        return text
    half = longest // 2
    return f"{text[:half]}\n… {len(text) - 2 * half} characters left out …\n{text[-half:]}"
