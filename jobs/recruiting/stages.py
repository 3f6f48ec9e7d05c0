"""Which kind of step a stage is, whatever the team calls it."""

from __future__ import annotations

from functools import lru_cache
from typing import Final

APPLIED: Final = "applied"
SCREEN: Final = "screen"
INTERVIEW: Final = "interview"
OFFER: Final = "offer"
HIRED: Final = "hired"

# In the order in which an application goes through them.
KINDS: Final = (APPLIED, SCREEN, INTERVIEW, OFFER, HIRED)

_WORDS: Final = {
    APPLIED: ("applied", "application", "new", "inbox", "sourced", "lead"),
    SCREEN: ("screen", "screening", "review", "phone", "assessment", "qualifying"),
    INTERVIEW: ("interview", "interviews", "interviewing", "onsite", "panel"),
    OFFER: ("offer", "offers", "offered", "reference", "references"),
    HIRED: ("hired", "placed", "onboarding"),
}
_RANK_OF_WORD: Final = {word: rank for rank, kind in enumerate(KINDS) for word in _WORDS[kind]}


@lru_cache(maxsize=1_000)
def kind_of(stage: str | None) -> str | None:
    """Return the kind of a stage by the words of its name, None where they do not tell.

    No stage yet is `applied`. Of several words the furthest one decides: a “phone interview” is
    an interview, an “application review” a screening.
    """
    if stage is None:
        return APPLIED
    words = stage.casefold().replace("-", " ").replace("_", " ").split()
    known = [_RANK_OF_WORD[word] for word in words if word in _RANK_OF_WORD]
    return KINDS[max(known)] if known else None
