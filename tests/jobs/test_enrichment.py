"""Résumés are enriched once, beside what the candidate wrote, and only where that is allowed."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from jobs.recruiting.imports.rows import Person
from jobs.recruiting.schema import candidates, resumes
from jobs.services.lookups import Skipping
from jobs.services.resume_url import ResumeUrl
from tests.jobs.candidates import NOW
from tests.jobs.enriching import AT_GITHUB, IN_LINKEDIN, Desk, counts


def test_an_import_makes_a_pending_resume_for_who_gave_a_link(desk: Desk) -> None:
    ada = desk.add("ada")
    bob = desk.add("bob", github=False, linkedin=False)
    resume = desk.resume(ada)
    assert (resume.enrichment_status, resume.attempts) == ("pending", 0)
    assert (resume.github_url, resume.linkedin_url) == (f"{AT_GITHUB}ada", f"{IN_LINKEDIN}ada")
    with desk.engine.connect() as connection:
        assert bob not in connection.execute(select(resumes.c.candidate_id)).scalars().all()


def test_a_resume_is_enriched_by_both_services_beside_what_was_written(desk: Desk) -> None:
    ada = desk.add("ada")
    with desk.engine.connect() as connection:
        before = connection.execute(select(candidates)).all()
    result = desk.run()
    assert counts(result) == {"enriched": 1}
    assert result.message == "Résumés: 1 enriched."
    assert (result.calls, result.credits) == ({"GitHub": 2, "LinkedIn": 1}, 1)
    assert desk.resume(ada).enrichment_status == "enriched"
    answers = desk.answers(ada)
    assert answers["github"].fields["login"]["value"] == "ada"
    assert answers["pdl"].fields["linkedin_url"]["value"] == "linkedin.com/in/ada"
    with desk.engine.connect() as connection:
        assert connection.execute(select(candidates)).all() == before


def test_every_field_says_where_it_came_from(desk: Desk) -> None:
    ada = desk.add("ada")
    desk.run()
    github, pdl = desk.answers(ada)["github"], desk.answers(ada)["pdl"]
    for row, source in ((github, "github"), (pdl, "pdl")):
        assert row.fields
        for field in row.fields.values():
            assert (field["source"], field["confidence"] > 0) == (source, True)
            assert field["fetched_at"] == NOW.isoformat()
            assert field["expires_at"] == (NOW + timedelta(days=30)).isoformat()
            assert field["basis"] == "link given by the applicant"
            assert field["source_url"].startswith("http")
    assert all(field["etag"] for field in github.fields.values())


def test_contact_details_are_neither_asked_for_nor_kept(desk: Desk) -> None:
    ada = desk.add("ada")
    desk.run()
    for row in desk.answers(ada).values():
        text = str(row.fields)
        assert "@" not in text
        assert "+1202" not in text


def test_a_second_run_asks_nobody_changes_nothing_and_says_so(desk: Desk) -> None:
    desk.add_many(3)
    desk.add("dnc", do_not_contact=True)
    desk.run()
    before, _ = desk.snapshot(), desk.asked()
    result = desk.run("another run")
    assert desk.asked() == []
    assert desk.snapshot() == before
    assert (result.changed, counts(result)) == (0, {"skipped": 1})
    assert result.message == ("Nothing to do: no résumé was due. 1 skipped (do not contact 1).")


@pytest.mark.parametrize(
    ("also", "reason"),
    [({"do_not_contact": True}, "do not contact"), ({"legal_hold": True}, "legal hold")],
)
def test_who_must_be_left_alone_is_not_asked_about(
    desk: Desk, also: dict[str, Any], reason: str
) -> None:
    ada = desk.add("ada", **also)
    result = desk.run()
    assert (counts(result), result.why_skipped) == ({"skipped": 1}, {reason: 1})
    assert desk.asked() == []
    assert desk.resume(ada).status_reason == reason
    desk.change(ada, do_not_contact=False, legal_hold=False)
    assert counts(desk.run()) == {"enriched": 1}


def test_only_applicants_with_an_open_application_are_looked_up(desk: Desk) -> None:
    person = Person("Ada", ("ada@example.org",), github_url=f"{AT_GITHUB}ada")
    desk.take_in(person, status="rejected")
    assert desk.run().why_skipped == {"no open application": 1}
    assert desk.asked() == []


def test_an_anonymised_candidate_is_not_even_read(desk: Desk) -> None:
    desk.change(desk.add("ada"), anonymised_at=NOW)
    assert counts(desk.run()) == {}
    assert desk.asked() == []


def test_nobody_found_is_no_match_and_kept_for_90_days(desk: Desk) -> None:
    ada = desk.add("ada")
    desk.github.people.kinds["ada"] = "unknown"
    desk.pdl.people.likelihoods["ada"] = 0
    result = desk.run()
    assert (counts(result), result.credits) == ({"no_match": 1}, 0)
    assert desk.resume(ada).next_attempt_at == NOW + timedelta(days=90)
    desk.asked()
    desk.clock.pass_(days=89)
    desk.run()
    assert desk.asked() == []
    desk.clock.pass_(days=1)
    desk.run()
    assert len(desk.asked()) == 2


def test_one_match_is_enough(desk: Desk) -> None:
    ada = desk.add("ada")
    desk.pdl.people.likelihoods["ada"] = 0
    assert counts(desk.run()) == {"enriched": 1}
    assert desk.answers(ada)["pdl"].outcome == "no_match"


def test_a_doubtful_match_is_kept_apart_for_a_person_to_look_at(desk: Desk) -> None:
    ada = desk.add("ada", github=False)
    desk.pdl.people.likelihoods["ada"] = 4
    assert counts(desk.run()) == {"partial": 1}
    row = desk.answers(ada)["pdl"]
    assert (row.outcome, row.confidence) == ("low_confidence", 0.4)
    assert "a person should look" in desk.resume(ada).status_reason


def test_a_match_is_fetched_again_after_30_days_at_no_cost_where_nothing_changed(
    desk: Desk,
) -> None:
    ada = desk.add("ada", linkedin=False)
    desk.run()
    first, used = desk.answers(ada)["github"], desk.github.windows["token"].used
    desk.clock.pass_(days=30, minutes=1)
    assert counts(desk.run()) == {"enriched": 1}
    again = desk.answers(ada)["github"]
    assert len(desk.asked()) == 4
    assert desk.github.windows["token"].used == 0, used
    assert again.fields["login"]["fetched_at"] == first.fields["login"]["fetched_at"]
    assert again.expires_at == desk.clock.now + timedelta(days=30)


def test_what_changed_at_the_provider_is_renewed_and_the_rest_stays(desk: Desk) -> None:
    ada = desk.add("ada", linkedin=False)
    desk.run()
    first = desk.answers(ada)["github"].fields
    desk.github.people.changes["ada"] = 5
    desk.clock.pass_(days=31)
    desk.run()
    fields = desk.answers(ada)["github"].fields
    assert fields["followers"]["value"] == first["followers"]["value"] + 5
    assert fields["followers"]["fetched_at"] == desk.clock.now.isoformat()
    assert fields["languages"]["fetched_at"] == NOW.isoformat()
    assert fields["languages"]["value"] == first["languages"]["value"]


def test_what_the_provider_no_longer_says_is_deleted(desk: Desk) -> None:
    ada = desk.add("ada", linkedin=False)
    desk.run()
    desk.github.people.kinds["ada"] = "unknown"
    desk.clock.pass_(days=31)
    assert counts(desk.run()) == {"no_match": 1}
    row = desk.answers(ada)["github"]
    assert (row.fields, row.obtained_at) == ({}, None)


def test_another_link_makes_the_resume_pending_and_drops_what_was_said_of_the_old_one(
    desk: Desk,
) -> None:
    ada = desk.add("ada")
    desk.run()
    desk.clock.pass_(hours=1)
    person = Person("Ada", ("ada@example.org",), github_url=f"{AT_GITHUB}countess")
    desk.github.people.kinds["countess"] = "user"
    desk.take_in(person)
    resume = desk.resume(ada)
    assert (resume.enrichment_status, resume.links_given_at) == ("pending", desk.clock.now)
    result = desk.run()
    assert (counts(result), result.credits) == ({"enriched": 1}, 0)
    assert desk.answers(ada)["github"].fields["login"]["value"] == "countess"


def test_an_import_that_repeats_the_links_changes_no_resume(desk: Desk) -> None:
    ada = desk.add("ada")
    desk.run()
    before = desk.resume(ada)
    desk.clock.pass_(hours=1)
    desk.add("ada")
    assert desk.resume(ada) == before


def test_a_renamed_account_is_followed_and_less_sure(desk: Desk) -> None:
    ada = desk.add("ada", linkedin=False)
    desk.github.people.kinds["ada"] = "renamed"
    desk.github.people.kinds["ada-hq"] = "user"
    assert counts(desk.run()) == {"enriched": 1}
    row = desk.answers(ada)["github"]
    assert (row.source_url, row.confidence) == (f"{AT_GITHUB}ada-hq", 0.9)


def test_an_account_younger_than_the_link_may_be_somebody_elses(desk: Desk) -> None:
    ada = desk.add("ada", linkedin=False)
    desk.github.people.created["ada"] = NOW + timedelta(days=1)
    assert counts(desk.run()) == {"partial": 1}
    assert desk.answers(ada)["github"].outcome == "low_confidence"


def test_an_organisation_is_refused(desk: Desk) -> None:
    ada = desk.add("ada", linkedin=False)
    desk.github.people.kinds["ada"] = "organization"
    assert counts(desk.run()) == {"failed": 1}
    assert (
        desk.resume(ada).status_reason
        == "GitHub: the link leads to an account of kind organization"
    )
    assert desk.answers(ada)["github"].fields == {}


def test_links_that_name_nobody_are_not_asked_about(desk: Desk) -> None:
    company = "https://www.linkedin.com/company/example"
    person = Person("Ada", ("ada@example.org",), linkedin_url=company)
    desk.take_in(replace(person, github_url="https://github.com/orgs/example"))
    assert counts(desk.run()) == {"failed": 1}
    assert desk.asked() == []


def test_a_limit_leaves_the_rest_to_the_next_run(desk: Desk) -> None:
    desk.add_many(5)
    result = desk.run(most=3)
    assert counts(result) == {"enriched": 3, "untouched": 2}
    assert "2 are left to the next run by this one's limits" in result.notes
    assert counts(desk.run()) == {"enriched": 2}


def test_no_more_credits_are_spent_than_a_run_may(desk: Desk) -> None:
    desk.add_many(5)
    result = desk.run(most_credits=2)
    assert (desk.pdl.spent, result.credits) == (2, 2)
    assert counts(result) == {"enriched": 2, "partial": 3, "postponed": 3}
    assert counts(desk.run()) == {"enriched": 3}
    assert desk.pdl.spent == 5


def test_a_site_without_provider_is_skipped_and_the_other_used(desk: Desk) -> None:
    ada, bob = desk.add("ada"), desk.add("bob", github=False)
    absent = Skipping("pdl", "not configured: set PDL_API_KEY")
    providers = {**desk.providers(), "LinkedIn": absent}
    result = desk.run(providers=providers)
    assert counts(result) == {"enriched": 1, "skipped": 1}
    assert result.why_skipped == {"LinkedIn: not configured: set PDL_API_KEY": 1}
    assert desk.resume(ada).enrichment_status == "enriched"
    assert desk.resume(bob).attempts == 0
    assert counts(desk.run()) == {"enriched": 1}


def test_resume_url_only_puts_the_link_in_order(desk: Desk) -> None:
    person = Person(
        "Ada", ("ada@example.org",), linkedin_url="https://de.linkedin.com/in/Ada/en?x=1"
    )
    ada = desk.take_in(person)
    result = desk.run(providers={**desk.providers(), "LinkedIn": ResumeUrl(desk.clock)})
    assert (counts(result), desk.asked()) == ({"enriched": 1}, [])
    row = desk.answers(ada)["resume_url"]
    assert {name: f["value"] for name, f in row.fields.items()} == {
        "linkedin_url": f"{IN_LINKEDIN}ada"
    }
    assert row.obtained_at is None
