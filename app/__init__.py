"""Rota: scheduled work for hiring teams. What a task author needs is imported from here."""

from __future__ import annotations

from app.composition import chain, group
from app.context import current_run, progress
from app.contributions import (
    Command,
    Figure,
    Panel,
    PanelContent,
    PanelTable,
    contribute,
)
from app.errors import Conflict, Invalid, RotaError, Skip, Unavailable
from app.policies import Retry
from app.records.database import current_database, reading, writing
from app.records.types import Instant, Json
from app.schedules import cron, every
from app.settings import current_settings
from app.tasks import task

__all__ = [
    "Command",
    "Conflict",
    "Figure",
    "Instant",
    "Invalid",
    "Json",
    "Panel",
    "PanelContent",
    "PanelTable",
    "Retry",
    "RotaError",
    "Skip",
    "Unavailable",
    "chain",
    "contribute",
    "cron",
    "current_database",
    "current_run",
    "current_settings",
    "every",
    "group",
    "progress",
    "reading",
    "task",
    "writing",
]
