"""One question about one person, and what came of it: the interface of every provider."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, Literal, Protocol

Outcome = Literal[
    "matched",
    "low_confidence",
    "no_match",
    "skipped",
    "rate_limited",
    "quota_exhausted",
    "auth_failed",
    "unavailable",
    "invalid",
]
# Answers that hold until they expire; the other outcomes say nothing about the person.
SETTLED: frozenset[Outcome] = frozenset({"matched", "low_confidence", "no_match", "invalid"})
# Nobody else's question would fare better: the provider is left alone for the rest of the run.
STOPPING: frozenset[Outcome] = frozenset({"rate_limited", "quota_exhausted", "auth_failed"})
MATCH_KEPT = timedelta(days=30)
NO_MATCH_KEPT = timedelta(days=90)

Clock = Callable[[], datetime]


@dataclass(frozen=True, slots=True)
class Field:
    """A value and where it came from. `confidence` is from 0 to 1, `basis` why we asked for it."""

    value: Any
    source: str
    source_url: str
    fetched_at: datetime
    expires_at: datetime
    confidence: float
    basis: str
    etag: str | None = None

    def to_json(self) -> dict[str, Any]:
        times = {name: getattr(self, name).isoformat() for name in ("fetched_at", "expires_at")}
        return asdict(self) | times

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Field:
        times = {
            name: datetime.fromisoformat(stored[name]) for name in ("fetched_at", "expires_at")
        }
        return cls(**{**stored, **times})

    def kept_until(self, expires_at: datetime) -> Field:
        return replace(self, expires_at=expires_at)


@dataclass(frozen=True, slots=True)
class Query:
    """Whom to look up: `handle` on the provider's site, `url` as a person would open it.

    `given_at` is when the candidate gave the link, `known` what the provider said last time.
    """

    handle: str
    url: str
    given_at: datetime
    known: Mapping[str, Field] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Lookup:
    """What came of a query. `retry_at` says when asking again may help; with `answer_lost` the
    provider may have carried the question out, and charged for it, without our knowing.
    `expires_at` is set on an answer of an earlier run."""

    outcome: Outcome
    fields: Mapping[str, Field] = field(default_factory=dict)
    confidence: float | None = None
    source_url: str | None = None
    reason: str = ""
    retry_at: datetime | None = None
    credits: int = 0
    answer_lost: bool = False
    expires_at: datetime | None = None

    def kept_until(self, now: datetime) -> datetime | None:
        """Return until when the answer holds, None where it is none. `now` is when it came."""
        if self.outcome not in SETTLED or self.expires_at is not None:
            return self.expires_at
        return now + (NO_MATCH_KEPT if self.outcome == "no_match" else MATCH_KEPT)


class Provider(Protocol):
    """Where to look people up.

    `third_party`: what it says did not come from the candidate, who must be told of it.
    `paid`: an answer costs a credit, so that a lost one is not asked for again at once.
    `calls` counts requests sent.
    """

    name: str
    third_party: bool
    paid: bool

    @property
    def calls(self) -> int: ...

    def lookup(self, query: Query) -> Lookup:
        """Ask. Never raises for what a provider may answer, or for its silence."""

    def close(self) -> None: ...


@dataclass
class Skipping:
    """A provider that cannot be asked; every lookup is skipped for the same reason."""

    name: str
    reason: str
    third_party: bool = False
    paid: bool = False
    calls: int = 0

    def lookup(self, query: Query) -> Lookup:
        return Lookup("skipped", reason=self.reason)

    def close(self) -> None:
        """Nothing is open."""
