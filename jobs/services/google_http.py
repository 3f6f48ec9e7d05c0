"""gspread's HTTP layer with time-outs, a base URL of our choice, and retries that end."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping, MutableMapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import requests
from google.auth.exceptions import RefreshError, TransportError
from google.auth.transport.requests import AuthorizedSession
from google.oauth2.service_account import Credentials
from gspread.exceptions import APIError
from gspread.http_client import FileType, HTTPClient, ParamsType

from app import Invalid, Unavailable
from jobs.services.google_credentials import credentials
from jobs.services.google_sheets import GOOGLE, SERVICE
from jobs.services.refused import RefusedError
from jobs.services.retrying import AGAIN_LATER, Patience, retry_after

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Trouble:
    """Why one attempt came to nothing; `retry_after` is what the service asked for, in seconds."""

    reason: str
    retry_after: float | None = None

    def given_up(self, attempts: int, seconds: float) -> Unavailable:
        detail = f"{self.reason} ({attempts} attempts in {seconds:.0f} s)"
        return Unavailable(SERVICE, detail, retry_after=max(5, int(self.retry_after or 60)))


class SheetsHTTP(HTTPClient):
    """Sends every request to `base_url` instead of Google's address and tries it again where
    that may help. Safe for all requests this project makes: writes go to explicit ranges.

    Raises Unavailable when the service stays away, Invalid for credentials it refuses,
    RefusedError for other refusals. `calls` counts requests sent.
    """

    def __init__(
        self,
        credentials: Credentials,
        base_url: str,
        patience: Patience,
        timeout: tuple[float, float],
    ) -> None:
        session: requests.Session = AuthorizedSession(credentials)  # type: ignore[no-untyped-call]  # google-auth leaves it untyped
        super().__init__(auth=credentials, session=session)
        self.base_url = base_url.rstrip("/")
        self.patience = patience
        self.timeout = timeout
        self.client_email: str = credentials.service_account_email
        self.calls = 0

    def request(
        self,
        method: str,
        endpoint: str,
        params: ParamsType | None = None,
        data: bytes | None = None,
        json: Mapping[str, Any] | None = None,
        files: FileType = None,
        headers: MutableMapping[str, str] | None = None,
    ) -> requests.Response:
        def send() -> requests.Response:
            return self.session.request(
                method=method,
                url=self.base_url + endpoint.removeprefix(GOOGLE),
                params=params,
                data=data,
                json=json,
                files=files,
                headers=headers,
                timeout=self.timeout,
            )

        started = time.monotonic()
        attempt = 0
        while True:
            attempt += 1
            found = self._attempt(send)
            if isinstance(found, requests.Response):
                return found
            spent = time.monotonic() - started
            wait = self.patience.delay(attempt, found.retry_after, spent)
            if wait is None:
                raise found.given_up(attempt, spent)
            log.warning("%s: %s; trying again in %.1f s", SERVICE, found.reason, wait)
            self.patience.sleep(wait)

    def _attempt(self, send: Callable[[], requests.Response]) -> requests.Response | Trouble:
        """Send once; return the answer, or what may be gone when asked again."""
        self.calls += 1
        try:
            response = send()
        except RefreshError as error:
            if _is_refusal(error):
                raise Invalid(self._refused_credentials(error)) from error
            return Trouble("the sign-in is away")
        except (TransportError, requests.RequestException) as error:
            return Trouble(_cause(error))
        if response.ok and _is_json(response):
            return response
        if not response.ok and response.status_code not in AGAIN_LATER:
            raise RefusedError(response.status_code, str(APIError(response).error["message"]))
        return Trouble(_said(response), retry_after(response.headers, datetime.now(UTC)))

    def _refused_credentials(self, error: RefreshError) -> str:
        return (
            f"Google refuses the service account {self.client_email} ({error.args[0]}). Make a new "
            "JSON key for it and set GOOGLE_SERVICE_ACCOUNT to that; if the key is right, check "
            "this machine's clock."
        )


def signed_in(
    account: str, base_url: str, patience: Patience, timeout: tuple[float, float]
) -> SheetsHTTP:
    """Return a client for a service account, its JSON or path. Raises Invalid for a bad one."""
    return SheetsHTTP(credentials(account), base_url, patience, timeout)


def _is_refusal(error: RefreshError) -> bool:
    """Tell OAuth's own "no" from a page of something in between or a server that is busy."""
    said = error.args[1] if len(error.args) > 1 else None
    return not error.retryable and isinstance(said, dict) and "error" in said


def _is_json(response: requests.Response) -> bool:
    """A proxy's page with status 200 is no answer of the service."""
    return response.headers.get("Content-Type", "").startswith("application/json")


def _said(response: requests.Response) -> str:
    if response.status_code == 429:
        return "its quota is used up (429)"
    if not _is_json(response):
        return f"something in between answered {response.status_code} with a page, not with data"
    return f"it answered {response.status_code}"


def _cause(error: Exception) -> str:
    if isinstance(error, requests.ConnectTimeout):
        return "no connection in time"
    if isinstance(error, requests.Timeout):
        return "no answer in time"
    return f"the connection failed ({type(error).__name__})"
