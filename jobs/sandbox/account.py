"""The made-up service account: an RSA key and the JSON file that real ones come as."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

CLIENT_EMAIL = "rota@sandbox.iam.gserviceaccount.com"


def service_account(path: Path, token_uri: str) -> dict[str, Any]:
    """Return the account in `path`, made on first use, with `token_uri` as its sign-in address."""
    try:
        account: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        account = {
            "type": "service_account",
            "project_id": "sandbox",
            "private_key_id": "sandbox-key",
            "private_key": _new_key(),
            "client_email": CLIENT_EMAIL,
            "client_id": "0",
        }
    if account.get("token_uri") != token_uri:
        account["token_uri"] = token_uri
        write_private(path, json.dumps(account, indent=2))
    return account


def write_private(path: Path, text: str) -> None:
    """Write a file that only this user can read, replacing it as a whole."""
    beside = path.with_suffix(".new")
    beside.unlink(missing_ok=True)
    descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
        stream.write(text)
    beside.replace(path)


def _new_key() -> str:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    ).decode()
