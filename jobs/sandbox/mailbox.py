"""The messages the sandbox's mail server took, on disk: text and envelope of each."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import datetime
from email import policy
from email.message import EmailMessage
from email.parser import BytesParser
from pathlib import Path

from jobs.sandbox.errors import ApiError

MOST_MESSAGES = 1_000


@dataclass(frozen=True)
class Received:
    """An envelope: who handed the message in for whom, when (ISO 8601, UTC)."""

    number: int
    sender: str
    recipients: list[str]
    at: str


class Mailbox:
    """All messages for anybody, oldest first; they survive restarts, the newest 1,000 of them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._lock = threading.Lock()
        folder.mkdir(parents=True, exist_ok=True)

    def take(self, content: bytes, sender: str, recipients: list[str], now: datetime) -> Received:
        """Keep a message; it is there when this returns."""
        with self._lock:
            numbers = self._numbers()
            number = numbers[-1] + 1 if numbers else 1
            received = Received(number, sender, recipients, now.isoformat(timespec="seconds"))
            self._path(number, "eml").write_bytes(content)
            beside = self._path(number, "new")
            beside.write_text(json.dumps(asdict(received)), encoding="utf-8")
            # The envelope makes it visible, so it comes last, and as a whole.
            beside.replace(self._path(number, "json"))
            for old in [*numbers, number][:-MOST_MESSAGES]:
                self._path(old, "json").unlink()
                self._path(old, "eml").unlink()
            return received

    def envelopes(self) -> Iterator[Received]:
        for number in self._numbers():
            yield self.envelope(number)

    def envelope(self, number: int) -> Received:
        """Return an envelope. Raises ApiError when there is no such message."""
        try:
            stored = json.loads(self._path(number, "json").read_text(encoding="utf-8"))
        except FileNotFoundError:
            raise ApiError(404, "There is no such message.") from None
        return Received(**stored)

    def raw(self, number: int) -> bytes:
        """Return a message as it came. Raises ApiError when there is no such message."""
        self.envelope(number)
        return self._path(number, "eml").read_bytes()

    def message(self, number: int) -> EmailMessage:
        """Return a message, read. Raises ApiError when there is no such message."""
        parsed = BytesParser(EmailMessage, policy=policy.default).parsebytes(self.raw(number))
        return parsed

    def messages(self) -> list[EmailMessage]:
        return [self.message(number) for number in self._numbers()]

    def clear(self) -> None:
        """Throw all messages away."""
        with self._lock:
            for number in self._numbers():
                self._path(number, "json").unlink()
                self._path(number, "eml").unlink()

    def _numbers(self) -> list[int]:
        return sorted(int(path.stem) for path in self.folder.glob("*.json"))

    def _path(self, number: int, ending: str) -> Path:
        return self.folder / f"{number:06d}.{ending}"
