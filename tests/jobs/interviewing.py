"""An interview, the clock on the wall, and the runs that would be queued."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Engine, insert, select, update

from app import Unavailable, reading, writing
from jobs.interviews import ReminderResult, check, send
from jobs.recruiting.schema import (
    applications,
    candidates,
    interview_people,
    interview_reminders,
    interviews,
    mail_outbox,
)
from tests.jobs.candidates import ADA, NOW, add
from tests.jobs.mailing import PostOffice

GRACE = {"name": "Grace Hopper", "email": "grace@example.com", "time_zone": "America/New_York"}
START = datetime(2026, 11, 25, 10, 30, tzinfo=UTC)


@dataclass
class Office:
    """The hiring team's database, its mail server and a clock that tests move."""

    engine: Engine
    post: PostOffice
    now: datetime = NOW
    woken: list[datetime] = field(default_factory=list)
    queue_away: bool = False

    def clock(self) -> datetime:
        return self.now

    def wake(self, due_at: datetime) -> None:
        if self.queue_away:
            raise Unavailable("Redis")
        if due_at not in self.woken:
            self.woken.append(due_at)

    def check(self, at: datetime | None = None) -> ReminderResult:
        """Run the hourly scan."""
        self.now = at or self.now
        with self.post.mailer(1.0, 1.0) as mailer:
            return check(self.engine, mailer, self.clock, self.wake)

    def send(self, at: datetime | None = None) -> ReminderResult:
        """Run what the scan queued."""
        self.now = at or self.now
        with self.post.mailer(1.0, 1.0) as mailer:
            return send(self.engine, mailer, self.clock, self.wake)

    def live(self, since: datetime, until: datetime) -> None:
        """Let time pass: scans every full hour, the queued runs at their times."""
        self.now = since
        hour = since.replace(minute=0, second=0, microsecond=0)
        scans = [hour + timedelta(hours=n) for n in range(1, 400)]
        while True:
            times = [at for at in [*scans, *self.woken] if self.now < at <= until]
            if not times:
                return
            at = min(times)
            if at in scans:
                self.check(at)
            if at in self.woken:
                self.send(at)

    def book(self, start: datetime = START, **changes: Any) -> int:
        """Book Ada for an interview with Grace."""
        with writing(self.engine) as connection:
            if connection.execute(select(candidates.c.id)).first() is None:
                raise AssertionError("add a candidate first")
            values = {
                "application_id": connection.execute(select(applications.c.id)).scalars().first(),
                "title": "Technical interview",
                "start_at": start,
                "end_at": start + timedelta(hours=1),
                "time_zone": "Europe/London",
                "url": "https://meet.example.com/ada",
                "created_at": self.now - timedelta(days=3),
                "updated_at": self.now - timedelta(days=3),
            }
            made = insert(interviews).values(**{**values, **changes}).returning(interviews.c.id)
            interview_id = connection.execute(made).scalar_one()
            connection.execute(insert(interview_people).values(interview_id=interview_id, **GRACE))
        return int(interview_id)

    def change(self, interview_id: int, **values: Any) -> None:
        """Change an interview as whoever keeps them does: SEQUENCE and update time move on."""
        if "start_at" in values:
            values.setdefault("end_at", values["start_at"] + timedelta(hours=1))
        with writing(self.engine) as connection:
            connection.execute(
                update(interviews)
                .where(interviews.c.id == interview_id)
                .values(sequence=interviews.c.sequence + 1, updated_at=self.now, **values)
            )

    def states(self) -> dict[str, str]:
        """Return what became of each reminder: `recipient kind lead start: state`."""
        query = (
            select(interview_reminders, mail_outbox.c.state)
            .join(mail_outbox, mail_outbox.c.id == interview_reminders.c.mail_id)
            .order_by(interview_reminders.c.id)
        )
        with reading(self.engine) as connection:
            return {
                f"{row.recipient.partition('@')[0]} {row.kind} {row.lead_minutes // 60} "
                f"{row.start_at:%d %H:%M}": row.state
                for row in connection.execute(query)
            }

    def reasons(self) -> list[str]:
        query = select(mail_outbox.c.last_error).where(mail_outbox.c.last_error.is_not(None))
        with reading(self.engine) as connection:
            return [str(reason) for reason in connection.execute(query).scalars()]

    def arrived(self) -> list[tuple[str, str]]:
        """Return recipient and subject of what arrived."""
        return [
            (message["To"].addresses[0].username, str(message["Subject"]))
            for message in self.post.arrived()
        ]


def open_office(engine: Engine, post: PostOffice, **ada: Any) -> Office:
    """Return an office that knows Ada, who applied."""
    add(engine, ADA)
    with writing(engine) as connection:
        connection.execute(update(candidates).values(**{"time_zone": "Europe/Berlin", **ada}))
    return Office(engine, post)
