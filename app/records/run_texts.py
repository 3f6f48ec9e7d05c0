"""The index of words: which runs have them. The database's own search looks into it.

`run_texts` holds the words of each run. SQLite indexes them with FTS5, over that table and kept
by triggers on it; PostgreSQL with GIN over a `tsvector` of the words as they are.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Engine, Select, insert, select, tuple_, update
from sqlalchemy.dialects import postgresql, sqlite

from app.records.database import reading, writing
from app.records.schema import counters, run_texts, runs
from app.records.words import error_texts, words_of

# So many runs are indexed in one transaction, so that nobody waits long for the write lock.
STEP = 2_000
# Where reason, class and message of the error stand in what `known_texts` reads.
TEXTS = slice(3, 6)
# The counter that tells how far the runs from before have been indexed.
FILLED = "run_texts_filled"

VECTOR = "array_to_tsvector(string_to_array(words, ' '))"
# What waits to be sorted in is read at every search, so it stays short (kB).
PENDING = 512
FTS = (
    "CREATE VIRTUAL TABLE run_words USING fts5("
    "words, content='run_texts', content_rowid='id', "
    "tokenize='ascii', detail='none', columnsize=0)",
    "CREATE TRIGGER run_texts_words_insert AFTER INSERT ON run_texts BEGIN "
    "INSERT INTO run_words (rowid, words) VALUES (NEW.id, NEW.words); END",
    "CREATE TRIGGER run_texts_words_update AFTER UPDATE OF words ON run_texts BEGIN "
    "INSERT INTO run_words (run_words, rowid, words) VALUES ('delete', OLD.id, OLD.words); "
    "INSERT INTO run_words (rowid, words) VALUES (NEW.id, NEW.words); END",
    "CREATE TRIGGER run_texts_words_delete AFTER DELETE ON run_texts BEGIN "
    "INSERT INTO run_words (run_words, rowid, words) VALUES ('delete', OLD.id, OLD.words); END",
)
GIN = (
    f"CREATE INDEX ix_run_texts_words ON run_texts USING gin ({VECTOR}) "
    f"WITH (gin_pending_list_limit = {PENDING})",
)


def create_index(connection: Connection) -> None:
    """Create what searches `run_texts`, which must be there and empty."""
    for statement in FTS if connection.dialect.name == "sqlite" else GIN:
        connection.exec_driver_sql(statement)


def write_words(connection: Connection, rows: Iterable[Mapping[str, Any]]) -> None:
    """Write the words of runs (`run_id`, `at`, `words`); what is there already stays untouched."""
    given = list(rows)
    if not given:
        return
    kind = postgresql if connection.dialect.name == "postgresql" else sqlite
    statement = kind.insert(run_texts)
    words = statement.excluded.words
    connection.execute(
        statement.on_conflict_do_update(
            index_elements=[run_texts.c.run_id],
            set_={"words": words},
            where=run_texts.c.words != words,
        ),
        given,
    )


def changed_words(
    folded: Iterable[tuple[Mapping[str, Any], Collection[str]]], known: Mapping[str, Any]
) -> Iterator[dict[str, Any]]:
    """Yield the words of the runs whose texts differ from those of the rows that are `known`.

    `folded` are rows with the columns that they set.
    """
    for row, columns in folded:
        before = known.get(row["run_id"])
        old = (None, None, None) if before is None else before[TEXTS]
        new = row["reason"], *(error_texts(row["error"]) if "error" in columns else old[1:])
        if before is None or before.known is None or new != old:
            yield {"run_id": row["run_id"], "at": row["at"], "words": words_of(row["run_id"], *new)}


def known_texts() -> Select[Any]:
    """Return the read of what runs tell, and whether the index knows them."""
    return select(
        runs.c.run_id,
        runs.c.at,
        runs.c.revision,
        runs.c.reason,
        runs.c.error["type"].as_string().label("error_type"),
        runs.c.error["message"].as_string().label("error_message"),
        run_texts.c.run_id.label("known"),
    ).select_from(runs.outerjoin(run_texts, run_texts.c.run_id == runs.c.run_id))


def index_runs(connection: Connection, run_ids: Sequence[str]) -> None:
    """Write the words of these runs as their rows stand now."""
    for first in range(0, len(run_ids), STEP):
        theirs = runs.c.run_id.in_(run_ids[first : first + STEP])
        found = connection.execute(known_texts().where(theirs))
        write_words(connection, [_row(one) for one in found])


def fill(database: Engine) -> int:
    """Index, newest first, the runs that were there before the index; return how many.

    Each step is a transaction of its own: an interrupted one goes on the next time.
    """
    number, before = 0, None
    if _is_filled(database):
        return 0
    while True:
        with writing(database) as connection:
            some = known_texts().order_by(runs.c.at.desc(), runs.c.run_id.desc()).limit(STEP)
            if before is not None:
                some = some.where(tuple_(runs.c.at, runs.c.run_id) < tuple_(*before))
            found = connection.execute(some).all()
            write_words(connection, [_row(one) for one in found if one.known is None])
            if len(found) < STEP:
                connection.execute(
                    update(counters).where(counters.c.name == FILLED).values(value=1)
                )
                return number + len(found)
        number, before = number + len(found), (found[-1].at, found[-1].run_id)


def _is_filled(database: Engine) -> bool:
    with reading(database) as connection:
        value = select(counters.c.value).where(counters.c.name == FILLED)
        return connection.execute(value).scalar_one_or_none() == 1


def _row(found: Any) -> dict[str, Any]:
    words = words_of(found.run_id, *found[TEXTS])
    return {"run_id": found.run_id, "at": found.at, "words": words}


def mark_unfilled(connection: Connection) -> None:
    """Note that there are runs that the index does not know."""
    connection.execute(insert(counters).values(name=FILLED, value=0))
