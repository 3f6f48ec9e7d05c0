"""A traceback with our own frames open and the others folded."""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import groupby

FRAME = re.compile(r'^  File "([^"]+)", line \d+', re.MULTILINE)
FOREIGN = re.compile(r"site-packages|/lib/python\d|^<")


@dataclass(frozen=True)
class Part:
    """Lines of a traceback; a folded part is `frames` frames of libraries."""

    text: str
    folded: bool = False
    frames: int = 0


def parts_of(traceback: str) -> tuple[Part, ...]:
    """Split a traceback; where nothing is ours, nothing is folded."""
    places = [match.start() for match in FRAME.finditer(traceback)]
    if not places:
        return (Part(traceback),)
    pieces = [traceback[: places[0]]]
    pieces += [traceback[a:b] for a, b in zip(places, [*places[1:], None], strict=False)]
    frames = [_cut(piece) for piece in pieces[1:]]
    if all(foreign for _, _, foreign in frames):
        return (Part(traceback),)
    return tuple(part for part in _joined(pieces[0], frames) if part.text)


def _cut(piece: str) -> tuple[str, str, bool]:
    """Return a frame's own lines, what follows them, and whether it is a library's."""
    lines = piece.splitlines(keepends=True)
    end = next((n for n, line in enumerate(lines) if n and not line.startswith("    ")), len(lines))
    found = FRAME.match(piece)
    return "".join(lines[:end]), "".join(lines[end:]), bool(found and FOREIGN.search(found[1]))


def _joined(head: str, frames: list[tuple[str, str, bool]]) -> list[Part]:
    parts = [Part(head)]
    for foreign, group in groupby(frames, key=lambda frame: frame[2]):
        run = list(group)
        after = "".join(rest for _, rest, _ in run)
        if foreign:
            parts.append(Part("".join(own for own, _, _ in run), True, len(run)))
            parts.append(Part(after))
        else:
            parts.append(Part("".join(own + rest for own, rest, _ in run)))
    return parts
