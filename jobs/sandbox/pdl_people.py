"""Made-up people as People Data Labs knows them, each made from the LinkedIn handle's own hash.

Stated shares: 15 % of handles are unknown, 12 % match with a likelihood of 3 to 5 of 10, the
others with 6 to 10. Tests and the curious can decide for single handles in `likelihoods` (0 is
unknown).
"""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from typing import Any

UNKNOWN, UNSURE = 0.15, 0.12
TITLES = ("software engineer", "product manager", "data analyst", "designer", "team lead")
LEVELS: tuple[list[str], ...] = ([], ["senior"], ["manager"], ["entry"])
COMPANIES = ("example labs", "sample & sons", "placeholder gmbh", "acme robotics")
INDUSTRIES = ("computer software", "hospital & health care", "logistics and supply chain")
PLACES = ("berlin, berlin, germany", "lagos, nigeria", "toronto, ontario, canada", None)
SCHOOLS = ("university of examples", "institute of placeholders")
SKILLS = (
    "python", "sql", "javascript", "project management", "figma", "kubernetes", "writing",
    "statistics", "hiring", "public speaking",
)  # fmt: skip


@dataclass
class PdlPeople:
    """Whom People Data Labs knows."""

    likelihoods: dict[str, int] = field(default_factory=dict)

    def likelihood(self, handle: str) -> int:
        """Return from 0 (nobody) to 10."""
        if handle in self.likelihoods:
            return self.likelihoods[handle]
        chance = _chance(handle, "likelihood")
        place = chance.random()
        if place < UNKNOWN:
            return 0
        return chance.randint(3, 5) if place < UNKNOWN + UNSURE else chance.randint(6, 10)

    def person(self, handle: str) -> dict[str, Any]:
        """Return a record with fields of https://docs.peopledatalabs.com/docs/example-record:
        lower case, addresses without a scheme, null where nothing is known."""
        chance = _chance(handle, "person")
        title, company = chance.choice(TITLES), chance.choice(COMPANIES)
        since = chance.randint(2012, 2025)
        names = [part for part in handle.replace(".", "-").split("-") if part.isalpha()]
        return {
            "id": f"{chance.getrandbits(80):020x}_0000",
            "full_name": " ".join(names) or None,
            "linkedin_url": f"linkedin.com/in/{handle}",
            "linkedin_username": handle,
            "github_url": None,
            "github_username": None,
            "work_email": f"{handle}@work.example.org",
            "personal_emails": [f"{handle}@home.example.org"],
            "mobile_phone": "+12025550100",
            "industry": chance.choice(INDUSTRIES),
            "job_title": title,
            "job_title_levels": chance.choice(LEVELS),
            "job_company_name": company,
            "job_start_date": f"{since}-{chance.randint(1, 12):02d}",
            "location_name": chance.choice(PLACES),
            "inferred_years_experience": chance.randint(1, 25),
            "skills": chance.sample(SKILLS, chance.randint(2, 6)),
            "experience": [
                _station("company", company, title, f"{since}-01", None),
                _station("company", chance.choice(COMPANIES), title, f"{since - 3}", f"{since}"),
            ],
            "education": [
                _station("school", chance.choice(SCHOOLS), None, f"{since - 8}", f"{since - 4}")
                | {"degrees": ["bachelors"]}
            ],
        }


def _station(
    kind: str, name: str, title: str | None, start: str, end: str | None
) -> dict[str, Any]:
    place = {kind: {"name": name}, "start_date": start, "end_date": end}
    return place | ({"title": {"name": title}} if title else {})


def _chance(handle: str, what: str) -> random.Random:
    return random.Random(f"{what}:{handle}")  # noqa: S311 - made-up people, not secrets
