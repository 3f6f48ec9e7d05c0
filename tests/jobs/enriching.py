"""A desk at which résumés are enriched: applicants, a clock, runs, and what is stored."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import ExitStack, closing
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Engine, Row, select, update

from app import writing
from jobs.enrichment import further_run_at
from jobs.recruiting.enrichment.asking import Asking
from jobs.recruiting.enrichment.result import EnrichmentResult, summary
from jobs.recruiting.enrichment.run import EnrichmentRun
from jobs.recruiting.imports.loaded import Entry
from jobs.recruiting.imports.refusal import Place
from jobs.recruiting.imports.rows import Application, Person
from jobs.recruiting.imports.store import store
from jobs.recruiting.schema import candidates, enrichments, resumes
from jobs.sandbox.github_api import TOKEN_OF_THE_SANDBOX
from jobs.sandbox.pdl_api import KEY_OF_THE_SANDBOX
from jobs.sandbox.server import Sandbox
from jobs.services.github import GitHub
from jobs.services.lookups import Provider
from jobs.services.people_data_labs import PeopleDataLabs
from jobs.services.retrying import Patience
from tests.jobs.candidates import NOW

TIMEOUT = (1.0, 1.0)
IN_LINKEDIN = "https://www.linkedin.com/in/"
AT_GITHUB = "https://github.com/"


class Clock:
    """Shows the same time until it is moved; waiting moves it."""

    def __init__(self, now: datetime) -> None:
        self.now = now
        self.waits: list[float] = []

    def __call__(self) -> datetime:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.waits.append(seconds)
        self.now += timedelta(seconds=seconds)

    def pass_(self, **time: float) -> None:
        self.now += timedelta(**time)


class Desk:
    """One database, and the sandbox's services at the clock's time. Everybody is known to both
    services unless a test says otherwise."""

    def __init__(self, engine: Engine, sandbox: Sandbox) -> None:
        self.engine = engine
        self.sandbox = sandbox
        self.clock = Clock(NOW)
        self.github, self.pdl = sandbox.app.github, sandbox.app.pdl
        self.github.clock = self.pdl.clock = lambda: self.clock.now.timestamp()
        self.token, self.key = TOKEN_OF_THE_SANDBOX, KEY_OF_THE_SANDBOX

    def add(self, name: str, *, github: bool = True, linkedin: bool = True, **also: Any) -> int:
        """Add an applicant with links named after them; return their candidate id."""
        person = Person(
            name.capitalize(),
            (f"{name}@example.org",),
            github_url=f"{AT_GITHUB}{name}" if github else None,
            linkedin_url=f"{IN_LINKEDIN}{name}" if linkedin else None,
        )
        self.github.people.kinds.setdefault(name, "user")
        self.pdl.people.likelihoods.setdefault(name, 9)
        return self.take_in(replace(person, **also))

    def add_many(self, count: int, **also: Any) -> None:
        for number in range(count):
            self.add(f"person{number}", **also)

    def take_in(self, person: Person, status: str = "active") -> int:
        """Import a person with an application; return their candidate id."""
        application = Application("Engineer", status=status, applied_at=NOW)
        entry = Entry(Place(2, 2), person, [(Place(2, 2), application)])
        with writing(self.engine) as connection:
            store(connection, [entry], self.clock.now)
            query = select(candidates.c.id).where(candidates.c.email_key == person.email_key)
            return int(connection.execute(query).scalar_one())

    def change(self, candidate_id: int, **values: Any) -> None:
        with writing(self.engine) as connection:
            where = candidates.c.id == candidate_id
            connection.execute(update(candidates).where(where).values(**values))

    def providers(self, most_credits: int = 200) -> Mapping[str, Provider]:
        url, patience = self.sandbox.place.url, Patience(4, 1.0, sleep=self.clock.sleep)
        return {
            "GitHub": GitHub(f"{url}/github", self.token, self.clock, patience, TIMEOUT),
            "LinkedIn": PeopleDataLabs(
                f"{url}/pdl", self.key, self.clock, most_credits, patience, TIMEOUT
            ),
        }

    def run(
        self,
        owner: str = "a run",
        most: int = 500,
        most_credits: int = 200,
        providers: Mapping[str, Provider] | None = None,
    ) -> EnrichmentResult:
        """Enrich what is due, as the task does."""
        with ExitStack() as stack:
            providers = providers or self.providers(most_credits)
            for provider in providers.values():
                stack.enter_context(closing(provider))
            asking = Asking(self.clock, self.clock.sleep)
            tally = EnrichmentRun(self.engine, providers, owner, asking, most=most).run()
        further = further_run_at(tally, self.clock.now)
        return summary(tally, providers, asking.stopped, further, 0.0)

    def resume(self, candidate_id: int) -> Row[Any]:
        query = select(resumes).where(resumes.c.candidate_id == candidate_id)
        with self.engine.connect() as connection:
            return connection.execute(query).one()

    def answers(self, candidate_id: int) -> dict[str, Row[Any]]:
        query = select(enrichments).where(enrichments.c.candidate_id == candidate_id)
        with self.engine.connect() as connection:
            return {row.provider: row for row in connection.execute(query)}

    def snapshot(self) -> list[Any]:
        with self.engine.connect() as connection:
            return [
                tuple(row)
                for table in (candidates, resumes, enrichments)
                for row in connection.execute(select(table).order_by(table.c.id))
            ]

    def asked(self) -> list[str]:
        """Return the requests that came to the services, and forget them."""
        found = [r for r in self.sandbox.app.requests if "/github/" in r or "/pdl/" in r]
        self.sandbox.app.requests.clear()
        return found


def counts(result: EnrichmentResult) -> dict[str, int]:
    names = ("enriched", "partial", "no_match", "failed", "skipped", "postponed", "untouched")
    return {name: getattr(result, name) for name in names if getattr(result, name)}
