"""How times, durations, counts and values read."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from app.errors import Invalid
from app.policies import Retry
from console.moments import local_moment, offset_moment
from console.result_shape import as_text, shape_of
from console.wording import day_and_time, duration, paragraphs, plural, relative, retries, shown

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (None, "–"),
        (0, "0 ms"),
        (0.0042, "4 ms"),
        (0.9994, "999 ms"),
        (1, "1.0 s"),
        (9.94, "9.9 s"),
        (42.4, "42 s"),
        (59.7, "1 min"),
        (60, "1 min"),
        (185, "3 min 5 s"),
        (3600, "1 h"),
        (7 * 3600 + 61, "7 h 1 min"),
        (100_000, "1 d 3 h"),
    ],
)
def test_a_duration_reads_as_one_says_it(seconds: float | None, words: str) -> None:
    assert duration(seconds) == words


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0, "just now"),
        (-1, "just now"),
        (1, "in a moment"),
        (5, "in 5 s"),
        (-5, "5 s ago"),
        (252, "in 4 min 12 s"),
        (-252, "4 min ago"),
        (601, "in 10 min"),
        (3 * 3600 + 300, "in 3 h 5 min"),
        (-26 * 3600, "1 d 2 h ago"),
        (2 * 86400 + 4000, "in 2 d"),
        (-40 * 86400, "40 d ago"),
    ],
)
def test_an_instant_reads_as_seen_from_now(seconds: int, words: str) -> None:
    assert relative(NOW + timedelta(seconds=seconds), NOW) == words


def test_days_are_those_of_the_zone() -> None:
    auckland = ZoneInfo("Pacific/Auckland")
    assert day_and_time(NOW - timedelta(minutes=30), auckland, NOW) == "today 00:30"
    assert day_and_time(NOW - timedelta(hours=2), auckland, NOW) == "yesterday 23:00"
    assert day_and_time(NOW, ZoneInfo("UTC"), NOW) == "today 12:00"
    assert day_and_time(NOW + timedelta(days=1), ZoneInfo("UTC"), NOW) == "tomorrow 12:00"
    assert day_and_time(NOW - timedelta(days=3), ZoneInfo("UTC"), NOW) == "Sat 21 Nov 12:00"
    assert day_and_time(NOW.replace(year=2025), ZoneInfo("UTC"), NOW) == "Mon 24 Nov 2025 12:00"
    assert day_and_time(NOW.replace(second=7), ZoneInfo("UTC"), NOW) == "today 12:00:07"


def test_counts_agree_with_their_nouns() -> None:
    assert plural(1, "run") == "1 run"
    assert plural(0, "run") == "0 runs"
    assert plural(12_000, "entry", "entries") == "12,000 entries"


def test_a_docstring_loses_the_line_breaks_of_the_code() -> None:
    text = "Do it.\n\nOne row for each,\nfound by id.\n\n"
    assert paragraphs(text) == ["Do it.", "One row for each, found by id."]
    assert paragraphs("") == []


def test_long_text_ends_with_how_much_is_missing() -> None:
    assert shown("x" * 20_005).endswith("… (5 more characters)")
    assert shown("x" * 20_000) == "x" * 20_000
    assert shown(None) == ""


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        (None, "nothing"),
        ({}, "nothing"),
        ([], "nothing"),
        ({"a": 1}, "pairs"),
        ([{"a": 1}, {"b": 2}], "table"),
        ([{"a": 1}, 2], "text"),
        ([1, 2], "text"),
        ([{f"c{n}": n for n in range(20)}], "text"),
        ("words", "text"),
        (0, "text"),
        (False, "text"),
    ],
)
def test_a_value_is_shown_in_the_form_that_suits_it(value: Any, kind: str) -> None:
    assert shape_of(value).kind == kind


def test_long_tables_say_how_many_rows_are_missing() -> None:
    assert shape_of([{"a": n} for n in range(130)]).left_out == 30


def test_values_read_as_people_write_them() -> None:
    assert [as_text(v) for v in (True, False, None, 12_288, "x", 0.5)] == [
        "yes", "no", "–", "12,288", "x", "0.5",
    ]  # fmt: skip


def test_a_retry_policy_is_told_in_words() -> None:
    assert retries(Retry(3, backoff="1m..1h").to_json()) == "up to 3 times, after 1 min to 1 h"
    assert retries(Retry(1, backoff="1s").to_json()) == "up to 1 time, after 1 s"


def test_a_description_reflows_into_paragraphs() -> None:
    assert paragraphs("one\ntwo\n\n  three\n") == ["one two", "three"]


def test_an_empty_list_in_a_result_is_none() -> None:
    assert as_text([]) == as_text({}) == "none"


def test_programs_must_send_an_offset() -> None:
    noon = datetime(2026, 11, 30, 12, tzinfo=UTC)
    for text in (
        "2026-11-30T12:00:00Z",
        "2026-11-30t12:00:00z",
        "2026-11-30 13:00:00+01:00",
        "2026-11-30T07:00:00.000000000-05:00",
    ):
        assert offset_moment("at", text) == noon
    for wrong in ("2026-11-30T12:00:00", "2026-11-30", "noon", "", 5, None, "2026-11-31T12:00:00Z"):
        with pytest.raises(Invalid) as refused:
            offset_moment("at", wrong)
        assert "offset" in refused.value.fields["at"]


def test_people_send_the_wall_clock_of_the_console() -> None:
    berlin = ZoneInfo("Europe/Berlin")
    expected = datetime(2026, 11, 30, 8, tzinfo=UTC)
    assert local_moment("until", "2026-11-30T09:00", berlin) == expected
    assert local_moment("until", "  ", berlin) is None
    for wrong in ("tomorrow", "0001-01-01T00:00", "9999-12-31T23:59"):
        with pytest.raises(Invalid) as refused:
            local_moment("until", wrong, berlin)
        assert "Europe/Berlin" in refused.value.fields["until"]
