"""The words of a run that a search looks for: of its id, its reason and its error.

Both databases are handed these words, never the texts, so that both find the same. Secrets are
masked before, so that nobody finds by trying what no page shows.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from typing import Any

from app.masking import mask_text

WORD = re.compile(r"[^\W_]+")
# Of a word and of a text no more than this is looked at; a secret is masked in far more.
LONGEST_WORD = 64
LONGEST_TEXT = 2_000
LONGEST_MASKED = 20_000
# No phrase goes on from one text into the next.
BETWEEN = " | "


def words_in(text: str) -> list[str]:
    """Return the letters and digits between anything else, without case and width."""
    # Most texts are plain, and their runs many.
    folded = text.lower() if text.isascii() else unicodedata.normalize("NFKC", text).casefold()
    return [word[:LONGEST_WORD] for word in WORD.findall(folded)]


def words_of(run_id: str, reason: str | None, kind: Any, message: Any) -> str:
    """Return all words of a run, separated by single spaces."""
    texts = (run_id, *(mask_text(str(part)[:LONGEST_MASKED]) for part in (reason, kind, message)
             if part))  # fmt: skip
    return BETWEEN.join(" ".join(words_in(text[:LONGEST_TEXT])) for text in texts)


def error_texts(error: Any) -> tuple[Any, Any]:
    """Return class and message of an error as it is stored."""
    if not isinstance(error, Mapping):
        return None, error
    return error.get("type"), error.get("message")
