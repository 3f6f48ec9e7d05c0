"""The Redis-compatible server of a developer's machine."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest
from redis import Redis
from redis.exceptions import ConnectionError as RedisConnectionError

from app import embedded
from tests.processes import Process, kill, start_process, wait_until

ROOT = Path(__file__).parent.parent


@pytest.fixture
def data_dir(server_folder: Path, request: pytest.FixtureRequest) -> Path:
    """A data folder whose path is short."""
    folder = server_folder / f"embedded-{abs(hash(request.node.nodeid))}"
    folder.mkdir()
    return folder


def start(data_dir: Path) -> Process:
    """Start the server as `./dev up` does and wait for its answer."""
    command: list[str | Path] = [sys.executable, "-m", "app.embedded", "--data", data_dir]
    process = start_process(command, cwd=ROOT)
    wait_until(lambda: answers(data_dir), 10, f"the answer of {process}")
    return process


def answers(data_dir: Path) -> bool:
    with Redis.from_url(embedded.url(data_dir)) as client:
        try:
            return bool(client.ping())
        except RedisConnectionError:
            return False


def program(folder: Path, name: str, version: str) -> Path:
    """Make a stand-in for a server that only tells its version."""
    path = folder / name
    path.write_text(f"#!/bin/sh\necho 'Server v={version} sha=00000000:0'\n")
    path.chmod(0o755)
    return path


def test_what_was_written_survives_a_killed_server(data_dir: Path) -> None:
    process = start(data_dir)
    with Redis.from_url(embedded.url(data_dir)) as client:
        client.set("kept", "yes")
        kill(process)
        process.wait()
        start(data_dir)
        assert client.get("kept") == b"yes"


def test_it_refuses_writes_rather_than_drop_keys(data_dir: Path) -> None:
    start(data_dir)
    with Redis.from_url(embedded.url(data_dir)) as client:
        assert client.config_get("maxmemory-policy") == {"maxmemory-policy": "noeviction"}
        assert client.config_get("appendfsync") == {"appendfsync": "everysec"}


def test_it_listens_on_no_tcp_port_and_only_for_its_owner(data_dir: Path) -> None:
    start(data_dir)
    with Redis.from_url(embedded.url(data_dir)) as client:
        assert client.config_get("port") == {"port": "0"}
    assert embedded.socket_path(data_dir).stat().st_mode & 0o777 == 0o700
    assert (data_dir / "redis").stat().st_mode & 0o777 == 0o700


def test_it_starts_under_a_locale_that_the_host_lacks(data_dir: Path) -> None:
    command: list[str | Path] = [sys.executable, "-m", "app.embedded", "--data", data_dir]
    start_process(command, {"LC_ALL": "xx_XX.UTF-8"}, ROOT)
    wait_until(lambda: answers(data_dir), 10, "the answer of the server")


def test_a_long_path_moves_the_socket_to_a_short_one(tmp_path: Path) -> None:
    data_dir = tmp_path / ("long" * 30)
    data_dir.mkdir()
    assert len(os.fsencode(embedded.socket_path(data_dir))) < embedded.LONGEST_SOCKET_PATH
    assert embedded.socket_path(data_dir) != embedded.socket_path(data_dir / "other")
    start(data_dir)
    embedded.socket_path(data_dir).unlink()
    embedded.socket_path(data_dir).parent.rmdir()


def test_a_folder_of_somebody_else_is_refused(tmp_path: Path) -> None:
    own = tmp_path / "own"
    own.mkdir()
    (tmp_path / "borrowed").symlink_to(own)
    with pytest.raises(PermissionError, match="belongs to somebody else"):
        embedded.make_private(tmp_path / "borrowed")


def test_a_server_on_the_path_comes_before_the_bundled_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert embedded.find_server() == embedded.bundled_server()
    redis = program(tmp_path, "redis-server", "7.2.4")
    assert embedded.find_server() == redis
    valkey = program(tmp_path, "valkey-server", "8.1.0")
    assert embedded.find_server() == valkey


def test_a_server_that_is_too_old_is_passed_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    program(tmp_path, "redis-server", "6.2.14")
    assert embedded.find_server() == embedded.bundled_server()


def test_a_server_named_by_the_environment_comes_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    named = program(tmp_path, "my-server", "9.0.0")
    monkeypatch.setenv("REDIS_SERVER", str(named))
    assert embedded.find_server() == named
    monkeypatch.setenv("REDIS_SERVER", str(tmp_path / "nothing"))
    with pytest.raises(embedded.ServerMissingError, match="REDIS_SERVER"):
        embedded.find_server()
