"""Google's token endpoint, for service accounts.

https://developers.google.com/identity/protocols/oauth2/service-account#httprest: a JWT signed
with RS256 is exchanged for a short-lived access token.
"""

from __future__ import annotations

import base64
import binascii
import json
import secrets
import threading
from collections.abc import Callable, Mapping
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from werkzeug.wrappers import Request, Response

from jobs.sandbox.errors import ApiError, answer

GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer"
SCOPES = frozenset(
    {
        "https://www.googleapis.com/auth/spreadsheets",
        "https://www.googleapis.com/auth/spreadsheets.readonly",
        "https://www.googleapis.com/auth/drive",
        "https://www.googleapis.com/auth/drive.readonly",
        "https://www.googleapis.com/auth/drive.file",
    }
)
# The same page: "aud" of a token request is always this, wherever the request really goes.
AUDIENCE = "https://oauth2.googleapis.com/token"
LONGEST_ASSERTION = 3600
CLOCK_SKEW = 60


class GrantRefusedError(Exception):
    """A refusal in OAuth's own form (RFC 6749, section 5.2)."""

    def __init__(self, error: str, description: str) -> None:
        super().__init__(description)
        self.error = error
        self.description = description


class TokenEndpoint:
    """Issues and checks access tokens for one service account. `clock` gives epoch seconds."""

    def __init__(
        self, account: Mapping[str, Any], clock: Callable[[], float], lifetime: int = 600
    ) -> None:
        key = load_pem_private_key(account["private_key"].encode(), password=None)
        if not isinstance(key, RSAPrivateKey):
            raise ValueError("the sandbox's key is no RSA key")
        self.public_key = key.public_key()
        self.client_email: str = account["client_email"]
        self.clock = clock
        self.lifetime = lifetime
        self._lock = threading.Lock()
        self._tokens: dict[str, tuple[float, frozenset[str]]] = {}

    def issue(self, request: Request) -> Response:
        """POST /token: `grant_type` and `assertion`, form encoded."""
        try:
            scopes = self._granted(request)
        except GrantRefusedError as refused:
            error = {"error": refused.error, "error_description": refused.description}
            return answer(error, 400)
        token = self.new_token(scopes)
        return answer({"access_token": token, "expires_in": self.lifetime, "token_type": "Bearer"})

    def new_token(self, scopes: frozenset[str] = SCOPES) -> str:
        """Issue a token for `scopes`."""
        token = f"sandbox.{secrets.token_urlsafe(32)}"
        now = self.clock()
        with self._lock:
            self._tokens = {t: kept for t, kept in self._tokens.items() if kept[0] > now}
            self._tokens[token] = (now + self.lifetime, scopes)
        return token

    def check(self, request: Request, *, to_write: bool) -> str:
        """Return who calls. Raises ApiError: 401 without a valid token, 403 without the scope."""
        kind, _, token = request.headers.get("Authorization", "").partition(" ")
        with self._lock:
            expires_at, scopes = self._tokens.get(token, (0.0, frozenset()))
        if kind != "Bearer" or expires_at <= self.clock():
            raise ApiError(
                401,
                "Request had invalid authentication credentials. Expected OAuth 2 access token, "
                "login cookie or other valid authentication credential.",
            )
        if to_write and all(scope.endswith(".readonly") for scope in scopes):
            raise ApiError(403, "Request had insufficient authentication scopes.")
        return self.client_email

    def revoke_all(self) -> None:
        """Make every token issued so far invalid."""
        with self._lock:
            self._tokens.clear()

    def _granted(self, request: Request) -> frozenset[str]:
        if request.form.get("grant_type") != GRANT:
            raise GrantRefusedError("unsupported_grant_type", f"Only {GRANT} is known.")
        claims = self._verified(request.form.get("assertion", ""))
        if claims.get("iss") != self.client_email:
            raise GrantRefusedError("invalid_grant", "Invalid grant: account not found")
        if claims.get("aud") != AUDIENCE:
            raise GrantRefusedError("invalid_grant", "Invalid JWT: Failed audience check.")
        self._check_times(claims)
        scopes = frozenset(str(claims.get("scope", "")).split())
        if not scopes or not scopes <= SCOPES:
            raise GrantRefusedError(
                "invalid_scope", "Invalid OAuth scope or ID token audience provided."
            )
        return scopes

    def _check_times(self, claims: Mapping[str, Any]) -> None:
        now, issued, expires = self.clock(), claims.get("iat"), claims.get("exp")
        if not isinstance(issued, int) or not isinstance(expires, int):
            raise GrantRefusedError("invalid_grant", "Invalid JWT: iat and exp are required.")
        if not (issued - CLOCK_SKEW <= now < expires and 0 < expires - issued <= LONGEST_ASSERTION):
            raise GrantRefusedError(
                "invalid_grant",
                "Invalid JWT: Token must be a short-lived token (60 minutes) and in a reasonable "
                "timeframe. Check your iat and exp values in the JWT claim.",
            )

    def _verified(self, assertion: str) -> dict[str, Any]:
        parts = assertion.split(".")
        try:
            header, claims, signature = (_decoded(part) for part in parts)
            algorithm = json.loads(header).get("alg")
            found: dict[str, Any] = json.loads(claims)
        except (ValueError, AttributeError, binascii.Error):
            raise GrantRefusedError("invalid_grant", "Invalid JWT: not a signed token.") from None
        if algorithm != "RS256" or not isinstance(found, dict):
            raise GrantRefusedError("invalid_grant", "Invalid JWT: RS256 is required.")
        signed = f"{parts[0]}.{parts[1]}".encode()
        try:
            self.public_key.verify(signature, signed, PKCS1v15(), SHA256())
        except InvalidSignature:
            raise GrantRefusedError("invalid_grant", "Invalid JWT Signature.") from None
        return found


def _decoded(part: str) -> bytes:
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))
