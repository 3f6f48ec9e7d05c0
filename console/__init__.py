"""The console: pages and REST API. It reads and acts only through `app.reads`, `app.actions`."""

from __future__ import annotations

from console.building import create_app
from console.mounting import mount

__all__ = ["create_app", "mount"]
