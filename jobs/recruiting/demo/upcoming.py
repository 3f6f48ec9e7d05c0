"""Interviews that are still to come, with who takes part."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import Connection, insert, select

from jobs.recruiting.demo.generator import DemoOrganisation
from jobs.recruiting.demo.rates import SHARES
from jobs.recruiting.imports.loaded import Entry
from jobs.recruiting.schema import applications, candidates, interview_people, interviews

# The team's own people: not applicants, on example.com.
TEAM = (
    ("Ingrid Aalto", "ingrid.aalto@example.com", "Europe/Helsinki"),
    ("Marcus Bell", "marcus.bell@example.com", "America/New_York"),
    ("Noor Chaudhry", "noor.chaudhry@example.com", "Asia/Kolkata"),
    ("Paula Duarte", "paula.duarte@example.com", "Europe/Lisbon"),
    ("Sven Ek", "sven.ek@example.com", "Europe/Stockholm"),
    ("Thandi Fourie", "thandi.fourie@example.com", "Africa/Johannesburg"),
)
TITLES = ("Technical interview", "Team interview", "Interview with the hiring manager")
SILENT_FOR = timedelta(days=90)
# From when to when each kind of start lies, in minutes from now, and to what it is rounded.
WHEN = {
    "within the hour": (45, 58, 5),
    "within a day": (13 * 60, 24 * 60 - 30, 15),
    "within a week": (25 * 60, 7 * 24 * 60, 30),
}


def write_upcoming(
    connection: Connection, organisation: DemoOrganisation, new: Sequence[Entry]
) -> None:
    """Book interviews for some of the `new` people whose application waits in Interview."""
    waiting = _waiting(connection, organisation, {entry.person.emails[0] for entry in new})
    count = round(len(waiting) * SHARES["open applications in Interview with one to come"])
    chosen = sorted(organisation.random.sample(waiting, count))
    starts = organisation.dealt("start of an interview to come", count)
    teams = [organisation.random.sample(TEAM, 1 + n % 2) for n in range(count)]
    answers = iter(organisation.dealt("answer of an interviewer", sum(map(len, teams))))
    for application_id, start, team in zip(chosen, starts, teams, strict=True):
        interview_id = _book(connection, organisation, application_id, start)
        for name, email, time_zone in team:
            connection.execute(
                insert(interview_people).values(
                    interview_id=interview_id,
                    name=name,
                    email=email,
                    time_zone=time_zone,
                    response=next(answers),
                )
            )


def _waiting(connection: Connection, organisation: DemoOrganisation, new: set[str]) -> list[int]:
    query = (
        select(applications.c.id, candidates.c.email_key)
        .join(candidates, candidates.c.id == applications.c.candidate_id)
        .where(
            applications.c.status == "active",
            applications.c.stage == "Interview",
            applications.c.last_activity_at > organisation.end - SILENT_FOR,
        )
        .order_by(applications.c.id)
    )
    return [row.id for row in connection.execute(query) if row.email_key in new]


def _book(
    connection: Connection, organisation: DemoOrganisation, application_id: int, kind: str
) -> int:
    random = organisation.random
    first, last, step = WHEN[kind]
    start = _rounded(organisation.end + timedelta(minutes=random.randint(first, last)), step)
    # Booked days before; what starts within the hour, at short notice.
    hours = random.randint(2, 5) if kind == "within the hour" else random.randint(48, 144)
    booked = organisation.end - timedelta(hours=hours)
    made = insert(interviews).values(
        application_id=application_id,
        title=random.choice(TITLES),
        start_at=start,
        end_at=start + timedelta(minutes=random.choice((45, 60, 60))),
        time_zone="Europe/Lisbon",
        status="scheduled",
        url=f"https://meet.example.com/{application_id}",
        created_at=booked,
        updated_at=booked,
    )
    return int(connection.execute(made.returning(interviews.c.id)).scalar_one())


def _rounded(instant: datetime, minutes: int) -> datetime:
    return instant - timedelta(
        minutes=instant.minute % minutes, seconds=instant.second, microseconds=instant.microsecond
    )
