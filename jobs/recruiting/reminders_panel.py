"""The panel of interview reminders: what is coming, what was sent, what was missed and why."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, Select, func, select

from app import Figure, Panel, PanelContent, PanelTable, current_database, reading
from jobs.recruiting.interviews.loading import reminders_query
from jobs.recruiting.schema import MAIL_STATES, interview_reminders, interviews, mail_outbox

SHOWN = timedelta(days=7)
MOST_ROWS = 100
COLUMNS = ("Due (UTC)", "State", "Mail", "To", "Interview", "Starts (UTC)", "Why")
KINDS = {"moved": "time changed", "cancelled": "cancelled"}


def render(connection: Connection, now: datetime) -> PanelContent:
    """Return the reminders of the past and the coming week, what is coming first."""
    counts = _counts(connection, now)
    coming = _recent(now).where(mail_outbox.c.state.in_(("pending", "sending")))
    ended = _recent(now).where(mail_outbox.c.state.not_in(("pending", "sending")))
    rows = [
        *connection.execute(coming.order_by(interview_reminders.c.due_at).limit(MOST_ROWS)),
        *connection.execute(ended.order_by(mail_outbox.c.updated_at.desc()).limit(MOST_ROWS)),
    ]
    return PanelContent(
        figures=(
            Figure("Coming", str(counts["pending"] + counts["sending"]), "due or in their queue"),
            Figure("Sent", str(counts["sent"]), "in 7 days"),
            Figure("Missed", str(counts["missed"]), "too late to be of use"),
            Figure("Failed", str(counts["failed"]), "refused for good"),
            Figure("Unknown", str(counts["unknown"]), "the mail server's answer was lost"),
            Figure("Taken back", str(counts["superseded"]), "moved, cancelled or no longer wanted"),
        ),
        table=PanelTable(COLUMNS, [_row(row) for row in rows], sum(counts.values())),
        note="Reminders exist from 25 hours before the start of an interview on.",
        as_of=now,
    )


def _counts(connection: Connection, now: datetime) -> dict[str, int]:
    known = dict.fromkeys(MAIL_STATES, 0)
    recent = _recent(now).subquery()
    query = select(recent.c.state, func.count().label("mails")).group_by(recent.c.state)
    return known | {row.state: row.mails for row in connection.execute(query)}


def _recent(now: datetime) -> Select[Any]:
    return (
        reminders_query()
        .join(interviews, interviews.c.id == interview_reminders.c.interview_id)
        .add_columns(interviews.c.title)
        .where(interview_reminders.c.due_at > now - SHOWN)
    )


def _row(row: Row[Any]) -> list[str]:
    hours = row.lead_minutes / 60
    what = KINDS.get(row.kind) or f"{hours:g} h before"
    return [
        f"{row.due_at:%Y-%m-%d %H:%M}",
        row.state,
        what,
        f"{row.recipient} ({row.role})",
        f"{row.title} (interview {row.interview_id})",
        f"{row.start_at:%Y-%m-%d %H:%M}",
        row.last_error or "",
    ]


def _render() -> PanelContent:
    with reading(current_database()) as connection:
        return render(connection, datetime.now(UTC))


reminders_panel = Panel(
    name="reminders",
    title="Interview reminders",
    description="Reminders that are coming, were sent or were missed, with the reason.",
    render=_render,
    filled_by="check_pending_interviews",
)
