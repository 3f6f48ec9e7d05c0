"""What candidates may ask: to see what is stored, to have it deleted for good, to be told."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import insert, select

from app import Conflict, Invalid, writing
from app.contributions import contributions
from app.records.database import open_database
from jobs.recruiting.enrichment.panel import content, enrichment_panel
from jobs.recruiting.enrichment.rights import forget, note_told, stored_about
from jobs.recruiting.schema import candidates, enrichments
from jobs.services.lookups import Lookup
from tests.jobs.candidates import NOW
from tests.jobs.commands import migrated, python
from tests.jobs.enriching import AT_GITHUB, Desk


def test_forgetting_deletes_what_was_said_and_nobody_is_asked_again(desk: Desk) -> None:
    ada, bob = desk.add("ada"), desk.add("bob")
    desk.run()
    assert forget(desk.engine, ada, desk.clock.now) == 2
    assert desk.answers(ada) == {}
    assert set(desk.answers(bob)) == {"github", "pdl"}
    desk.asked()
    desk.clock.pass_(days=100)
    assert desk.run().why_skipped == {"the candidate objected": 1}
    assert [r for r in desk.asked() if "ada" in r] == []


def test_an_objection_outlasts_another_link_and_a_first_one(desk: Desk) -> None:
    ada = desk.add("ada")
    bob = desk.add("bob", github=False, linkedin=False)
    for candidate in (ada, bob):
        forget(desk.engine, candidate, desk.clock.now)
    desk.add("ada", github_url=f"{AT_GITHUB}countess")
    desk.add("bob")
    assert desk.resume(ada).github_url == f"{AT_GITHUB}countess"
    assert desk.run().why_skipped == {"the candidate objected": 2}
    assert desk.asked() == []


def test_what_the_candidate_wrote_is_not_touched(desk: Desk) -> None:
    ada = desk.add("ada")
    desk.run()
    with desk.engine.connect() as connection:
        before = connection.execute(select(candidates)).all()
        forget(desk.engine, ada, NOW)
        assert connection.execute(select(candidates)).all() == before
    assert desk.resume(ada).github_url == f"{AT_GITHUB}ada"


def test_an_objection_in_the_middle_of_a_question_keeps_the_answer_out(desk: Desk) -> None:
    ada = desk.add("ada")
    providers = desk.providers()
    asked = providers["LinkedIn"].lookup

    class Meanwhile:
        name, third_party, paid, calls = "pdl", True, True, 0

        def lookup(self, query: Any) -> Lookup:
            forget(desk.engine, ada, desk.clock.now)
            return asked(query)

        def close(self) -> None:
            providers["LinkedIn"].close()

    desk.run(providers={**providers, "LinkedIn": Meanwhile()})
    assert desk.answers(ada) == {}
    assert desk.resume(ada).enrichment_status == "skipped"


def test_under_a_legal_hold_nothing_is_deleted_but_nothing_added_either(desk: Desk) -> None:
    ada = desk.add("ada")
    desk.run()
    desk.change(ada, legal_hold=True)
    with pytest.raises(Conflict, match="under legal hold: nothing was deleted"):
        forget(desk.engine, ada, desk.clock.now)
    assert set(desk.answers(ada)) == {"github", "pdl"}
    desk.change(ada, legal_hold=False)
    desk.clock.pass_(days=31)
    assert desk.run().why_skipped == {"the candidate objected": 1}


def test_an_unknown_candidate_is_named(desk: Desk) -> None:
    for act in (forget, note_told):
        with pytest.raises(Invalid, match=r"There is no candidate 77\."):
            act(desk.engine, 77, NOW)
    with pytest.raises(Invalid, match=r"There is no candidate 77\."):
        stored_about(desk.engine, 77)


def test_all_that_is_stored_can_be_shown_with_its_sources(desk: Desk) -> None:
    ada = desk.add("ada")
    desk.run()
    found = stored_about(desk.engine, ada)
    assert set(found) == {"github", "pdl"}
    assert found["github"]["source_url"] == f"{AT_GITHUB}ada"
    assert found["pdl"]["fields"]["company"]["source"] == "pdl"


def test_the_panel_counts_by_status_and_provider_and_shows_overdue_notices(desk: Desk) -> None:
    desk.add("ada")
    desk.add("bob", github=False)
    desk.pdl.people.likelihoods["bob"] = 0
    desk.add("dnc", do_not_contact=True)
    desk.run()
    assert figures(desk) == {
        "Enriched": "1",
        "No match": "1",
        "Skipped": "1",
        "Overdue notices": "0",
    }
    with desk.engine.connect() as connection:
        table = content(connection, NOW).table
    assert table is not None
    assert table.rows == [
        ["github", "1", "0", "0", "0", "0", "2026-11-24 09:00 UTC"],
        ["pdl", "1", "0", "1", "0", "0", "2026-11-24 09:00 UTC"],
    ]


def figures(desk: Desk) -> dict[str, str]:
    with desk.engine.connect() as connection:
        return {f.label: f.value for f in content(connection, desk.clock.now).figures}


def test_a_notice_is_overdue_after_30_days_until_it_is_noted_as_sent(desk: Desk) -> None:
    ada = desk.add("ada")
    desk.run()
    desk.clock.pass_(days=29)
    assert figures(desk)["Overdue notices"] == "0"
    desk.clock.pass_(days=2)
    assert figures(desk)["Overdue notices"] == "1"
    desk.run()
    assert figures(desk)["Overdue notices"] == "1"
    assert note_told(desk.engine, ada, desk.clock.now) == 2
    assert figures(desk)["Overdue notices"] == "0"
    desk.clock.pass_(days=31)
    desk.run()
    assert figures(desk)["Overdue notices"] == "0"


def test_an_empty_database_says_what_is_missing(desk: Desk) -> None:
    with desk.engine.connect() as connection:
        assert content(connection, NOW).note.startswith("No résumé with a profile link yet")


def test_panel_and_command_are_contributed() -> None:
    assert contributions.panel("enrichment") is enrichment_panel
    assert "enrichment" in contributions.commands


def test_the_command_shows_notes_and_forgets(tmp_path: Path) -> None:
    settings = migrated(tmp_path)
    stored(settings["DATABASE_URL"])
    shown = command("show", settings)
    assert json.loads(shown.output)["github"]["source_url"] == f"{AT_GITHUB}ada"
    assert command("told", settings).output == "Candidate 1: noted for 1 answers.\n"
    assert command("forget", settings).output == (
        "Candidate 1: 1 answers of providers deleted. They are not looked up any more.\n"
    )
    assert command("show", settings).output == "{}\n"
    unknown = python("-m", "app", "enrichment", "forget", "9", env=settings)
    assert unknown.popen.returncode == 2
    assert "There is no candidate 9." in unknown.output


def command(action: str, settings: dict[str, str]) -> Any:
    return python("-m", "app", "enrichment", action, "1", env=settings)


def stored(database_url: str) -> None:
    engine = open_database(database_url)
    person = {"name": "Ada", "emails": [], "phones": [], "created_at": NOW, "updated_at": NOW}
    answer = {
        "candidate_id": 1,
        "provider": "github",
        "query": f"{AT_GITHUB}ada",
        "outcome": "matched",
        "source_url": f"{AT_GITHUB}ada",
        "fields": {},
        "fetched_at": NOW,
        "expires_at": NOW + timedelta(days=30),
        "obtained_at": NOW,
    }
    with writing(engine) as connection:
        connection.execute(insert(candidates).values(person))
        connection.execute(insert(enrichments).values(answer))
    engine.dispose()
