"""Free words in a search of runs, as conditions on the index of words.

A word is found where a word of the run begins with it. Words in quotes, and those that other
signs join (`greet--1790000000`), are found one after the other; the last may go on.
"""

from __future__ import annotations

from sqlalchemy import ColumnElement, cast, column, func, literal, select, table
from sqlalchemy.dialects.postgresql import TSQUERY

from app.records.schema import run_texts, runs

# Words one after the other.
Phrase = tuple[str, ...]

_words = table("run_words", column("rowid"), column("run_words"))


def indexed(phrases: tuple[Phrase, ...], dialect: str) -> list[ColumnElement[bool]]:
    """Return what joins runs to those that the index knows to have all phrases."""
    if not phrases:
        return []
    asked = literal(query_of(phrases, dialect))
    return [runs.c.run_id == run_texts.c.run_id, *in_index(phrases, asked, dialect)]


def query_of(phrases: tuple[Phrase, ...], dialect: str) -> str:
    """Return the words of all phrases in the language of the database's own search."""
    words = dict.fromkeys((word, place < len(phrase)) for phrase in phrases
                          for place, word in enumerate(phrase, 1))  # fmt: skip
    if dialect == "postgresql":
        return " & ".join(f"'{word}'{'' if whole else ':*'}" for word, whole in words)
    return " AND ".join(f'"{word}"{"" if whole else " *"}' for word, whole in words)


def in_index(
    phrases: tuple[Phrase, ...], asked: ColumnElement[str], dialect: str
) -> list[ColumnElement[bool]]:
    """Return what rows of `run_texts` meet that have all phrases; `asked` is their query."""
    # The index knows no order of words, so the texts themselves tell of that.
    in_order = [holds(phrase) for phrase in phrases if len(phrase) > 1]
    if dialect == "postgresql":
        vector = func.array_to_tsvector(func.string_to_array(run_texts.c.words, literal(" ")))
        return [vector.op("@@", is_comparison=True)(cast(asked, TSQUERY)), *in_order]
    match = _words.c.run_words.op("MATCH", is_comparison=True)(asked)
    return [match, run_texts.c.id == _words.c.rowid, *in_order]


def has_words(phrase: Phrase) -> ColumnElement[bool]:
    """Return whether a run has this phrase, for one run at a time."""
    mine = run_texts.alias("texts_of_run")
    has = select(mine.c.id).where(mine.c.run_id == runs.c.run_id, holds(phrase, mine.c.words))
    return has.correlate(runs).exists()


def holds(phrase: Phrase, words: ColumnElement[str] = run_texts.c.words) -> ColumnElement[bool]:
    """Return whether these words of a run have this phrase."""
    # Words are letters and digits alone, so nothing in them means anything to LIKE.
    return (literal(" ") + words).contains(f" {' '.join(phrase)}")
