"""A primary, its replica, and a Sentinel that watches them."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from redis import Redis
from redis.exceptions import RedisError

from app import embedded
from tests.processes import Process, kill, start_process, wait_until
from tests.running import free_port

SERVICE = "rota"


@dataclass
class Pair:
    """Two servers on TCP ports; the first is the primary to begin with."""

    folder: Path
    ports: tuple[int, int] = field(default_factory=lambda: (free_port(), free_port()))
    sentinel_port: int = field(default_factory=free_port)
    processes: list[Process] = field(default_factory=list)

    @property
    def url(self) -> str:
        """The address for REDIS_URL."""
        return f"sentinel://127.0.0.1:{self.sentinel_port}/{SERVICE}"

    def start(self) -> None:
        """Start all three, and wait until the replica follows and the Sentinel knows of it."""
        self.processes = [self._server(port) for port in self.ports]
        for port in self.ports:
            wait_until(lambda port=port: _answers(port), 10, f"the server on {port}")  # type: ignore[misc]  # mypy infers no default
        self.client(1).replicaof("127.0.0.1", self.ports[0])
        wait_until(lambda: self._replication("master_link_status") == "up", 15, "the replica")
        self._start_sentinel()
        wait_until(lambda: self._replicas() == 1, 15, "the Sentinel to find the replica")

    def client(self, number: int) -> Redis:
        """Return a client of one of the servers."""
        return Redis(port=self.ports[number])

    def kill_primary(self) -> None:
        """Kill the first server, as a power cut does."""
        kill(self.processes[0])

    def wait_for_promotion(self) -> None:
        """Wait until the second server is the primary."""
        wait_until(lambda: self._replication("role") == "master", 20, "the failover")

    def _replicas(self) -> int:
        found: Any = Redis(port=self.sentinel_port).sentinel_master(SERVICE)
        return int(found["num-slaves"])

    def _replication(self, name: str) -> str:
        found: Any = self.client(1).info("replication")
        return str(found[name])

    def _server(self, port: int) -> Process:
        folder = self.folder / str(port)
        folder.mkdir(parents=True)
        options = [
            "--port",
            str(port),
            "--bind",
            "127.0.0.1",
            "--save",
            "",
            "--loglevel",
            "warning",
        ]
        options += ["--repl-diskless-sync-delay", "0"]
        return start_process([_program(), *options], {"LC_ALL": "C"}, folder)

    def _start_sentinel(self) -> None:
        lines = (
            f"port {self.sentinel_port}",
            "bind 127.0.0.1",
            f"sentinel monitor {SERVICE} 127.0.0.1 {self.ports[0]} 1",
            f"sentinel down-after-milliseconds {SERVICE} 500",
            f"sentinel failover-timeout {SERVICE} 3000",
        )
        path = self.folder / "sentinel.conf"
        path.write_text("\n".join(lines) + "\n")
        argv = [_program(), str(path), "--sentinel"]
        self.processes.append(start_process(argv, {"LC_ALL": "C"}, self.folder))
        wait_until(lambda: _answers(self.sentinel_port), 10, "the Sentinel")


def _program() -> str:
    return os.environ.get("REDIS_SERVER") or str(embedded.bundled_server())


def _answers(port: int) -> bool:
    with Redis(port=port) as client:
        try:
            return bool(client.ping())
        except RedisError:
            return False
