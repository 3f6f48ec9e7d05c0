"""A proxy before Redis that lets a command through and cuts the connection before its answer."""

from __future__ import annotations

import selectors
import socket
import threading
from contextlib import suppress
from pathlib import Path

import hiredis


class Cutting:
    """Stands at `url`. After `cut_at(k)` the k-th command from then on loses its answer."""

    def __init__(self, server: Path, place: Path) -> None:
        self._server = server
        self._left: int | None = None
        self._lock = threading.Lock()
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(str(place))
        self._listener.listen()
        self.url = f"unix://{place}"
        threading.Thread(target=self._accept, daemon=True).start()

    def cut_at(self, number: int | None) -> None:
        """Cut once, at the `number`-th command; None: never."""
        with self._lock:
            self._left = number

    @property
    def has_cut(self) -> bool:
        """Whether it did."""
        with self._lock:
            return self._left is None

    def close(self) -> None:
        """Take no more connections."""
        self._listener.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        server = socket.socket(socket.AF_UNIX)
        server.connect(str(self._server))
        commands = hiredis.Reader()
        with client, server, selectors.DefaultSelector() as both, suppress(OSError):
            both.register(client, selectors.EVENT_READ)
            both.register(server, selectors.EVENT_READ)
            while True:
                for key, _ in both.select():
                    source = key.fileobj
                    part = client.recv(65536) if source is client else server.recv(65536)
                    if not part:
                        return
                    if source is server:
                        client.sendall(part)
                        continue
                    server.sendall(part)
                    if self._counts(commands, part):
                        server.recv(65536)
                        return

    def _counts(self, commands: hiredis.Reader, part: bytes) -> bool:
        """Count the commands that end in this part; tell whether the fateful one is among them."""
        commands.feed(part)
        with self._lock:
            while commands.gets() is not False:
                if self._left is not None:
                    self._left -= 1
                    if self._left == 0:
                        self._left = None
                        return True
        return False
