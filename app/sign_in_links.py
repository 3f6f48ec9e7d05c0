"""Links that sign in without a password, for a development system on one's own machine.

A link is good for some minutes and once. This file needs nothing but Python's own library: the
program that prints the link runs before anything is installed.
"""

from __future__ import annotations

import hmac
import secrets
from hashlib import sha256

GOOD_FOR_SECONDS = 3600


def link_key(secret: str, now: float) -> str:
    """Return what stands behind `key=` in a fresh link; `now` is in Unix seconds."""
    text = f"{int(now)}-{secrets.token_hex(8)}"
    return f"{text}-{_signature(secret, text)}"


def link_fits(secret: str, key: str, now: float) -> bool:
    """Tell whether the key was made with this secret, lately."""
    text, _, signature = key.rpartition("-")
    if not secret or not hmac.compare_digest(
        _signature(secret, text).encode(), signature.encode("utf-8", "replace")
    ):
        return False
    age = now - int(text.partition("-")[0])
    return -60 <= age <= GOOD_FOR_SECONDS


def _signature(secret: str, text: str) -> str:
    return hmac.new(secret.encode(), text.encode("utf-8", "replace"), sha256).hexdigest()[:40]
