"""Which of GitHub's answers are kept, and under which names.

Only what a recruiter can use: no e-mail address, though some accounts show one. A repository
list is read up to its first 100, the most recently pushed first. A quiet account is no evidence
of anything: much work is private.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from jobs.services.lookups import Field

ACCOUNT = {
    "login": "login",
    "html_url": "profile_url",
    "name": "name",
    "company": "company",
    "location": "location",
    "bio": "bio",
    "blog": "website",
    "hireable": "open_to_work",
    "created_at": "member_since",
    "public_repos": "public_repositories",
    "followers": "followers",
}
MOST_LANGUAGES = 8
MOST_REPOSITORIES = 5
LONGEST_TEXT = 500


def account_fields(user: Mapping[str, Any], template: Field) -> dict[str, Field]:
    """Return the fields of an account; what it leaves empty is left out."""
    return {
        ours: replace(template, value=_text(user[theirs]))
        for theirs, ours in ACCOUNT.items()
        if user.get(theirs) not in (None, "")
    }


def repository_fields(repositories: Sequence[Any], template: Field) -> dict[str, Field]:
    """Return what the person's own repositories show; forks are other people's work."""
    own = [r for r in repositories if isinstance(r, dict) and not r.get("fork")]
    languages = Counter(str(r["language"]) for r in own if r.get("language"))
    pushed = [str(r["pushed_at"]) for r in own if r.get("pushed_at")]
    values: dict[str, Any] = {
        "own_repositories": len(own),
        "languages": dict(languages.most_common(MOST_LANGUAGES)),
        "stars": sum(_stars(r) for r in own),
        "best_known": [_repository(r) for r in sorted(own, key=_fame)[:MOST_REPOSITORIES]],
    }
    if pushed:
        values["last_push"] = max(pushed)
    return {name: replace(template, value=value) for name, value in values.items()}


def _fame(repository: Mapping[str, Any]) -> tuple[int, str]:
    return -_stars(repository), str(repository.get("name"))


def _repository(repository: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "name": repository.get("name"),
        "url": repository.get("html_url"),
        "language": repository.get("language"),
        "stars": _stars(repository),
    }


def _stars(repository: Mapping[str, Any]) -> int:
    stars = repository.get("stargazers_count")
    return stars if isinstance(stars, int) else 0


def _text(value: Any) -> Any:
    return value[:LONGEST_TEXT] if isinstance(value, str) else value
