"""Reads interviews with their people, and the reminders that exist."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, Select, select

from jobs.recruiting.interviews.plan import (
    CANDIDATE,
    INTERVIEWER,
    LONGEST_LEAD,
    Guest,
    Interview,
    Reminder,
)
from jobs.recruiting.schema import (
    applications,
    candidates,
    interview_people,
    interview_reminders,
    interviews,
    mail_outbox,
    positions,
)

# A move or a cancellation is told up to so long after the start that people know of.
LOOK_BACK = timedelta(hours=24)
BATCH = 500


def concerned(connection: Connection, now: datetime, ahead: timedelta) -> list[int]:
    """Return the interviews that reminders may come of: those that start soon, and those that
    somebody was reminded of, or was to be, at a time that has not long passed."""
    soon = select(interviews.c.id).where(
        interviews.c.status == "scheduled",
        interviews.c.start_at > now,
        interviews.c.start_at <= now + LONGEST_LEAD + ahead,
    )
    known = select(interview_reminders.c.interview_id).where(
        interview_reminders.c.start_at > now - LOOK_BACK
    )
    return sorted(connection.execute(soon.union(known)).scalars())


def load_interviews(connection: Connection, ids: Iterable[int]) -> dict[int, Interview]:
    """Return interviews by id, as they are now."""
    found: dict[int, Interview] = {}
    for some in _batches(sorted(set(ids))):
        people: dict[int, list[Row[Any]]] = defaultdict(list)
        query = select(interview_people).where(interview_people.c.interview_id.in_(some))
        for row in connection.execute(query.order_by(interview_people.c.id)):
            people[row.interview_id].append(row)
        for row in connection.execute(_interviews().where(interviews.c.id.in_(some))):
            found[row.id] = _interview(row, people[row.id])
    return found


def load_reminders(connection: Connection, ids: Iterable[int]) -> dict[int, list[Reminder]]:
    """Return the reminders of interviews, oldest first."""
    found: dict[int, list[Reminder]] = defaultdict(list)
    for some in _batches(sorted(set(ids))):
        query = reminders_query().where(interview_reminders.c.interview_id.in_(some))
        for row in connection.execute(query.order_by(interview_reminders.c.id)):
            found[row.interview_id].append(reminder(row))
    return found


def reminders_query() -> Select[Any]:
    """Select reminders with what became of them."""
    return select(
        interview_reminders,
        mail_outbox.c.state,
        mail_outbox.c.unknowns,
        mail_outbox.c.last_error,
        mail_outbox.c.updated_at,
    ).join(mail_outbox, mail_outbox.c.id == interview_reminders.c.mail_id)


def reminder(row: Row[Any]) -> Reminder:
    return Reminder(
        mail_id=row.mail_id,
        interview_id=row.interview_id,
        recipient=row.recipient,
        role=row.role,
        kind=row.kind,
        lead=timedelta(minutes=row.lead_minutes),
        start_at=row.start_at,
        due_at=row.due_at,
        sequence=row.sequence,
        state=row.state,
        unknowns=row.unknowns,
        ended_at=row.updated_at,
    )


def _interviews() -> Select[Any]:
    return (
        select(
            interviews,
            positions.c.title.label("position"),
            applications.c.status.label("application_status"),
            candidates.c.name,
            candidates.c.emails,
            candidates.c.time_zone.label("candidate_zone"),
            candidates.c.do_not_contact,
            candidates.c.anonymised_at,
            candidates.c.linkedin_url,
            candidates.c.github_url,
        )
        .join(applications, applications.c.id == interviews.c.application_id)
        .join(candidates, candidates.c.id == applications.c.candidate_id)
        .join(positions, positions.c.id == applications.c.position_id)
    )


def _interview(row: Row[Any], people: Sequence[Row[Any]]) -> Interview:
    return Interview(
        id=row.id,
        title=row.title,
        position=row.position,
        start_at=row.start_at,
        end_at=row.end_at,
        time_zone=row.time_zone,
        all_day=row.all_day,
        sequence=row.sequence,
        status=row.status,
        application_status=row.application_status,
        place=row.place,
        url=row.url,
        updated_at=row.updated_at,
        candidate=_candidate(row),
        interviewers=tuple(_interviewer(each, row.time_zone) for each in people),
        profile_url=row.linkedin_url or row.github_url,
    )


def _candidate(row: Row[Any]) -> Guest:
    silent = ""
    if row.do_not_contact or row.anonymised_at:
        silent = "is not to be contacted"
    elif not row.emails:
        silent = "has no e-mail address"
    address = row.emails[0] if row.emails else ""
    return Guest(CANDIDATE, row.name, address, row.candidate_zone or row.time_zone, silent)


def _interviewer(row: Row[Any], organisers: str) -> Guest:
    silent = "declined the interview" if row.response == "declined" else ""
    return Guest(INTERVIEWER, row.name, row.email, row.time_zone or organisers, silent)


def _batches(ids: Sequence[int]) -> Iterator[Sequence[int]]:
    for start in range(0, len(ids), BATCH):
        yield ids[start : start + BATCH]
