"""The recruiting tables. Migrations create them; this module is how code names them."""

from __future__ import annotations

from jobs.recruiting.tables.analytics import (
    analytics_pointers,
    analytics_versions,
    weekly_reports,
)
from jobs.recruiting.tables.applying import (
    APPLICATION_STATUSES,
    POSITION_STATUSES,
    applications,
    positions,
)
from jobs.recruiting.tables.archive import ARCHIVE_ACTIONS, archive_changes
from jobs.recruiting.tables.enrichment import (
    ENRICHMENT_STATUSES,
    OUTCOMES,
    enrichments,
    resumes,
)
from jobs.recruiting.tables.history import (
    OFFER_STATUSES,
    offers,
    openings,
    position_events,
    stage_events,
)
from jobs.recruiting.tables.interviews import (
    INTERVIEW_STATUSES,
    RESPONSES,
    interview_people,
    interview_reminders,
    interviews,
)
from jobs.recruiting.tables.leases import work_leases
from jobs.recruiting.tables.mail import MAIL_STATES, mail_outbox, mail_suppressions
from jobs.recruiting.tables.metadata import metadata, one_of
from jobs.recruiting.tables.people import candidates
from jobs.recruiting.tables.sheets import sheet_rows
from jobs.recruiting.tables.summaries import (
    SUMMARY_STATES,
    daily_summaries,
    summarised_applications,
)

__all__ = [
    "APPLICATION_STATUSES",
    "ARCHIVE_ACTIONS",
    "ENRICHMENT_STATUSES",
    "INTERVIEW_STATUSES",
    "MAIL_STATES",
    "OFFER_STATUSES",
    "OUTCOMES",
    "POSITION_STATUSES",
    "RESPONSES",
    "SUMMARY_STATES",
    "analytics_pointers",
    "analytics_versions",
    "applications",
    "archive_changes",
    "candidates",
    "daily_summaries",
    "enrichments",
    "interview_people",
    "interview_reminders",
    "interviews",
    "mail_outbox",
    "mail_suppressions",
    "metadata",
    "offers",
    "one_of",
    "openings",
    "position_events",
    "positions",
    "resumes",
    "sheet_rows",
    "stage_events",
    "summarised_applications",
    "weekly_reports",
    "work_leases",
]
