"""What the viewers of one process share: one look at the change counter, one drawing of a page.

Two hundred people who look at the same page ask two hundred times, but Redis is asked as often as
for one, and a change is drawn once.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from threading import Lock
from time import monotonic

from flask import Response

from app.errors import Unavailable

# How old a look may be. A page asks every 0.7 s, and a change shows within one.
FRESH_SECONDS = 0.1
# While Redis is away every look costs its time-out.
AWAY_SECONDS = 2.0
# Pages of some 60 kB that are kept, compressed; the oldest goes first.
MOST_PAGES = 100


class SharedLook:
    """The newest known version of everything, asked for at most every 0.1 s."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._until = 0.0
        self._found: str | Unavailable = ""

    def version(self, ask: Callable[[], str]) -> str:
        """Return what `ask` found lately. Raises Unavailable as it did."""
        with self._lock:
            if monotonic() >= self._until:
                self._look(ask)
            found = self._found
        if isinstance(found, Unavailable):
            raise found
        return found

    def _look(self, ask: Callable[[], str]) -> None:
        lasts = FRESH_SECONDS
        try:
            self._found = ask()
        except Unavailable as away:
            self._found, lasts = away, AWAY_SECONDS
        self._until = monotonic() + lasts


@dataclass
class Drawing:
    """One version of a page; who comes while it is drawn waits for it."""

    lock: Lock = field(default_factory=Lock)
    page: tuple[bytes, list[tuple[str, str]]] | None = None


class SharedPages:
    """The newest drawings, by all that a page depends on."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._drawings: OrderedDict[str, Drawing] = OrderedDict()

    def page(self, key: str, draw: Callable[[], Response]) -> Response:
        """Return the page of this key, drawn by whoever asks first. What is no page is not kept."""
        drawing = self._drawing(key)
        with drawing.lock:
            if drawing.page is None:
                made = draw()
                if made.status_code != 200:
                    return made
                drawing.page = made.get_data(), list(made.headers)
        body, headers = drawing.page
        return Response(body, headers=headers)

    def _drawing(self, key: str) -> Drawing:
        with self._lock:
            drawing = self._drawings.setdefault(key, Drawing())
            self._drawings.move_to_end(key)
            if len(self._drawings) > MOST_PAGES:
                self._drawings.popitem(last=False)
            return drawing


@dataclass(frozen=True)
class Sharing:
    """Of one console."""

    look: SharedLook = field(default_factory=SharedLook)
    pages: SharedPages = field(default_factory=SharedPages)
