"""Which column of a file means what."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from jobs.recruiting.imports.refusal import FileRefused

# The first name of each is the one messages use. They are compared without case, spaces and
# punctuation, so "E-mail Address" is "emailaddress".
SYNONYMS: dict[str, tuple[str, ...]] = {
    "name": ("Name", "Full name", "Candidate", "Candidate name", "Applicant", "Applicant name"),
    "given_name": ("First name", "Given name", "Forename", "First"),
    "family_name": ("Last name", "Family name", "Surname", "Last"),
    "email": ("E-mail", "E-mails", "E-mail address", "Mail", "Primary e-mail", "Candidate e-mail"),
    "phone": (
        "Phone",
        "Phones",
        "Phone number",
        "Mobile",
        "Mobile phone",
        "Mobile number",
        "Telephone",
        "Tel",
        "Cell",
        "Cell phone",
    ),
    "position": (
        "Position",
        "Job",
        "Role",
        "Job title",
        "Job name",
        "Position title",
        "Opening",
        "Vacancy",
        "Applied for",
    ),
    "stage": ("Stage", "Current stage", "Pipeline stage"),
    "status": ("Status", "Application status", "State"),
    "source": ("Source", "Candidate source", "Channel", "Origin"),
    "applied_at": (
        "Applied at",
        "Applied",
        "Applied on",
        "Date applied",
        "Applied date",
        "Application date",
        "Submitted at",
    ),
    "last_activity_at": ("Last activity", "Last activity at", "Last activity date"),
    "reason": ("Reason", "Rejection reason", "Reject reason"),
    "linkedin_url": ("LinkedIn", "LinkedIn URL", "LinkedIn profile", "LinkedIn profile URL"),
    "github_url": ("GitHub", "GitHub URL", "GitHub profile", "GitHub profile URL"),
    "website_url": ("Website", "Website URL", "Portfolio", "Portfolio URL", "Homepage"),
    "time_zone": ("Time zone", "TZ"),
    "external_id": ("External id", "ID", "Candidate id", "Applicant id", "ATS id", "Reference"),
    "do_not_contact": ("Do not contact", "DNC", "Opt out"),
}
SEVERAL_COLUMNS_ALLOWED = frozenset({"email", "phone"})


def simplified(header: str) -> str:
    """Return `header` without case, spaces and punctuation."""
    return "".join(character for character in header.casefold() if character.isalnum())


MEANINGS = {
    simplified(synonym): field for field, synonyms in SYNONYMS.items() for synonym in synonyms
}


@dataclass(frozen=True)
class Header:
    """The columns of one file: where each field stands, and what nobody asked for."""

    names: tuple[str, ...]
    columns: dict[str, tuple[int, ...]]
    unknown: tuple[str, ...]

    def name(self, field: str) -> str:
        """Return the header of `field` as the file writes it."""
        return self.names[self.columns[field][0]] if field in self.columns else ""


def recognised(names: Sequence[str]) -> int:
    """Return how many of `names` mean something."""
    return sum(simplified(name) in MEANINGS for name in names)


def understand(names: Sequence[str]) -> Header:
    """Map the first record of a file to fields.

    Raises FileRefused when two columns claim one field or a required one is missing.
    """
    columns: dict[str, tuple[int, ...]] = {}
    unknown = []
    for place, name in enumerate(names):
        field = MEANINGS.get(simplified(name))
        if field is None:
            unknown.append(name.strip())
        else:
            columns[field] = (*columns.get(field, ()), place)
    header = Header(
        tuple(name.strip() for name in names), columns, tuple(name for name in unknown if name)
    )
    _refuse_doubles(header)
    _refuse_missing(header)
    return header


def _refuse_doubles(header: Header) -> None:
    for field, places in header.columns.items():
        if len(places) > 1 and field not in SEVERAL_COLUMNS_ALLOWED:
            names = " and ".join(f"“{header.names[place]}”" for place in places)
            raise FileRefused(
                f"The columns {names} both mean {SYNONYMS[field][0].lower()}: keep one of them."
            )


def _refuse_missing(header: Header) -> None:
    wanted = []
    if not header.columns.keys() & {"name", "given_name", "family_name"}:
        wanted.append(_any_of("name", "given_name", "family_name"))
    if not header.columns.keys() & {"email", "external_id"}:
        wanted.append(_any_of("email", "external_id"))
    if wanted:
        found = ", ".join(f"“{name}”" for name in header.names if name) or "nothing"
        raise FileRefused(
            f"The first line must name the columns, and lacks {' and '.join(wanted)}. "
            f"Found: {found}."
        )


def _any_of(*fields: str) -> str:
    names = ", ".join(name for field in fields for name in SYNONYMS[field])
    return f"a column for {SYNONYMS[fields[0]][0].lower()} (any of: {names})"
