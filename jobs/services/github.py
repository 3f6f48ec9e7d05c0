"""What GitHub says publicly about a user, through its REST API.

Rules: https://docs.github.com/en/rest/using-the-rest-api/best-practices-for-using-the-rest-api
and …/rate-limits-for-the-rest-api: one request at a time, conditional requests, redirects
followed, and no request while limited.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from jobs.services.github_fields import account_fields, repository_fields
from jobs.services.json_http import PATIENCE, TIMEOUT, Answer, JsonHTTP, Trouble
from jobs.services.lookups import MATCH_KEPT, Clock, Field, Lookup, Query
from jobs.services.retrying import Patience, retry_after

GITHUB = "https://api.github.com"
API_VERSION = "2022-11-28"
BASIS = "link given by the applicant"
# Of the 60 requests an hour that an address without a token has; others share it.
ANONYMOUS_CALLS = 50
MOST_CALLS = 4_000
SECONDARY_PAUSE = timedelta(minutes=1)
MOST_REDIRECTS = 3
REDIRECTS = frozenset({301, 302, 307, 308})
RENAMED_CONFIDENCE = 0.9
YOUNGER_CONFIDENCE = 0.3


class GitHub:
    """Looks users up, two requests each. Without a token only `ANONYMOUS_CALLS` a run."""

    name = "github"
    third_party = True
    paid = False

    def __init__(
        self,
        base_url: str,
        token: str,
        clock: Clock,
        patience: Patience = PATIENCE,
        timeout: tuple[float, float] = TIMEOUT,
    ) -> None:
        headers = {
            "Accept": "application/vnd.github+json",
            "X-GitHub-Api-Version": API_VERSION,
        }
        if token:
            headers["Authorization"] = f"Bearer {token}"
        self.http = JsonHTTP("GitHub", base_url, headers, patience, timeout)
        self.clock = clock
        self.most_calls = MOST_CALLS if token else ANONYMOUS_CALLS
        self.limited: Lookup | None = None
        self.secondary_pause = SECONDARY_PAUSE

    @property
    def calls(self) -> int:
        return self.http.calls

    def close(self) -> None:
        self.http.close()

    def lookup(self, query: Query) -> Lookup:
        """Read the account, then the repositories it owns."""
        found = self._account(query)
        if isinstance(found, Lookup):
            return found
        account, confidence = found
        repositories = self._repositories(query, account, confidence)
        if isinstance(repositories, Lookup):
            return repositories
        fields = {**account, **repositories}
        page = str(account["profile_url"].value)
        if confidence > YOUNGER_CONFIDENCE:
            return Lookup("matched", fields, confidence, page)
        reason = "the account is younger than the link: it may belong to somebody else by now"
        return Lookup("low_confidence", fields, confidence, page, reason)

    def _account(self, query: Query) -> tuple[dict[str, Field], float] | Lookup:
        path = f"/users/{query.handle}"
        answer = self._get(path, query.known)
        if isinstance(answer, Lookup):
            return answer
        if answer.status == 304:
            kept = self._kept(path, query.known)
            return kept, min(field.confidence for field in kept.values())
        user = answer.body
        if not isinstance(user, dict) or not isinstance(user.get("login"), str):
            return Lookup("unavailable", reason="it answered something that is no account")
        if user.get("type") != "User":
            kind = str(user.get("type", "unknown")).lower()
            return Lookup("invalid", reason=f"the link leads to an account of kind {kind}")
        confidence = _confidence(query, user)
        return account_fields(user, self._field(path, answer, confidence)), confidence

    def _repositories(
        self, query: Query, account: Mapping[str, Field], confidence: float
    ) -> dict[str, Field] | Lookup:
        login = account["login"].value
        path = f"/users/{login}/repos?per_page=100&sort=pushed&type=owner"
        answer = self._get(path, query.known)
        if isinstance(answer, Lookup):
            return answer
        if answer.status == 304:
            return self._kept(path, query.known)
        if not isinstance(answer.body, list):
            return Lookup("unavailable", reason="it answered something that is no list")
        return repository_fields(answer.body, self._field(path, answer, confidence))

    def _field(self, path: str, answer: Answer, confidence: float) -> Field:
        """Return the provenance of what `answer` holds, without a value."""
        now = self.clock()
        return Field(
            value=None,
            source=self.name,
            source_url=self.http.base_url + path,
            fetched_at=now,
            expires_at=now + MATCH_KEPT,
            confidence=confidence,
            basis=BASIS,
            etag=answer.headers.get("ETag"),
        )

    def _kept(self, path: str, known: Mapping[str, Field]) -> dict[str, Field]:
        url, expires_at = self.http.base_url + path, self.clock() + MATCH_KEPT
        return {
            name: field.kept_until(expires_at)
            for name, field in known.items()
            if field.source_url == url
        }

    def _get(self, path: str, known: Mapping[str, Field]) -> Answer | Lookup:
        """Return an answer with 200 or 304, or what else came of it."""
        etag = self._etag(path, known)
        headers = {"If-None-Match": etag} if etag else {}
        for _ in range(MOST_REDIRECTS + 1):
            if stopped := self._stopped():
                return stopped
            answer = self.http.get(path, headers=headers)
            if isinstance(answer, Trouble):
                return Lookup("unavailable", reason=answer.reason, answer_lost=answer.sent)
            self._note_limit(answer)
            if answer.status not in REDIRECTS:
                return self._judged(answer)
            target = self._own_path(answer.headers.get("Location", ""))
            if target is None:
                return Lookup("unavailable", reason="it redirects to another site")
            path = target
        return Lookup("unavailable", reason="it redirects without end")

    def _etag(self, path: str, known: Mapping[str, Field]) -> str | None:
        url = self.http.base_url + path
        return next((f.etag for f in known.values() if f.source_url == url), None)

    def _own_path(self, location: str) -> str | None:
        """Return the path of a redirect within this service; the token must not leave it."""
        if location.startswith("/") and not location.startswith("//"):
            return location.removeprefix(urlsplit(self.http.base_url).path)
        if location.startswith(f"{self.http.base_url}/"):
            return location.removeprefix(self.http.base_url)
        return None

    def _judged(self, answer: Answer) -> Answer | Lookup:
        status, said = answer.status, _message(answer)
        if status in (200, 304):
            return answer
        if status == 404:
            return Lookup("no_match", reason="GitHub knows no such account")
        if status == 401:
            return Lookup("auth_failed", reason=f"GITHUB_TOKEN is refused: {said}")
        if status in (403, 429):
            return self._limited(answer, said)
        return Lookup("invalid", reason=f"it refuses the request ({status}): {said}")

    def _limited(self, answer: Answer, said: str) -> Lookup:
        now = self.clock()
        asked = retry_after(answer.headers, now)
        if asked is not None:
            return Lookup(
                "rate_limited", reason=said, retry_at=now + timedelta(seconds=max(1.0, asked))
            )
        if self.limited is not None:
            return self.limited
        if answer.status == 429 or "rate limit" in said.lower():
            pause, self.secondary_pause = self.secondary_pause, self.secondary_pause * 2
            return Lookup("rate_limited", reason=said, retry_at=now + pause)
        return Lookup("auth_failed", reason=f"GITHUB_TOKEN may not ask this: {said}")

    def _note_limit(self, answer: Answer) -> None:
        """Remember that the last request of the window was used: the next would be refused."""
        reset = answer.headers.get("x-ratelimit-reset", "")
        if answer.headers.get("x-ratelimit-remaining") == "0" and reset.isdigit():
            at = datetime.fromtimestamp(int(reset) + 1, UTC)
            limit = answer.headers.get("x-ratelimit-limit", "its")
            reason = f"all {limit} requests of this hour are used"
            self.limited = Lookup("rate_limited", reason=reason, retry_at=at)

    def _stopped(self) -> Lookup | None:
        now = self.clock()
        if self.limited and self.limited.retry_at and self.limited.retry_at > now:
            return self.limited
        self.limited = None
        if self.calls < self.most_calls:
            return None
        reason = f"{self.most_calls} requests are the most for one run"
        if self.most_calls == ANONYMOUS_CALLS:
            reason += " without GITHUB_TOKEN"
        return Lookup("rate_limited", reason=reason, retry_at=now + timedelta(hours=1))


def _confidence(query: Query, user: Mapping[str, Any]) -> float:
    """Return how surely the account is the candidate's: they gave the link themselves, but a name
    can be given up and taken by somebody else."""
    try:
        created = datetime.fromisoformat(str(user.get("created_at"))).astimezone(UTC)
    except ValueError:
        created = query.given_at
    if created > query.given_at:
        return YOUNGER_CONFIDENCE
    renamed = str(user["login"]).lower() != query.handle.lower()
    return RENAMED_CONFIDENCE if renamed else 1.0


def _message(answer: Answer) -> str:
    body = answer.body if isinstance(answer.body, dict) else {}
    return str(body.get("message", "no reason given"))[:200]
