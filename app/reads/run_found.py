"""Finding the newest runs that fit a search, whichever way is the shorter one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import CTE, Connection, Row, Select, func, literal, select

from app.reads.run_rows import LISTED_WHOLE
from app.reads.run_search import Search
from app.reads.run_words import holds, in_index, query_of
from app.records.schema import run_texts, runs

# So many of the newest runs are looked at before the index of words is asked.
LOOKED_AT = 3_000


def newest_found(connection: Connection, search: Search, limit: int) -> Sequence[Row[Any]]:
    """Return the newest runs that fit, `limit` at most.

    A frequent word is soon found among the newest runs, while the index would bring all runs that
    have it, to be sorted. A word that they do not have is rare, and the index has it at once.
    """
    if not search.words:
        found = select(*LISTED_WHOLE).where(*search.narrow, *search.dear)
        return connection.execute(_newest(found, runs, limit)).all()
    soon = _among_the_newest(search, limit).cte("soon")
    too_few = select(literal(query_of(search.words, connection.dialect.name)).label("words"))
    too_few = too_few.where(select(func.count()).select_from(soon).scalar_subquery() < limit)
    rare = _by_index(search, too_few.cte("too_few"), limit, connection.dialect.name).cte("rare")
    # The index brings again what was found among the newest.
    chosen = select(soon).union(select(rare)).subquery("chosen")
    found = select(*LISTED_WHOLE).join(chosen, chosen.c.run_id == runs.c.run_id)
    return connection.execute(_newest(found, chosen, limit)).all()


def _among_the_newest(search: Search, limit: int) -> Select[Any]:
    # Looked up run by run: a join would be free to read the words of all runs first.
    words = select(run_texts.c.words).where(run_texts.c.run_id == runs.c.run_id)
    of_run = words.correlate(runs).scalar_subquery().label("words")
    some = select(runs.c.run_id, runs.c.at, of_run).where(*search.narrow)
    newest = _newest(some, runs, LOOKED_AT).subquery("newest")
    fitting = select(newest.c.run_id, newest.c.at).where(
        *(holds(phrase, newest.c.words) for phrase in search.words)
    )
    if search.dear:
        fitting = fitting.join(runs, runs.c.run_id == newest.c.run_id).where(*search.dear)
    return _newest(fitting, newest, limit)


def _by_index(search: Search, too_few: CTE, limit: int, dialect: str) -> Select[Any]:
    """Ask the index, which depends on `too_few` and so rests where that has no row."""
    has_them = in_index(search.words, too_few.c.words, dialect)
    fitting = select(run_texts.c.run_id, run_texts.c.at).where(*has_them)
    further = (*search.narrow, *search.dear)
    if further:
        fitting = fitting.where(runs.c.run_id == run_texts.c.run_id, *further)
    return _newest(fitting, run_texts, limit)


def _newest(found: Select[Any], of: Any, limit: int) -> Select[Any]:
    return found.order_by(of.c.at.desc(), of.c.run_id.desc()).limit(limit)
