"""What People Data Labs knows of the person behind a LinkedIn link.

https://docs.peopledatalabs.com/docs/reference-person-enrichment-api: one GET a person, one
credit a match; …/docs/errors for the statuses, …/docs/usage-limits for the headers.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from jobs.services.json_http import PATIENCE, TIMEOUT, Answer, JsonHTTP, Trouble
from jobs.services.lookups import MATCH_KEPT, Clock, Field, Lookup, Query
from jobs.services.retrying import Patience, retry_after

PDL = "https://api.peopledatalabs.com"
PATH = "/v5/person/enrich"
BASIS = "link given by the applicant"
# From 1 to 10, logarithmic. Below the first they do not answer (and do not charge); below the
# second a person should look before anybody relies on it.
LEAST_LIKELIHOOD = 3
ENOUGH_LIKELIHOOD = 6
WINDOW = timedelta(minutes=1)
# Never asked for: e-mails, phones, addresses, birth dates. The candidate gave what they wanted to.
WANTED = {
    "linkedin_url": "linkedin_url",
    "github_url": "github_url",
    "industry": "industry",
    "job_title": "job_title",
    "job_title_levels": "job_levels",
    "job_company_name": "company",
    "job_start_date": "in_job_since",
    "location_name": "location",
    "inferred_years_experience": "years_of_experience",
    "skills": "skills",
    "experience": "experience",
    "education": "education",
}
# What an entry of these lists is about.
PLACES = {"experience": "company", "education": "school"}
MOST_SKILLS = 30
MOST_STATIONS = 10


class PeopleDataLabs:
    """Looks people up by their LinkedIn link; asks for no more than `most_credits` a run."""

    name = "pdl"
    third_party = True
    paid = True

    def __init__(
        self,
        base_url: str,
        key: str,
        clock: Clock,
        most_credits: int,
        patience: Patience = PATIENCE,
        timeout: tuple[float, float] = TIMEOUT,
    ) -> None:
        # The key goes in a header: in the query it would be written to logs on the way.
        self.http = JsonHTTP(
            "People Data Labs",
            base_url,
            {"X-Api-Key": key, "Accept": "application/json"},
            patience,
            timeout,
            repeat_sent=False,
        )
        self.clock = clock
        self.credits_left = most_credits

    @property
    def calls(self) -> int:
        return self.http.calls

    def close(self) -> None:
        self.http.close()

    def lookup(self, query: Query) -> Lookup:
        if self.credits_left <= 0:
            return Lookup("quota_exhausted", reason="the run's own budget of credits is used")
        params = {
            "profile": f"linkedin.com/in/{query.handle}",
            "min_likelihood": str(LEAST_LIKELIHOOD),
            "data_include": ",".join(WANTED),
        }
        answer = self.http.get(PATH, params)
        if isinstance(answer, Trouble):
            self.credits_left -= answer.sent
            return Lookup("unavailable", reason=answer.reason, answer_lost=answer.sent)
        if answer.status != 200:
            return self._refused(answer)
        spent = _number(answer.headers.get("x-call-credits-spent"), 1)
        self.credits_left -= spent
        return self._matched(query, answer.body, spent)

    def _matched(self, query: Query, body: Any, spent: int) -> Lookup:
        data = body.get("data") if isinstance(body, dict) else None
        likelihood = body.get("likelihood") if isinstance(body, dict) else None
        if not isinstance(data, dict) or not isinstance(likelihood, int):
            reason = "it answered something that is no person"
            return Lookup("unavailable", reason=reason, credits=spent)
        confidence = likelihood / 10
        page = f"https://www.linkedin.com/in/{query.handle}"
        fields = self._fields(data, page, confidence)
        if likelihood < ENOUGH_LIKELIHOOD:
            reason = f"a match of likelihood {likelihood} of 10: a person should look"
        elif _other_profile(data, query.handle):
            reason = f"the match has another profile: {data['linkedin_url']}"
        else:
            return Lookup("matched", fields, confidence, page, credits=spent)
        return Lookup("low_confidence", fields, confidence, page, reason, credits=spent)

    def _fields(self, data: Mapping[str, Any], page: str, confidence: float) -> dict[str, Field]:
        now = self.clock()
        return {
            ours: Field(
                value=_trimmed(theirs, data[theirs]),
                source=self.name,
                source_url=page,
                fetched_at=now,
                expires_at=now + MATCH_KEPT,
                confidence=confidence,
                basis=BASIS,
            )
            for theirs, ours in WANTED.items()
            if data.get(theirs) not in (None, "", [])
        }

    def _refused(self, answer: Answer) -> Lookup:
        status, said = answer.status, _message(answer)
        if status == 404 and _kind(answer) == "not_found":
            return Lookup("no_match", reason="People Data Labs knows nobody with this link")
        if status == 429:
            return Lookup("rate_limited", reason=said, retry_at=self._reset(answer))
        if status == 402:
            return Lookup("quota_exhausted", reason=f"no credits are left: {said}")
        if status in (401, 403):
            return Lookup("auth_failed", reason=f"PDL_API_KEY is refused: {said}")
        if status == 400:
            return Lookup("invalid", reason=f"it refuses the link: {said}")
        return Lookup("unavailable", reason=f"it answered {status}: {said}")

    def _reset(self, answer: Answer) -> datetime:
        """Return when the window of one minute ends, never earlier than in a second."""
        now = self.clock()
        asked = retry_after(answer.headers, now)
        reset = _instant(answer.headers.get("x-ratelimit-reset", ""))
        at = now + timedelta(seconds=asked) if asked is not None else reset or now + WINDOW
        return max(at, now + timedelta(seconds=1))


def _other_profile(data: Mapping[str, Any], handle: str) -> bool:
    found = str(data.get("linkedin_url") or "").lower().rstrip("/")
    return bool(found) and found.rsplit("/", 1)[-1] != handle.lower()


def _trimmed(name: str, value: Any) -> Any:
    if not isinstance(value, list):
        return value
    place = PLACES.get(name)
    if place is None:
        return value[:MOST_SKILLS]
    return [_station(entry, place) for entry in value[:MOST_STATIONS] if isinstance(entry, dict)]


def _station(entry: Mapping[str, Any], place: str) -> dict[str, Any]:
    kept = {
        place: _name(entry.get(place)),
        "title": _name(entry.get("title")),
        "degrees": entry.get("degrees"),
        "from": entry.get("start_date"),
        "to": entry.get("end_date"),
    }
    return {name: value for name, value in kept.items() if value}


def _name(named: Any) -> Any:
    return named.get("name") if isinstance(named, dict) else None


def _number(text: str | None, default: int) -> int:
    try:
        return int(float(text)) if text else default
    except ValueError:
        return default


def _instant(text: str) -> datetime | None:
    """Read the header as documented, an ISO time, or as it once was, epoch seconds."""
    try:
        return datetime.fromtimestamp(int(text), UTC)
    except ValueError:
        pass
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def _error(answer: Answer) -> Mapping[str, Any]:
    body = answer.body if isinstance(answer.body, dict) else {}
    error = body.get("error")
    return error if isinstance(error, dict) else {}


def _message(answer: Answer) -> str:
    return str(_error(answer).get("message", "no reason given"))[:200]


def _kind(answer: Answer) -> str:
    kind = _error(answer).get("type", "")
    return str(kind[0] if isinstance(kind, list) and kind else kind)
