"""The service account that signs in to Google."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from google.oauth2.service_account import Credentials

from app import Invalid

SETTING = "GOOGLE_SERVICE_ACCOUNT"
SCOPES = ("https://www.googleapis.com/auth/spreadsheets",)
NEEDED = ("client_email", "private_key", "token_uri")


def credentials(setting: str) -> Credentials:
    """Return the credentials in `setting`, JSON text or the path of a JSON file.

    Raises Invalid, which never quotes the value.
    """
    info = _parse(setting if setting.lstrip().startswith("{") else _content(setting))
    missing = [name for name in NEEDED if not info.get(name)]
    if missing:
        raise Invalid(
            f"{SETTING} is no service account key: it lacks {', '.join(missing)}. Download the "
            "JSON key of a service account from the Google Cloud console."
        )
    try:
        return Credentials.from_service_account_info(info, scopes=SCOPES)  # type: ignore[no-any-return, no-untyped-call]  # google-auth leaves it untyped
    except ValueError as error:
        raise Invalid(f"{SETTING}: its private_key is no RSA key in PEM form.") from error


def _content(path: str) -> str:
    try:
        return Path(path).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        cause = error.strerror if isinstance(error, OSError) else "not text"
        raise Invalid(
            f"{SETTING} is neither JSON nor a readable file ({cause}): set it to the JSON key of "
            "a service account or to the path of that file."
        ) from None


def _parse(text: str) -> dict[str, Any]:
    try:
        info = json.loads(text)
    except ValueError as error:
        raise Invalid(f"{SETTING} is not valid JSON ({error.args[0]}).") from None
    if not isinstance(info, dict):
        raise Invalid(f"{SETTING} must be a JSON object.")
    return info
