"""`import FILE`: what is refused, where, and why."""

from __future__ import annotations

from pathlib import Path

import pytest

from jobs.recruiting.imports.command import import_file
from jobs.recruiting.imports.refusal import FileRefused
from jobs.recruiting.schema import candidates
from tests.jobs.candidates import NOW
from tests.jobs.importing import ADA, GRACE, HEADER, Importer, reasons


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (ADA.replace("ada@", "ada"), "column “E-mail”: “adaexample.org” is not an e-mail address"),
        (ADA.replace("ada@example.org", "ada@x"), "“ada@x” is not an e-mail address"),
        (ADA.replace("Ada Lovelace", " "), "column “Name”: the name is missing"),
        (ADA.replace("ada@example.org", ""), "column “E-mail”: neither an e-mail nor an external"),
        (
            ADA.replace("active", "Pending"),
            "column “Status”: “Pending” is not a status; allowed: active, hired, rejected, "
            "withdrawn, archived",
        ),
        (
            ADA.replace("2026-11-20", "11/20/2026"),
            "column “Applied at”: “11/20/2026” is not a date; accepted forms: 2026-11-24, ",
        ),
        (ADA.replace("2026-11-20", "2026-02-30"), "“2026-02-30” is not a date of the calendar"),
        (ADA.replace("2026-11-20", "0026-11-20"), "“0026-11-20” lies before 1970"),
        (ADA.replace("+44 20 7946 0001", "none"), "column “Phone”: “none” is not a phone number"),
        (ADA.replace("Engineer", ""), "says something about an application, but no position"),
        (ADA + ",more", ": has 9 cells, but the header names 8 columns"),
        (ADA.replace("Ada", "A" * 400), "column “Name”: is 409 characters long; at most 300"),
        (ADA.replace("Ada", "A\x01da"), "column “Name”: holds control characters"),
    ],
)
def test_a_bad_row_is_refused_with_row_column_and_reason(
    load: Importer, line: str, said: str
) -> None:
    report = load(HEADER, GRACE, line)
    assert [reason for reason in reasons(report) if said in reason]
    assert all(reason.startswith("row 3") for reason in reasons(report))
    assert (report.rows, report.refused_rows, report.written) == (2, 1, False)


@pytest.mark.parametrize(
    ("column", "cell", "said"),
    [
        ("LinkedIn URL", "javascript:alert(1)", "is not a web address like https://linkedin.com/…"),
        ("LinkedIn", "https://example.org/in/ada", "like https://linkedin.com/…"),
        ("GitHub", "https://github.com.example.org/ada", "like https://github.com/…"),
        ("Time zone", "Middle/Earth", "“Middle/Earth” is not an IANA time zone"),
        ("Do not contact", "perhaps", "“perhaps” is neither yes nor no"),
    ],
)
def test_bad_profile_cells_are_refused(load: Importer, column: str, cell: str, said: str) -> None:
    report = load(f"Name,E-mail,{column}", f"Ada,ada@example.org,{cell}")
    assert said in reasons(report)[0]


def test_every_reason_against_a_row_is_told_at_once(load: Importer) -> None:
    report = load(HEADER, "Ada,nowhere,,Engineer,,Pending,,soon")
    assert [refusal.column for refusal in report.refusals] == ["E-mail", "Status", "Applied at"]
    assert report.refused_rows == 1


def test_a_duplicate_in_the_file_names_the_first_one(load: Importer) -> None:
    report = load(HEADER, ADA, GRACE, ADA.replace("ada@", "Ada@"))
    assert reasons(report) == [
        "row 4, column “E-mail”: is a duplicate of row 2: the same person and position"
    ]


def test_two_rows_that_disagree_about_a_person_are_not_guessed_at(load: Importer) -> None:
    other = ADA.replace("Engineer", "Analyst").replace("Lovelace", "King")
    report = load(HEADER, ADA, other)
    assert reasons(report) == [
        "row 3, column “Name”: differs from row 2, which is about the same person"
    ]


def test_an_email_and_an_external_id_of_two_candidates_are_refused(load: Importer) -> None:
    load("Name,E-mail,External id", "Ada,ada@example.org,A-1", "Grace,grace@example.org,G-1")
    report = load("Name,E-mail,External id", "Ada,ada@example.org,G-1")
    assert reasons(report) == ["row 2: the e-mail and the external id belong to two candidates"]
    assert report.written is False


def test_rows_are_counted_as_a_spreadsheet_does_and_lines_as_an_editor(load: Importer) -> None:
    report = load(HEADER, '"Ada\nLovelace",ada@example.org,,,,,,', "", "Grace,nowhere,,,,,,")
    assert reasons(report)[0].startswith("row 4 (line 5), column “E-mail”: ")


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "is empty"),
        (b"\n\n", "is empty"),
        (b"\xef\xbb\xbf", "is empty"),
        (b"PK\x03\x04\x00\x00rest", "is a binary file"),
        ("Name,E-mail".encode("utf-16"), "is UTF-16: save it as “CSV UTF-8”"),
        (b"Name,E-mail\nJos\xe9,jose@example.org\n", "line 2 holds the byte 0xe9"),
        (b'Name,E-mail\n"Ada,ada@example.org\n', "The record that starts at line 2 is not valid"),
        (b"Name,E-mail,Mail,Job,Role\n", "“Job” and “Role” both mean position"),
        (b"E-mail,Phone\n", "a column for name (any of: Name, Full name,"),
        (b"Name,Phone\n", "a column for e-mail (any of: E-mail, E-mails, E-mail address,"),
    ],
)
def test_a_file_that_cannot_be_read_is_explained(load: Importer, content: bytes, said: str) -> None:
    load.path.write_bytes(content)
    with pytest.raises(FileRefused) as caught:
        import_file(load.engine, load.path, now=NOW)
    assert said in str(caught.value)


def test_bad_bytes_far_down_in_the_file_still_write_nothing(load: Importer) -> None:
    people = [f"P{n},p{n}@example.org" for n in range(20_000)]
    with pytest.raises(FileRefused, match="line 20002 holds the byte 0xff"):
        load("Name,E-mail", *people, b"bad\xff,bad@example.org", partial=True)
    assert load.rows(candidates) == []


def test_a_file_that_is_not_there_is_explained(load: Importer, tmp_path: Path) -> None:
    with pytest.raises(FileRefused, match="does not exist"):
        import_file(load.engine, tmp_path / "nothing.csv", now=NOW)
    with pytest.raises(FileRefused, match="cannot be read: Is a directory"):
        import_file(load.engine, tmp_path, now=NOW)
