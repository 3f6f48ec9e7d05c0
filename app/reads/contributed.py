"""The read-only pages that task packages contribute."""

from __future__ import annotations

from app.contributions import Panel, PanelContent, contributions
from app.system import System


def panels(system: System) -> list[Panel]:
    """Return all panels, in the order they were contributed."""
    del system
    return list(contributions.panels.values())


def panel(system: System, name: str) -> tuple[Panel, PanelContent]:
    """Return a panel and what it shows now. Raises Unknown, or Unavailable from the panel."""
    del system
    found = contributions.panel(name)
    return found, found.render()
