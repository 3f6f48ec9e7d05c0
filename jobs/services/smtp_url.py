"""What SMTP_URL, MAIL_FROM and RECRUITER_EMAILS say."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from email.headerregistry import Address
from urllib.parse import parse_qs, unquote, urlsplit

from app import Invalid

LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
ALLOWED = "smtp://user:password@host:587?starttls=required, ?starttls=never or smtps://…"
# Narrower than RFC 5321 on purpose: no quoted local parts, no comments, no address literals.
PLAIN_ADDRESS = re.compile(r"[^\s@<>()\[\]\\,;:\"\x00-\x1f\x7f]{1,64}@[^\s@<>()\[\]\\,;:\"]{1,253}")


@dataclass(frozen=True)
class MailServer:
    """Where mail is handed in. `security` is `tls` from the first byte, `starttls` or `none`."""

    host: str
    port: int
    security: str
    user: str = ""
    password: str = field(default="", repr=False)

    @property
    def loopback(self) -> bool:
        return self.host in LOOPBACK

    def __str__(self) -> str:
        return f"{self.host}:{self.port}"


def mail_server(url: str) -> MailServer:
    """Read SMTP_URL. Raises Invalid that says what is allowed and never shows the password."""
    parts = urlsplit(url)
    asked = parse_qs(parts.query, keep_blank_values=True)
    starttls = asked.pop("starttls", ["required"])[-1]
    try:
        host, port = parts.hostname, parts.port
    except ValueError:
        host, port = None, None
    known = parts.scheme in ("smtp", "smtps") and starttls in ("required", "never")
    if not known or not host or asked or parts.path.strip("/"):
        raise Invalid(f"SMTP_URL is not an address of a mail server: write {ALLOWED}.")
    if parts.scheme == "smtps":
        security = "tls"
    else:
        security = "starttls" if starttls == "required" else "none"
    server = MailServer(
        host=host,
        port=port or (465 if security == "tls" else 587),
        security=security,
        user=unquote(parts.username or ""),
        password=unquote(parts.password or ""),
    )
    if server.user and security == "none" and not server.loopback:
        raise Invalid(
            f"SMTP_URL would send the password to {server.host} in the clear: use "
            "?starttls=required or smtps:// (never is for this machine, or without a password)."
        )
    return server


def plain_address(text: str) -> str:
    """Return one bare address such as ada@example.org, its domain in ASCII (RFC 5891).

    Raises Invalid for anything else: line ends, several addresses, or a name beside it.
    """
    found = text.strip()
    local, _, domain = found.rpartition("@")
    try:
        ascii_domain = domain.encode("idna").decode("ascii").lower()
    except UnicodeError:
        ascii_domain = ""
    dotted = ".." not in local and not local.startswith(".") and not local.endswith(".")
    if not PLAIN_ADDRESS.fullmatch(found) or not ascii_domain or not dotted:
        raise Invalid(f"{found[:80]!r} is not an e-mail address: write it like ada@example.org.")
    return f"{local}@{ascii_domain}"


def header_address(address: str, name: str = "") -> Address:
    """Return an address as it stands in From or To. Raises Invalid."""
    local, _, domain = plain_address(address).rpartition("@")
    return Address(name, local, domain)


def sender(text: str) -> Address:
    """Read MAIL_FROM, `Name <address>` or an address. Raises Invalid."""
    matched = re.fullmatch(r"\s*(?:\"?([^\"<>\r\n]*?)\"?\s*<([^<>]+)>|([^<>\s]+))\s*", text)
    if matched is None:
        raise Invalid(f"MAIL_FROM={text[:80]!r} is no sender: write Name <name@example.org>.")
    name, inside, bare = matched.groups()
    return header_address(inside or bare, name or "")


def addresses(text: str) -> tuple[str, ...]:
    """Read a list separated by commas, each address once. Raises Invalid."""
    parts = [plain_address(part) for part in re.split(r"[,;]", text) if part.strip()]
    return tuple({part.lower(): part for part in reversed(parts)}.values())[::-1]
