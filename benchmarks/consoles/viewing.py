"""People who look at a page, as the page's own script does it; what it asks is asked here."""

from __future__ import annotations

import asyncio
import gzip
import json
import random
from asyncio import StreamReader, StreamWriter
from dataclasses import dataclass, field
from time import monotonic

# As in console/static/console.js.
EVERY = 0.7


@dataclass
class Truth:
    """What pages should show by now: the newest run, by its id; and when each was asked for."""

    number: int = 0
    run_id: str = ""
    asked: dict[int, float] = field(default_factory=dict)

    def shown_by(self, page: str) -> bool:
        return bool(self.run_id) and self.run_id in page


@dataclass
class Looked:
    """What the viewers saw: when every change was there at every viewer, and the answers' sizes."""

    times: dict[int, list[float]] = field(default_factory=dict)
    unchanged: int = 0
    sent: int = 0
    size: int = 0


@dataclass
class Answer:
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def text(self) -> str:
        data = gzip.decompress(self.body) if "content-encoding" in self.headers else self.body
        return data.decode()


class Line:
    """One connection that is kept, as browsers do."""

    def __init__(self, reader: StreamReader, writer: StreamWriter) -> None:
        self._reader, self._writer = reader, writer

    @classmethod
    async def open(cls, port: int) -> Line:
        return cls(*await asyncio.open_connection("127.0.0.1", port))

    async def ask(self, method: str, path: str, headers: dict[str, str], body: str = "") -> Answer:
        lines = [f"{method} {path} HTTP/1.1", "Host: 127.0.0.1"]
        lines += [f"{name}: {value}" for name, value in headers.items()]
        lines += [f"Content-Length: {len(body)}"] if body else []
        self._writer.write("\r\n".join([*lines, "", body]).encode())
        head = (await self._reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
        found = {}
        for line in head[1:-2]:
            name, _, value = line.partition(": ")
            found[name.lower()] = value
        content = await self._reader.readexactly(int(found.get("content-length", 0)))
        return Answer(int(head[0].split()[1]), found, content)

    def close(self) -> None:
        self._writer.close()


async def look(port: int, path: str, cookie: str, truth: Truth, seen: Looked) -> None:
    """Look at a page until cancelled."""
    await asyncio.sleep(random.random() * EVERY)
    line = await Line.open(port)
    headers = {"X-Rota-Live": "1", "Accept-Encoding": "gzip", "Cookie": f"rota={cookie}"}
    last = truth.number
    try:
        while True:
            answer = await line.ask("GET", path, headers)
            if answer.status == 200:
                headers["If-None-Match"] = answer.headers["etag"]
                seen.sent += 1
                seen.size += len(answer.body)
                if last != truth.number and truth.shown_by(answer.text):
                    last = truth.number
                    seen.times.setdefault(last, []).append(monotonic())
            elif answer.status != 304:
                raise RuntimeError(f"{path} answered {answer.status}")
            else:
                seen.unchanged += 1
            await asyncio.sleep(EVERY)
    finally:
        line.close()


async def change(port: int, token: str, task_id: str, truth: Truth) -> None:
    """Start a run; the time counts from before that is asked for."""
    line = await Line.open(port)
    asked = monotonic()
    headers = {"Authorization": f"Bearer {token}"}
    answer = await line.ask("POST", f"/api/v1/tasks/{task_id}/trigger", headers)
    line.close()
    if answer.status != 202:
        raise RuntimeError(f"trigger answered {answer.status}: {answer.body[:300]!r}")
    truth.run_id, truth.number = json.loads(answer.text)["run_id"], truth.number + 1
    truth.asked[truth.number] = asked
