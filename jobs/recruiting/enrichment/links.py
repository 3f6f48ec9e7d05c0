"""Profile links as candidates write them, and whom they name."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import unquote, urlsplit

# https://docs.github.com/en/enterprise-cloud@latest/admin/managing-iam/understanding-iam-for-enterprises/about-enterprise-managed-users:
# letters, digits and single inner hyphens, at most 39 characters.
GITHUB_LOGIN = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9]|-(?=[A-Za-z0-9_])){0,38}(?:_[A-Za-z0-9]+)?")
# First parts of github.com addresses that are no accounts.
GITHUB_PAGES = frozenset(
    {
        "about",
        "apps",
        "collections",
        "contact",
        "enterprise",
        "explore",
        "features",
        "login",
        "marketplace",
        "orgs",
        "search",
        "settings",
        "sponsors",
        "topics",
        "trending",
        "users",
    }
)
LINKEDIN_SLUG = re.compile(r"[\w%-]{3,100}")


@dataclass(frozen=True, slots=True)
class Profile:
    """Whom a link names: the handle on the site, and the link in its usual form."""

    handle: str
    url: str


def github_profile(link: str) -> Profile | None:
    """Return whom a GitHub link names; a link to a repository names its owner."""
    host, parts = _parts(link)
    if host not in {"github.com", "gist.github.com"} or not parts:
        return None
    login = parts[0].removeprefix("@")
    if login.lower() in GITHUB_PAGES or not GITHUB_LOGIN.fullmatch(login):
        return None
    return Profile(login, f"https://github.com/{login}")


def linkedin_profile(link: str) -> Profile | None:
    """Return whom a LinkedIn link names; companies, posts and searches name nobody."""
    host, parts = _parts(link)
    if host != "linkedin.com" and not host.endswith(".linkedin.com"):
        return None
    if len(parts) < 2 or parts[0].lower() != "in" or not LINKEDIN_SLUG.fullmatch(parts[1]):
        return None
    slug = unquote(parts[1]).lower()
    return Profile(slug, f"https://www.linkedin.com/in/{slug}")


PROFILES: dict[str, Callable[[str], Profile | None]] = {
    "GitHub": github_profile,
    "LinkedIn": linkedin_profile,
}


def _parts(link: str) -> tuple[str, list[str]]:
    split = urlsplit(link if "://" in link else f"https://{link}")
    host = (split.hostname or "").removeprefix("www.")
    return host, [part for part in split.path.split("/") if part]
