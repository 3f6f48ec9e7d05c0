from __future__ import annotations
from app.cli.types import Commands


def add_commands(commands: Commands) -> None:
    return None
