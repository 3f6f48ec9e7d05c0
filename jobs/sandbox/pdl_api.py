"""The Person Enrichment API of People Data Labs.

https://docs.peopledatalabs.com/docs/reference-person-enrichment-api and
…/input-parameters-person-enrichment-api, …/authentication, …/errors, …/usage-limits: a fixed
window of 60 seconds a key, one credit a match, none for 404.
"""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from werkzeug.wrappers import Request, Response

from jobs.sandbox.faults import Fault
from jobs.sandbox.pdl_people import PdlPeople

KEY_OF_THE_SANDBOX = "sandbox-pdl"
A_MINUTE = 100  # requests, of a free account
CREDITS = 10_000
WINDOW = 60
LINKEDIN = re.compile(r"(?:https?://)?(?:www\.)?linkedin\.com/in/([^/?#]+)/?")
PERSON = (
    "profile", "email", "phone", "email_hash", "lid", "pdl_id", "name", "first_name",
    "last_name", "middle_name", "company", "school", "location", "street_address", "locality",
    "region", "country", "postal_code", "birth_date",
)  # fmt: skip
OPTIONS = (
    "min_likelihood",
    "required",
    "data_include",
    "include_if_matched",
    "titlecase",
    "pretty",
)
ENOUGH_ALONE = ("profile", "email", "phone", "email_hash", "lid", "pdl_id")
TYPES = {
    400: "invalid_request_error",
    401: "authentication_error",
    402: "payment_required",
    404: "not_found",
    405: "invalid_request_error",
    429: "rate_limit_error",
}
MESSAGES = {
    401: "Request contained a missing or invalid key",
    402: "You have reached your account maximum (all matches have been used)",
    404: "No records were found matching your request",
    429: "An error occurred due to requests hitting the API too quick",
}


class RefusedError(Exception):
    """An answer that is an error, in the provider's form."""

    def __init__(self, status: int, message: str = "") -> None:
        super().__init__(message or MESSAGES.get(status, "The server failed"))
        self.status = status


@dataclass
class PdlApi:
    """Answers for api.peopledatalabs.com below `/pdl`. `clock` gives epoch seconds; `spent`
    counts credits, `matched` the handles each was spent on."""

    clock: Callable[[], float]
    people: PdlPeople = field(default_factory=PdlPeople)
    credits: int = CREDITS
    a_minute: int = A_MINUTE
    spent: int = 0
    matched: list[str] = field(default_factory=list)
    prefix: str = "/pdl"
    _reset: float = 0.0
    _used: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def answer(self, request: Request) -> Response:
        """Answer a request to the API."""
        with self._lock:
            try:
                return self._with_limits(_json(self._enriched(request)), 1)
            except RefusedError as refused:
                return self._with_limits(_refusal(refused), 0)

    def failed(self, fault: Fault) -> Response:
        """Return the error a fault asks for."""
        return _refusal(RefusedError(fault.status))

    def _enriched(self, request: Request) -> dict[str, Any]:
        if request.path != f"{self.prefix}/v5/person/enrich":
            raise RefusedError(404, "No such address")
        if request.method not in ("GET", "POST"):
            raise RefusedError(405, "You cannot use the request method on this resource")
        asked = _asked(request)
        if (request.headers.get("X-Api-Key") or asked.pop("api_key", "")) != KEY_OF_THE_SANDBOX:
            raise RefusedError(401)
        self._count()
        least = _checked(asked)
        if self.spent >= self.credits:
            raise RefusedError(402)
        handle = _handle(asked)
        likelihood = self.people.likelihood(handle) if handle else 0
        if not handle or likelihood == 0 or likelihood < least:
            raise RefusedError(404)
        self.spent += 1
        self.matched.append(handle)
        person = _included(self.people.person(handle), asked.get("data_include"))
        return {"status": 200, "likelihood": likelihood, "data": person}

    def _count(self) -> None:
        if self._reset <= self.clock():
            self._reset, self._used = self.clock() + WINDOW, 0
        if self._used >= self.a_minute:
            raise RefusedError(429)
        self._used += 1

    def _with_limits(self, response: Response, credits_spent: int) -> Response:
        """Add the headers of …/usage-limits, the collections in the provider's own notation."""
        left = str({"minute": self.a_minute - self._used, "day": None, "month": None})
        limit = str({"minute": self.a_minute, "day": None, "month": None})
        reset = datetime.fromtimestamp(int(self._reset) + 1, UTC)
        response.headers.update(
            {
                "x-call-credits-spent": str(credits_spent),
                "x-call-credits-type": "enrich",
                "x-ratelimit-limit": limit,
                "x-ratelimit-remaining": left,
                "x-ratelimit-reset": reset.strftime("%Y-%m-%dT%H:%M:%SZ"),
                "x-lifetime-used": str(self.spent),
                "x-totallimit-remaining": str(self.credits - self.spent),
            }
        )
        return response


def _asked(request: Request) -> dict[str, Any]:
    if request.method == "GET":
        return request.args.to_dict()
    found = request.get_json(force=True, silent=True)
    if not isinstance(found, dict):
        raise RefusedError(400, "The body must be a JSON object")
    return found


def _checked(asked: Mapping[str, Any]) -> int:
    """Return the least likelihood asked for."""
    for name in asked:
        if name not in PERSON and name not in OPTIONS:
            raise RefusedError(400, f"Unknown parameter: {name}")
    somewhere = asked.get("company") or asked.get("school") or asked.get("location")
    named = asked.get("name") or (asked.get("first_name") and asked.get("last_name"))
    if not any(asked.get(name) for name in ENOUGH_ALONE) and not (named and somewhere):
        raise RefusedError(400, "Request contained too few parameters to find a person")
    least = str(asked.get("min_likelihood", 2))
    if not least.isdigit() or not 1 <= int(least) <= 10:
        raise RefusedError(400, "min_likelihood must be a number from 1 to 10")
    return int(least)


def _handle(asked: Mapping[str, Any]) -> str | None:
    profile = asked.get("profile")
    first = profile[0] if isinstance(profile, list) and profile else profile
    match = LINKEDIN.fullmatch(str(first or "").lower())
    return match[1] if match else None


def _included(person: dict[str, Any], wanted: object) -> dict[str, Any]:
    """…/input-parameters-…#data_include: fields to keep, or with a leading "-" to leave out."""
    if not isinstance(wanted, str) or not wanted:
        return person
    names = wanted.removeprefix("-").split(",")
    if wanted.startswith("-"):
        return {name: value for name, value in person.items() if name not in names}
    return {name: value for name, value in person.items() if name in names}


def _refusal(refused: RefusedError) -> Response:
    kind = TYPES.get(refused.status, "api_error")
    error = {"type": kind, "message": str(refused)}
    return _json({"status": refused.status, "error": error}, refused.status)


def _json(body: object, status: int = 200) -> Response:
    return Response(json.dumps(body), status, content_type="application/json")
