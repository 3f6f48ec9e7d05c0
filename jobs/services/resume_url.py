"""LinkedIn without a provider: the link the candidate gave, in its usual form. Nothing is asked."""

from __future__ import annotations

from jobs.services.lookups import MATCH_KEPT, Clock, Field, Lookup, Query


class ResumeUrl:
    """Keeps the link itself; no outside service is involved."""

    name = "resume_url"
    third_party = False
    paid = False
    calls = 0

    def __init__(self, clock: Clock) -> None:
        self.clock = clock

    def lookup(self, query: Query) -> Lookup:
        now = self.clock()
        link = Field(
            value=query.url,
            source="the candidate's résumé",
            source_url=query.url,
            fetched_at=now,
            expires_at=now + MATCH_KEPT,
            confidence=1.0,
            basis="given by the applicant",
        )
        return Lookup("matched", {"linkedin_url": link}, 1.0, query.url)

    def close(self) -> None:
        """Nothing is open."""
