"""`import FILE`: what is accepted, and that nothing happens by halves."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import Engine, insert

from app import Conflict, writing
from app.records.database import open_database
from app.records.migrate import migrate
from jobs.recruiting.imports.command import describe
from jobs.recruiting.imports.store import Counts
from jobs.recruiting.schema import applications, candidates, positions
from tests.jobs.candidates import NOW
from tests.jobs.commands import migrated, python
from tests.jobs.importing import ADA, GRACE, HEADER, Importer


def test_candidates_come_in_with_their_applications(engine: Engine, tmp_path: Path) -> None:
    load = Importer(engine, tmp_path)
    report = load(HEADER, ADA, GRACE)
    assert report.stored.candidates == Counts(inserted=2)
    assert report.stored.applications == Counts(inserted=2)
    ada = load.rows(candidates)[0]
    assert (ada["name"], ada["emails"], ada["phones"]) == (
        "Ada Lovelace",
        ["ada@example.org"],
        ["+44 20 7946 0001"],
    )
    first = load.rows(applications)[0]
    assert (first["stage"], first["status"], first["source"]) == ("Interview", "active", "Referral")
    assert first["applied_at"] == datetime(2026, 11, 20, tzinfo=UTC)
    assert [row["title"] for row in load.rows(positions)] == ["Engineer", "Admiral"]


def test_a_second_import_changes_nothing(engine: Engine, tmp_path: Path) -> None:
    load = Importer(engine, tmp_path)
    load(HEADER, ADA, GRACE)
    before = load.rows(candidates), load.rows(applications)
    report = load(HEADER, ADA, GRACE, now=datetime(2026, 12, 1, tzinfo=UTC))
    assert report.stored.candidates == Counts(unchanged=2)
    assert report.stored.applications == Counts(unchanged=2)
    assert (load.rows(candidates), load.rows(applications)) == before


def test_a_changed_row_updates_and_an_empty_cell_erases_nothing(
    engine: Engine, tmp_path: Path
) -> None:
    load = Importer(engine, tmp_path)
    load(HEADER, ADA)
    later = datetime(2026, 12, 1, tzinfo=UTC)
    report = load(HEADER, "Ada King,ADA@example.org,,engineer,Offer,,,", now=later)
    assert report.stored.candidates == Counts(updated=1)
    assert report.stored.applications == Counts(updated=1)
    ada, application = load.rows(candidates)[0], load.rows(applications)[0]
    assert (ada["name"], ada["phones"]) == ("Ada King", ["+44 20 7946 0001"])
    assert (application["stage"], application["source"]) == ("Offer", "Referral")
    assert application["last_activity_at"] == later


def test_an_application_that_ends_keeps_when(load: Importer) -> None:
    load(HEADER, ADA)
    load(HEADER, ADA.replace("active", "Rejected"))
    assert load.rows(applications)[0]["status"] == "rejected"
    assert load.rows(applications)[0]["ended_at"] == NOW


@pytest.mark.parametrize(
    "header",
    [
        "First Name,Surname,Email Address,Mobile,Role,Date applied",
        "GIVEN NAME,last_name,e-mail,Phone number,Job Title,Application date",
        "forename,Family name,Mail,telephone,vacancy,Applied on",
    ],
)
def test_headers_have_synonyms(load: Importer, header: str) -> None:
    load(header, "Ada,Lovelace,ada@example.org,+44 20 7946 0001,Engineer,2026-11-20")
    ada = load.rows(candidates)[0]
    assert (ada["name"], ada["given_name"], ada["family_name"]) == (
        "Ada Lovelace",
        "Ada",
        "Lovelace",
    )
    assert load.rows(positions)[0]["title"] == "Engineer"


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"], ids=["plain", "byte order mark"])
def test_delimiter_and_byte_order_mark_are_found_out(
    load: Importer, delimiter: str, mark: bytes
) -> None:
    lines = [line.replace(",", delimiter) for line in (HEADER, ADA)]
    load(mark + lines[0].encode(), lines[1])
    assert load.rows(candidates)[0]["emails"] == ["ada@example.org"]


def test_a_semicolon_in_a_name_does_not_decide_the_delimiter(load: Importer) -> None:
    load("Name,E-mail,Note;with;many;semicolons", "Ada;b;c;d,ada@example.org,x;y;z")
    assert load.rows(candidates)[0]["name"] == "Ada;b;c;d"


def test_quotes_and_line_breaks_in_cells_are_kept_apart(load: Importer) -> None:
    load(HEADER, '"Lovelace, ""Ada""\nCountess",ada@example.org,,Engineer,,,,', GRACE)
    assert load.rows(candidates)[0]["name"] == 'Lovelace, "Ada" Countess'
    assert load.rows(candidates)[1]["name"] == "Grace Hopper"


def test_windows_line_ends_are_line_ends(load: Importer) -> None:
    report = load((HEADER + "\r").encode(), (ADA + "\r").encode())
    assert report.stored.candidates == Counts(inserted=1)


def test_a_person_may_apply_for_several_positions(load: Importer) -> None:
    report = load(HEADER, ADA, ADA.replace("Engineer", "Analyst"))
    assert report.stored.candidates == Counts(inserted=1)
    assert report.stored.applications == Counts(inserted=2)
    again = load(HEADER, ADA, ADA.replace("Engineer", "Analyst"))
    assert again.stored.applications == Counts(unchanged=2)


def test_without_an_email_the_external_id_says_who_it_is(load: Importer) -> None:
    load("Name,External id,E-mail", "Ada Lovelace,A-1,")
    report = load("Name,External id,E-mail", "Ada Lovelace,A-1,ada@example.org")
    assert report.stored.candidates == Counts(updated=1)
    assert load.rows(candidates)[0]["emails"] == ["ada@example.org"]


def test_several_addresses_and_numbers_of_a_person_are_kept(load: Importer) -> None:
    load(
        "Name,E-mail,Phone,Mobile",
        'Ada,"ada@example.org; countess@example.org",020 7946 0001,07700 900001',
    )
    ada = load.rows(candidates)[0]
    assert ada["emails"] == ["ada@example.org", "countess@example.org"]
    assert ada["phones"] == ["020 7946 0001", "07700 900001"]


def test_unknown_columns_are_named_and_ignored(load: Importer) -> None:
    report = load("Name,E-mail,Shoe size", "Ada,ada@example.org,38")
    assert report.ignored_columns == ("Shoe size",)
    assert "Ignored columns: Shoe size." in describe(report)


@pytest.mark.parametrize(
    ("cell", "expected"),
    [
        ("2026-07-01", "2026-06-30T22:00:00+00:00"),
        ("2026-07-01 09:30", "2026-07-01T07:30:00+00:00"),
        ("2026-07-01T09:30:00Z", "2026-07-01T09:30:00+00:00"),
        ("2026-07-01T09:30+05:30", "2026-07-01T04:00:00+00:00"),
        ("1.7.2026", "2026-06-30T22:00:00+00:00"),
        ("1 Jul 2026", "2026-06-30T22:00:00+00:00"),
        ("July 1, 2026", "2026-06-30T22:00:00+00:00"),
    ],
)
def test_dates_without_an_offset_are_in_the_organisations_zone(
    load: Importer, cell: str, expected: str
) -> None:
    report = load(
        "Name;E-mail;Job;Applied",
        f"Ada;ada@example.org;Engineer;{cell}",
        zone=ZoneInfo("Europe/Berlin"),
    )
    assert report.refusals == ()
    assert load.rows(applications)[0]["applied_at"].isoformat() == expected


def test_one_refused_row_leaves_everything_as_it_was(engine: Engine, tmp_path: Path) -> None:
    load = Importer(engine, tmp_path)
    load(HEADER, ADA)
    before = load.rows(candidates), load.rows(applications), load.rows(positions)
    report = load(HEADER, ADA.replace("Lovelace", "King"), GRACE, "Nobody,nowhere,,X,,,,")
    assert report.written is False
    assert (load.rows(candidates), load.rows(applications), load.rows(positions)) == before


def test_a_refusal_found_while_writing_leaves_everything_as_it_was(load: Importer) -> None:
    header = "Name,E-mail,External id"
    load(header, "Ada,ada@example.org,A-1", "Grace,grace@example.org,G-1")
    before = load.rows(candidates)
    report = load(header, "New,new@example.org,N-1", "Ada,ada@example.org,G-1")
    assert report.written is False
    assert load.rows(candidates) == before


def test_partial_writes_the_good_rows(load: Importer) -> None:
    report = load(HEADER, ADA, "Nobody,nowhere,,X,,,,", GRACE, partial=True)
    assert (report.written, report.refused_rows) == (True, 1)
    assert [row["name"] for row in load.rows(candidates)] == ["Ada Lovelace", "Grace Hopper"]


def test_a_dry_run_counts_and_writes_nothing(load: Importer) -> None:
    report = load(HEADER, ADA, dry_run=True)
    assert report.stored.candidates == Counts(inserted=1)
    assert "Candidates: 1 would be inserted" in describe(report, dry_run=True)
    assert load.rows(candidates) == []


def test_two_imports_of_one_person_at_once_do_not_mix(postgres_url: str, tmp_path: Path) -> None:
    engine = open_database(postgres_url.replace("postgresql://", "postgresql+psycopg://"))
    migrate(engine)
    load = Importer(engine, tmp_path)
    with ThreadPoolExecutor(1) as pool, writing(engine) as first:
        first.execute(insert(candidates).values(PERSON))
        second = pool.submit(load, HEADER, GRACE, ADA)
        with pytest.raises(TimeoutError):
            second.result(timeout=0.5)
        first.commit()
        with pytest.raises(Conflict, match="Nothing was written: import the file again"):
            second.result(timeout=10)
    assert [row["name"] for row in load.rows(candidates)] == ["Ada"]
    engine.dispose()


PERSON = {
    "name": "Ada",
    "email_key": "ada@example.org",
    "emails": ["ada@example.org"],
    "phones": [],
    "created_at": NOW,
    "updated_at": NOW,
}


def test_a_thousand_rows_take_less_than_two_seconds(load: Importer) -> None:
    people = [
        f"P{n},p{n}@example.org,,Engineer,Applied,active,Referral,2026-11-20" for n in range(1_000)
    ]
    started = time.monotonic()
    report = load(HEADER, *people)
    assert time.monotonic() - started < 2
    assert report.stored.candidates == Counts(inserted=1_000)


def test_the_command_reports_and_exits_with_what_happened(tmp_path: Path) -> None:
    settings = migrated(tmp_path)
    good, bad = tmp_path / "good.csv", tmp_path / "bad.csv"
    good.write_text(f"{HEADER}\n{ADA}\n")
    bad.write_text(f"{HEADER}\n{GRACE}\nNobody,nowhere,,X,,,,\n")
    done = python("-m", "app", "import", good, env=settings)
    assert done.popen.returncode == 0
    assert done.output == (
        "Candidates: 1 inserted, 0 updated, 0 unchanged.\n"
        "Applications: 1 inserted, 0 updated, 0 unchanged.\n"
        "Rows: 1 read, 0 refused.\n"
    )
    failed = python("-m", "app", "import", bad, env=settings)
    assert failed.popen.returncode == 1
    assert "row 3, column “E-mail”: “nowhere” is not an e-mail address" in failed.output
    assert "Nothing was written." in failed.output
    partial = python("-m", "app", "import", bad, "--partial", env=settings)
    assert partial.popen.returncode == 1
    assert "Candidates: 1 inserted" in partial.output
    wrong = python("-m", "app", "import", tmp_path / "nothing.csv", env=settings)
    assert wrong.popen.returncode == 2
    assert "nothing.csv does not exist." in wrong.output
