"""Made-up GitHub accounts: any login is one, the same for ever, made from the login's own hash.

Stated shares: 8 % of logins are unknown, 3 % belong to organisations, 4 % were renamed. Tests
and the curious can decide for single logins in `kinds`.
"""

from __future__ import annotations

import hashlib
import random
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

KINDS = {"unknown": 0.08, "organization": 0.03, "renamed": 0.04}
LANGUAGES = ("Python", "TypeScript", "Go", "Rust", "Java", "C++", "Ruby", "Shell", "Kotlin")
COMPANIES = ("Example Labs", "Sample & Sons", "Placeholder GmbH", "Acme Robotics", None, None)
PLACES = ("Berlin", "Lagos", "São Paulo", "Toronto", "Osaka", "Remote", None)
WORDS = ("parser", "dotfiles", "kanban", "weather", "notes", "raytracer", "ledger", "atlas")
# The accounts do not change from day to day: an ETag must hold.
AS_OF = datetime(2026, 9, 1, tzinfo=UTC)


@dataclass
class GitHubPeople:
    """Who is at GitHub. `changes` counts edits of an account, for tests of ETags."""

    kinds: dict[str, str] = field(default_factory=dict)
    changes: dict[str, int] = field(default_factory=dict)
    created: dict[str, datetime] = field(default_factory=dict)
    _ids: dict[int, str] = field(default_factory=dict)

    def kind(self, login: str) -> str:
        """Return unknown, organization, renamed or user."""
        login = login.lower()
        if login in self.kinds:
            return self.kinds[login]
        place = _chance(login, "kind").random()
        for kind, share in KINDS.items():
            if place < share:
                return kind
            place -= share
        return "user"

    def new_login(self, login: str) -> str:
        """Return what a renamed account is called today."""
        return f"{login.lower()[:36]}-hq"

    def account_id(self, login: str) -> int:
        number = int(hashlib.sha256(login.lower().encode()).hexdigest()[:7], 16)
        self._ids[number] = login.lower()
        return number

    def login_of(self, account_id: int) -> str | None:
        return self._ids.get(account_id)

    def account(self, login: str) -> dict[str, Any]:
        """Return a public user, with the fields of
        https://docs.github.com/en/rest/users/users#get-a-user that this sandbox fills."""
        chance = _chance(login, "account")
        name = " ".join(part.capitalize() for part in login.split("-") if not part.isdigit())
        created = self.created.get(login, AS_OF - timedelta(days=chance.randint(400, 5_000)))
        kind = "Organization" if self.kind(login) == "organization" else "User"
        return {
            "login": login,
            "id": self.account_id(login),
            "type": kind,
            "html_url": f"https://github.com/{login}",
            "name": name,
            "company": chance.choice(COMPANIES),
            "blog": chance.choice(("", f"https://{login}.example.org")),
            "location": chance.choice(PLACES),
            "email": None,
            "hireable": chance.choice((True, None)),
            "bio": chance.choice((None, f"Writes {chance.choice(LANGUAGES)}.")),
            "twitter_username": None,
            "public_repos": len(self.repositories(login)),
            "public_gists": chance.randint(0, 12),
            "followers": chance.randint(0, 300) + self.changes.get(login, 0),
            "following": chance.randint(0, 80),
            "created_at": _written(created),
            "updated_at": _written(AS_OF),
        }

    def repositories(self, login: str) -> list[dict[str, Any]]:
        """Return the account's own public repositories, the most recently pushed first."""
        chance = _chance(login, "repositories")
        favourites = chance.sample(LANGUAGES, 3)
        names = chance.sample(WORDS, chance.randint(0, len(WORDS)))
        found = [_repository(login, name, favourites, chance) for name in names]
        return sorted(found, key=lambda repository: str(repository["pushed_at"]), reverse=True)


def _repository(
    login: str, name: str, favourites: list[str], chance: random.Random
) -> dict[str, Any]:
    pushed = AS_OF - timedelta(days=chance.randint(1, 900))
    return {
        "id": chance.randrange(10**8),
        "name": name,
        "full_name": f"{login}/{name}",
        "html_url": f"https://github.com/{login}/{name}",
        "fork": chance.random() < 0.2,
        "language": chance.choice([*favourites, None]),
        "stargazers_count": int(chance.paretovariate(1.2)) - 1,
        "size": chance.randint(1, 40_000),
        "created_at": _written(pushed - timedelta(days=chance.randint(1, 900))),
        "updated_at": _written(pushed),
        "pushed_at": _written(pushed),
    }


def _chance(login: str, what: str) -> random.Random:
    return random.Random(f"{what}:{login.lower()}")  # noqa: S311 - made-up people, not secrets


def _written(at: datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")
