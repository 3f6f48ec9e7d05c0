"""The console over the engine's samples, with people and programs who may use it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from flask import Flask

from app.system import System
from console import create_app
from tests.console.people import (
    ACTING,
    DECIDING,
    OTTO,
    PEOPLE,
    PROGRAMS,
    READING,
    SIGN_IN_KEY,
    VERA,
    Browser,
    Program,
    signed_in,
)
from tests.fixtures import open_system, release

OpenConsole = Callable[..., Flask]


@pytest.fixture
def open_console(
    redis_url: str, sqlite_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[OpenConsole]:
    """Open a console whose settings differ from the usual ones."""
    # Hundreds of sign-ins at the real price would take minutes; test_accounts pays it.
    monkeypatch.setattr("app.accounts.NOBODY", f"scrypt:2:1:1${'00' * 16}${'00' * 64}")
    opened: list[System] = []

    def open_with(**changes: object) -> Flask:
        usual: dict[str, object] = {
            "console_users": PEOPLE,
            "api_tokens": PROGRAMS,
            "sign_in_key": SIGN_IN_KEY,
        }
        address = str(changes.pop("redis_url", redis_url))
        system = open_system(address, sqlite_url, tmp_path, **usual | changes)
        release(system)
        opened.append(system)
        return create_app(system)

    yield open_with
    for system in opened:
        system.close()


@pytest.fixture
def console(open_console: OpenConsole) -> Flask:
    return open_console()


@pytest.fixture
def console_system(console: Flask) -> System:
    """The system behind `console`."""
    found: System = console.extensions["rota-system"]
    return found


@pytest.fixture
def stranger(console: Flask) -> Browser:
    return Browser(console)


@pytest.fixture
def viewer(console: Flask) -> Browser:
    return signed_in(console, VERA)


@pytest.fixture
def operator(console: Flask) -> Browser:
    return signed_in(console, OTTO)


@pytest.fixture
def reading_program(console: Flask) -> Program:
    return Program(console, READING)


@pytest.fixture
def acting_program(console: Flask) -> Program:
    return Program(console, ACTING)


@pytest.fixture
def deciding_program(console: Flask) -> Program:
    return Program(console, DECIDING)
