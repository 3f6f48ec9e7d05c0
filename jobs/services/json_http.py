"""GET requests to a JSON service: base URL, time-outs, and repeating that ends."""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

import requests
from urllib3.exceptions import MaxRetryError, NewConnectionError

from app import Invalid
from jobs.services.retrying import Patience, retry_after

TIMEOUT = (5.0, 30.0)  # seconds to connect, and between two bytes of the answer
PATIENCE = Patience(attempts=4, first_delay=1.0, longest_delay=10.0, budget=30.0)
LONGEST_WAIT = 15.0  # what longer is asked for is no blip: the caller decides
BROKEN = frozenset({408, 500, 502, 503, 504})
LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Answer:
    """What the service itself said. `body` is None for an empty one."""

    status: int
    headers: Mapping[str, str]
    body: Any


@dataclass(frozen=True, slots=True)
class Trouble:
    """Why there is no answer. `sent` tells that the service may have carried the request out;
    `retry_after` is what it asked for, in seconds."""

    reason: str
    sent: bool
    retry_after: float | None = None


class JsonHTTP:
    """Sends GET requests to `base_url` with `headers`. `calls` counts requests sent.

    With `repeat_sent=False` a request that may have been carried out is not sent again: for
    services that charge for it. Redirects are answers: following one elsewhere would take the
    credentials along.
    """

    def __init__(
        self,
        service: str,
        base_url: str,
        headers: Mapping[str, str],
        patience: Patience = PATIENCE,
        timeout: tuple[float, float] = TIMEOUT,
        *,
        repeat_sent: bool = True,
    ) -> None:
        self.service = service
        self.base_url = base_url.rstrip("/")
        self.patience = patience
        self.timeout = timeout
        self.repeat_sent = repeat_sent
        self.calls = 0
        self.session = requests.Session()
        self.session.headers.update({"User-Agent": "rota-recruiting", **headers})
        # Without this a ~/.netrc would replace our credentials by its own.
        self.session.auth = _as_it_is

    def get(
        self,
        path: str,
        params: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answer | Trouble:
        """Return the answer, whatever its status, or the trouble that stayed."""
        started = time.monotonic()
        attempt = 0
        while True:
            attempt += 1
            found = self._send(path, params, headers)
            if isinstance(found, Answer) or (found.sent and not self.repeat_sent):
                return found
            wait = self._wait(attempt, found, time.monotonic() - started)
            if wait is None:
                return found
            log.warning("%s: %s; trying again in %.1f s", self.service, found.reason, wait)
            self.patience.sleep(wait)

    def close(self) -> None:
        self.session.close()

    def _wait(self, attempt: int, trouble: Trouble, spent: float) -> float | None:
        if trouble.retry_after is not None and trouble.retry_after > LONGEST_WAIT:
            return None
        return self.patience.delay(attempt, trouble.retry_after, spent)

    def _send(
        self, path: str, params: Mapping[str, str] | None, headers: Mapping[str, str] | None
    ) -> Answer | Trouble:
        self.calls += 1
        try:
            response = self.session.get(
                self.base_url + path,
                params=params,
                headers=headers,
                timeout=self.timeout,
                allow_redirects=False,
            )
        except requests.RequestException as error:
            return Trouble(_cause(error), sent=not _never_sent(error))
        return _understood(response)


def _as_it_is(request: requests.PreparedRequest) -> requests.PreparedRequest:
    return request


def _understood(response: requests.Response) -> Answer | Trouble:
    asked = retry_after(response.headers, datetime.now(UTC))
    if response.status_code in BROKEN:
        return Trouble(_said(response), sent=True, retry_after=asked)
    if not response.content:
        return Answer(response.status_code, response.headers, None)
    try:
        body = storable(response.json(parse_constant=lambda _: None))
    except requests.JSONDecodeError:
        return Trouble(_said(response), sent=True, retry_after=asked)
    return Answer(response.status_code, response.headers, body)


def storable(value: Any) -> Any:
    """Replace in all texts of a JSON value what PostgreSQL does not take."""
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode().replace("\0", "?")
    if isinstance(value, dict):
        return {storable(key): storable(item) for key, item in value.items()}
    return [storable(item) for item in value] if isinstance(value, list) else value


def _said(response: requests.Response) -> str:
    if "json" in response.headers.get("Content-Type", ""):
        return f"it answered {response.status_code}"
    return f"something in between answered {response.status_code} with a page, not with data"


def _never_sent(error: requests.RequestException) -> bool:
    if isinstance(error, requests.ConnectTimeout):
        return True
    cause = error.args[0] if error.args else None
    return isinstance(cause, MaxRetryError) and isinstance(cause.reason, NewConnectionError)


def _cause(error: requests.RequestException) -> str:
    if isinstance(error, requests.ConnectTimeout):
        return "no connection in time"
    if isinstance(error, requests.Timeout):
        return "no answer in time"
    return f"the connection failed ({type(error).__name__})"


def checked_url(name: str, url: str) -> str:
    """Return `url` if credentials may be sent there. Raises Invalid naming the setting `name`."""
    parts = urlsplit(url)
    secure = parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in LOOPBACK)
    if not secure or not parts.hostname:
        raise Invalid(f"{name}={url} must be https://… (plain http only on this machine).")
    return url
