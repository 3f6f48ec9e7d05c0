"""Who may sign in by the environment: the `name:role:secret` lists of two settings."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

ROLES = ("viewer", "operator", "admin")
NAME = re.compile(r"[A-Za-z0-9._@-]{1,64}")
SHORTEST_SECRET = 12


@dataclass(frozen=True)
class Credential:
    """A named secret with a role; the secret never shows in `repr`."""

    name: str
    role: str
    secret: str = field(repr=False)


def parse_credentials(text: str) -> tuple[Credential, ...]:
    """Parse `name:role:secret[,…]`.

    Raises ValueError that names the entry by position, never by its secret.
    """
    entries = [entry.strip() for entry in text.split(",") if entry.strip()]
    found = tuple(_credential(position, entry) for position, entry in enumerate(entries, 1))
    if len({credential.name for credential in found}) < len(found):
        raise ValueError("a name is given twice; every name may stand once.")
    return found


def _credential(position: int, entry: str) -> Credential:
    name, _, rest = entry.partition(":")
    role, _, secret = rest.partition(":")
    if not NAME.fullmatch(name):
        raise ValueError(f"entry {position} needs the form name:role:secret with a plain name.")
    if role not in ROLES:
        raise ValueError(f"entry {position} ({name}) has no role of {', '.join(ROLES)}.")
    if len(secret) < SHORTEST_SECRET:
        raise ValueError(
            f"entry {position} ({name}) has a secret shorter than {SHORTEST_SECRET} characters."
        )
    return Credential(name, role, secret)
