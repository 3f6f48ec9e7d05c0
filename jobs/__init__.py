"""The hiring team's tasks, and what they bring along: commands, tables and a panel."""

from __future__ import annotations

from pathlib import Path

from app import contribute
from jobs.recruiting.analytics_panel import analytics_panel
from jobs.recruiting.archive.command import archive_command
from jobs.recruiting.demo.command import demo_command
from jobs.recruiting.enrichment.command import enrichment_command
from jobs.recruiting.enrichment.panel import enrichment_panel
from jobs.recruiting.imports.command import import_command
from jobs.recruiting.mail_command import mail_command
from jobs.recruiting.reminders_panel import reminders_panel
from jobs.recruiting.schema import metadata
from jobs.recruiting.sheet_panel import sheet_panel
from jobs.recruiting.weekly.panel import weekly_panel

contribute(
    panels=[sheet_panel, analytics_panel, weekly_panel, enrichment_panel, reminders_panel],
    commands=[import_command, demo_command, archive_command, enrichment_command, mail_command],
    migrations=Path(__file__).parent / "recruiting" / "migrations",
    metadata=metadata,
)
