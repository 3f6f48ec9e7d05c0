"""GitHub's REST API, as far as enrichment asks it.

https://docs.github.com/en/rest: users/users#get-a-user and #get-a-user-using-their-id,
repos/repos#list-repositories-for-a-user, rate-limit/rate-limit. Versions, user agent and
authentication as in …/rest/using-the-rest-api/getting-started-with-the-rest-api, limits as in
…/rate-limits-for-the-rest-api, conditional requests and redirects as in …/best-practices-….
"""

from __future__ import annotations

import hashlib
import json
import re
import threading
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from typing import Any

from werkzeug.wrappers import Request, Response

from jobs.sandbox.faults import Fault
from jobs.sandbox.github_people import GitHubPeople

DOCUMENTATION = "https://docs.github.com/rest"
TOKEN_OF_THE_SANDBOX = "sandbox-github"  # noqa: S105 - opens made-up accounts only
VERSIONS = frozenset({"2022-11-28", "2026-03-10"})
WITH_TOKEN, ANONYMOUS = 5_000, 60  # requests an hour
HOUR = 3_600
USER = re.compile(r"/users/([A-Za-z0-9-]+)")
REPOSITORIES = re.compile(r"/users/([A-Za-z0-9-]+)/repos")
ACCOUNT = re.compile(r"/user/(\d+)")
SORTS = ("created", "updated", "pushed", "full_name")
SECONDARY = (
    "You have exceeded a secondary rate limit. Please wait a few minutes before you try again."
)


class RefusedError(Exception):
    """An answer that is an error, in GitHub's form."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.message = message


@dataclass
class Window:
    """The requests of one caller within an hour of fixed begin."""

    limit: int
    reset: float = 0.0
    used: int = 0


@dataclass
class GitHubApi:
    """Answers for api.github.com below `/github`. `clock` gives epoch seconds."""

    clock: Callable[[], float]
    people: GitHubPeople = field(default_factory=GitHubPeople)
    windows: dict[str, Window] = field(
        default_factory=lambda: {"token": Window(WITH_TOKEN), "anonymous": Window(ANONYMOUS)}
    )
    prefix: str = "/github"
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def answer(self, request: Request) -> Response:
        """Answer a request to the API."""
        path = request.path.removeprefix(self.prefix)
        window = None
        try:
            self._check_headers(request)
            window = self._window(request)
            if path == "/rate_limit":
                return self._limited(self._json(self._rate_limit(window)), window)
            self._count(window)
            response = self._found(request, path)
            return self._limited(self._conditional(request, response, window), window)
        except RefusedError as refused:
            return self._limited(self._refusal(refused), window)

    def failed(self, fault: Fault) -> Response:
        """Return the error a fault asks for: 403 and 429 are the secondary rate limit."""
        message = SECONDARY if fault.status in (403, 429) else "Server Error"
        if fault.status == 401:
            message = "Bad credentials"
        return self._refusal(RefusedError(fault.status, message))

    def _check_headers(self, request: Request) -> None:
        if not request.headers.get("User-Agent"):
            raise RefusedError(403, "Request forbidden by administrative rules.")
        version = request.headers.get("X-GitHub-Api-Version")
        if version is not None and version not in VERSIONS:
            raise RefusedError(400, f"Unsupported X-GitHub-Api-Version: {version}")

    def _window(self, request: Request) -> Window:
        given = request.headers.get("Authorization")
        if given is None:
            return self.windows["anonymous"]
        kind, _, token = given.partition(" ")
        if kind.lower() not in ("bearer", "token") or token != TOKEN_OF_THE_SANDBOX:
            raise RefusedError(401, "Bad credentials")
        return self.windows["token"]

    def _count(self, window: Window) -> None:
        with self._lock:
            self._turn(window)
            if window.used >= window.limit:
                raise RefusedError(403, "API rate limit exceeded.")
            window.used += 1

    def _turn(self, window: Window) -> None:
        if window.reset <= self.clock():
            window.reset, window.used = self.clock() + HOUR, 0

    def _found(self, request: Request, path: str) -> Response:
        if request.method != "GET":
            raise RefusedError(404, "Not Found")
        if match := REPOSITORIES.fullmatch(path):
            return self._repositories(request, match[1])
        _only(request, ())
        if match := USER.fullmatch(path):
            return self._user(request, match[1])
        if match := ACCOUNT.fullmatch(path):
            return self._by_id(int(match[1]))
        raise RefusedError(404, "Not Found")

    def _user(self, request: Request, login: str) -> Response:
        kind = self.people.kind(login)
        if kind == "unknown":
            raise RefusedError(404, "Not Found")
        if kind == "renamed":
            account_id = self.people.account_id(self.people.new_login(login))
            url = f"{request.host_url.rstrip('/')}{self.prefix}/user/{account_id}"
            body = {"message": "Moved Permanently", "url": url, "documentation_url": DOCUMENTATION}
            response = self._json(body, 301)
            response.headers["Location"] = url
            return response
        return self._json(self.people.account(login.lower()))

    def _by_id(self, account_id: int) -> Response:
        login = self.people.login_of(account_id)
        if login is None:
            raise RefusedError(404, "Not Found")
        return self._json(self.people.account(login))

    def _repositories(self, request: Request, login: str) -> Response:
        asked = _only(request, ("type", "sort", "direction", "per_page", "page"))
        _one_of(asked, "type", ("all", "owner", "member"))
        sort = _one_of(asked, "sort", SORTS) or "full_name"
        direction = _one_of(asked, "direction", ("asc", "desc"))
        if self.people.kind(login) in ("unknown", "renamed"):
            raise RefusedError(404, "Not Found")
        found = [] if asked.get("type") == "member" else self.people.repositories(login.lower())
        key = sort if sort == "full_name" else f"{sort}_at"
        falling = direction == "desc" or (direction is None and sort != "full_name")
        found = sorted(found, key=lambda repository: str(repository[key]), reverse=falling)
        size = min(_number(asked, "per_page", 30), 100)
        start = (_number(asked, "page", 1) - 1) * size
        return self._json(found[start : start + size])

    def _rate_limit(self, window: Window) -> dict[str, Any]:
        with self._lock:
            self._turn(window)
        core = {
            "limit": window.limit,
            "used": window.used,
            "remaining": window.limit - window.used,
            "reset": int(window.reset),
        }
        return {"resources": {"core": core}, "rate": core}

    def _conditional(self, request: Request, response: Response, window: Window) -> Response:
        """Answer 304 where the caller knows the content; with a token that costs nothing."""
        if response.status_code != 200:
            return response
        etag = f'W/"{hashlib.sha256(response.get_data()).hexdigest()}"'
        if etag in request.headers.get("If-None-Match", ""):
            response = Response(status=304)
            if window.limit == WITH_TOKEN:
                with self._lock:
                    window.used -= 1
        response.headers["ETag"] = etag
        return response

    def _limited(self, response: Response, window: Window | None) -> Response:
        if window is not None:
            values = {
                "limit": window.limit,
                "remaining": window.limit - window.used,
                "used": window.used,
                "reset": int(window.reset),
            }
            for name, value in values.items():
                response.headers[f"x-ratelimit-{name}"] = str(value)
            response.headers["x-ratelimit-resource"] = "core"
        return response

    def _refusal(self, refused: RefusedError) -> Response:
        body = {
            "message": refused.message,
            "documentation_url": DOCUMENTATION,
            "status": str(refused.status),
        }
        return self._json(body, refused.status)

    def _json(self, body: object, status: int = 200) -> Response:
        text = json.dumps(body, ensure_ascii=False)
        return Response(text, status, content_type="application/json; charset=utf-8")


def _only(request: Request, allowed: Collection[str]) -> dict[str, str]:
    for name in request.args:
        if name not in allowed:
            raise RefusedError(422, f"Validation Failed: {name} is no parameter of this address")
    return request.args.to_dict()


def _one_of(asked: dict[str, str], name: str, allowed: Collection[str]) -> str | None:
    value = asked.get(name)
    if value is not None and value not in allowed:
        raise RefusedError(422, f"Validation Failed: {name} is one of {', '.join(allowed)}")
    return value


def _number(asked: dict[str, str], name: str, default: int) -> int:
    value = asked.get(name, str(default))
    if not value.isdigit() or int(value) < 1:
        raise RefusedError(422, f"Validation Failed: {name} is a number from 1")
    return int(value)
