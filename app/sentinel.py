"""Where Sentinel tells which server is the primary: `sentinel://HOST:PORT,HOST:PORT/SERVICE`."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import unquote

SCHEME = "sentinel://"
DEFAULT_PORT = 26379
FORM = "sentinel://[USER:PASSWORD@]HOST[:PORT][,HOST[:PORT]…]/SERVICE[/DATABASE]"

_URL = re.compile(
    r"sentinel://(?:(?P<user>[^:@/]*):(?P<password>[^@/]*)@)?(?P<hosts>[^/@?#]+)"
    r"/(?P<service>[\w.-]+)(?:/(?P<database>\d{1,4}))?"
)
_HOST = re.compile(r"(?P<host>\[[0-9A-Fa-f:.]+\]|[\w.-]+)(?::(?P<port>\d{1,5}))?")


@dataclass(frozen=True)
class SentinelAddress:
    """The Sentinels and the service they watch; user and password are the servers'."""

    sentinels: tuple[tuple[str, int], ...]
    service: str
    database: int
    username: str | None
    password: str | None


def parse_sentinel(url: str) -> SentinelAddress:
    """Parse a URL of this form. Raises ValueError that says what is allowed."""
    found = _URL.fullmatch(url)
    if found is None:
        raise ValueError(f"write {FORM}")
    return SentinelAddress(
        sentinels=tuple(_address(text) for text in found["hosts"].split(",")),
        service=found["service"],
        database=int(found["database"] or 0),
        username=unquote(found["user"] or "") or None,
        password=unquote(found["password"] or "") or None,
    )


def _address(text: str) -> tuple[str, int]:
    found = _HOST.fullmatch(text)
    port = int(found["port"] or DEFAULT_PORT) if found else 0
    if found is None or not 1 <= port <= 65535:
        raise ValueError(f"{text!r} is not HOST or HOST:PORT")
    return found["host"].strip("[]"), port
