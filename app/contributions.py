"""What a task package adds beside its tasks: panels, commands and database migrations.

The engine shows and runs them without knowing what they are about.
"""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from app.errors import DefinitionError, Unknown


@dataclass(frozen=True)
class Figure:
    """One number to look at, with what it means."""

    label: str
    value: str
    note: str = ""


@dataclass(frozen=True)
class PanelTable:
    """Rows as text; `total` counts all rows where `rows` holds only the first of them."""

    columns: Sequence[str]
    rows: Sequence[Sequence[str]]
    total: int | None = None


@dataclass(frozen=True)
class PanelContent:
    """What a panel holds now. `as_of` is when its data were true; `html` is shown in a sandbox."""

    figures: Sequence[Figure] = ()
    table: PanelTable | None = None
    html: str | None = None
    note: str = ""
    as_of: datetime | None = None


@dataclass(frozen=True)
class Panel:
    """A read-only page. `render` may raise Unavailable; the task `filled_by` fills it."""

    name: str
    title: str
    description: str
    render: Callable[[], PanelContent]
    filled_by: str = ""


@dataclass(frozen=True)
class Command:
    """A sub-command of `python -m app`. `run` returns the exit code."""

    name: str
    help: str
    configure: Callable[[ArgumentParser], None]
    run: Callable[[Namespace], int]


@dataclass
class Contributions:
    panels: dict[str, Panel] = field(default_factory=dict)
    commands: dict[str, Command] = field(default_factory=dict)
    migrations: list[Path] = field(default_factory=list)
    metadata: list[Any] = field(default_factory=list)

    def panel(self, name: str) -> Panel:
        """Return the panel `name`. Raises Unknown."""
        if name not in self.panels:
            raise Unknown("panel", name)
        return self.panels[name]


contributions = Contributions()


def contribute(
    *,
    panels: Sequence[Panel] = (),
    commands: Sequence[Command] = (),
    migrations: Path | None = None,
    metadata: Any = None,
) -> None:
    """Add a task package's panels, commands and migration folder (an Alembic branch of its own).

    Raises DefinitionError when a panel or command of that name exists already.
    """
    for panel in panels:
        _add(contributions.panels, panel.name, panel, "panel")
    for command in commands:
        _add(contributions.commands, command.name, command, "command")
    if migrations is not None and migrations not in contributions.migrations:
        contributions.migrations.append(migrations)
    if metadata is not None and metadata not in contributions.metadata:
        contributions.metadata.append(metadata)


def _add(registry: dict[str, Any], name: str, item: Any, kind: str) -> None:
    if registry.get(name, item) != item:
        raise DefinitionError(f"Two task packages contribute a {kind} named “{name}”.")
    registry[name] = item
