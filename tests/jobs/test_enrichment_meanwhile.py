"""What changes while somebody is looked up wins, and two runs never ask about one person."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select, update

from app import writing
from jobs.recruiting.enrichment.store import CLAIM
from jobs.recruiting.imports.rows import Person
from jobs.recruiting.schema import enrichments, resumes
from jobs.services.lookups import Lookup
from tests.jobs.enriching import AT_GITHUB, Desk, counts


def test_a_resume_that_another_run_holds_is_left_to_it_until_its_claim_ends(desk: Desk) -> None:
    ada = desk.add("ada")
    hold(desk, ada, "another run")
    result = desk.run("a run")
    assert (counts(result), result.notes) == ({}, ())
    assert desk.asked() == []
    desk.clock.pass_(seconds=CLAIM.total_seconds() + 1)
    assert counts(desk.run("a run")) == {"enriched": 1}


def test_a_run_that_is_started_again_takes_its_own_claims_back(desk: Desk) -> None:
    hold(desk, desk.add("ada"), "a run")
    assert counts(desk.run("a run")) == {"enriched": 1}


def hold(desk: Desk, candidate_id: int, owner: str) -> None:
    values = {"enrichment_status": "running", "claimed_by": owner, "claim_token": "x"}
    with writing(desk.engine) as connection:
        connection.execute(
            update(resumes)
            .where(resumes.c.candidate_id == candidate_id)
            .values(values | {"claimed_until": desk.clock.now + CLAIM})
        )


def test_a_resume_that_another_run_takes_in_the_meantime_is_left_to_it(desk: Desk) -> None:
    desk.add("ada", linkedin=False)
    bob = desk.add("bob", linkedin=False)
    providers = desk.providers()
    asked = providers["GitHub"].lookup

    class Meanwhile:
        name, third_party, paid, calls = "github", True, False, 0

        def lookup(self, query: Any) -> Lookup:
            hold(desk, bob, "another run")
            return asked(query)

        def close(self) -> None:
            providers["GitHub"].close()

    result = desk.run(providers={**providers, "GitHub": Meanwhile()})
    assert counts(result) == {"enriched": 1}
    assert [r for r in desk.asked() if "bob" in r] == []
    assert result.notes == ("1 changed while they were looked up and were left as they are",)


def test_what_changes_while_somebody_is_looked_up_wins(desk: Desk) -> None:
    ada = desk.add("ada")
    providers = desk.providers()
    asked = providers["GitHub"].lookup

    class Meanwhile:
        name, third_party, paid, calls = "github", True, False, 0

        def lookup(self, query: Any) -> Lookup:
            person = Person("Ada", ("ada@example.org",), github_url=f"{AT_GITHUB}countess")
            desk.take_in(person)
            return asked(query)

        def close(self) -> None:
            providers["GitHub"].close()

    result = desk.run(providers={**providers, "GitHub": Meanwhile()})
    assert counts(result) == {}
    assert desk.resume(ada).enrichment_status == "pending"
    with desk.engine.connect() as connection:
        assert connection.execute(select(enrichments.c.provider)).all() == []


def test_a_candidate_who_must_not_be_contacted_any_more_is_not_even_claimed(desk: Desk) -> None:
    desk.add("ada", linkedin=False)
    bob = desk.add("bob", linkedin=False)
    providers = desk.providers()
    asked = providers["GitHub"].lookup

    class Meanwhile:
        name, third_party, paid, calls = "github", True, False, 0

        def lookup(self, query: Any) -> Lookup:
            desk.change(bob, do_not_contact=True)
            return asked(query)

        def close(self) -> None:
            providers["GitHub"].close()

    desk.run(providers={**providers, "GitHub": Meanwhile()})
    assert [r for r in desk.asked() if "bob" in r] == []
