"""What is refused: each message names the wrong part and what is allowed."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest

from app.errors import Invalid
from app.schedules import (
    Cron,
    Interval,
    ScheduleError,
    cron,
    every,
    parse_duration,
    parse_schedule,
    schedule_from_json,
)

from .clock import at

SHAPE = "allowed are five fields (minute hour day-of-month month day-of-week), six with seconds"
EXPRESSIONS = [
    ("", "the expression is empty", SHAPE),
    ("* * * *", "has 4 fields", SHAPE),
    ("* * * * * * *", "has 7 fields (a year field is not supported)", SHAPE),
    ("60 * * * *", "minute field, position 1: 60 is out of range", "allowed are 0-59"),
    ("1,75 * * * *", "minute field, position 3: 75 is out of range", "allowed are 0-59"),
    ("61 * * * * *", "second field, position 1: 61 is out of range", "allowed are 0-59"),
    ("0 24 * * *", "hour field, position 3: 24 is out of range", "allowed are 0-23"),
    ("0 0 0 * *", "day of month field, position 5: 0 is out of range", "allowed are 1-31"),
    ("0 0 1 13 *", "month field, position 7: 13 is out of range", "1-12 or jan-dec"),
    ("0 0 * * 8", "day of week field, position 9: 8 is out of range", "0-7 or sun-sat"),
    ("0   99 * * *", "hour field, position 5: 99 is out of range", "allowed are 0-23"),
    ("0 22-2 * * *", "hour field, position 3: the range '22-2' runs backwards", "22-23,0-2"),
    ("0 0 * nov-feb *", "month field, position 7: the range 'nov-feb'", "11-12,1-2"),
    ("0 0 * * sat-sun", "day of week field, position 9: the range 'sat-sun'", "write 6-7;"),
    ("0 0 * * fri-mon", "day of week field, position 9: the range 'fri-mon'", "write 5-7,1;"),
    ("*/0 * * * *", "minute field, position 1: the step 0", "1 to 60"),
    ("*/90 * * * *", "minute field, position 1: the step 90", "1 to 60"),
    ("0 */x * * *", "hour field, position 3: the step 'x' is not a number", "1 to 24"),
    ("*/5/5 * * * *", "minute field, position 1: the step '5/5'", "1 to 60"),
    ("5/15 * * * *", "minute field, position 1: '5/15' is ambiguous", "write 5-59/15"),
    ("-5 * * * *", "minute field, position 1: a number is missing in '-5'", "allowed are 0-59"),
    ("1- * * * *", "minute field, position 1: a number is missing in '1-'", "allowed are 0-59"),
    ("1-2-3 * * * *", "minute field, position 1: '2-3' is not a number", "allowed are 0-59"),
    ("1,,2 * * * *", "minute field, position 3: a value is missing", "allowed are 0-59"),
    ("1, * * * *", "minute field, position 3: a value is missing", "allowed are 0-59"),
    ("0 9 ٣ * *", "day of month field, position 5: '٣' is not a number", "allowed are 1-31"),
    ("0 0 ? * *", "day of month field, position 5: ? is Quartz's", "write * instead"),
    ("H * * * *", "minute field, position 1: 'H' is not a number", "allowed are 0-59"),
    ("0 0 * * monday", "day of week field, position 9: 'monday'", "three-letter name"),
    ("0 0 * mon *", "month field, position 7: 'mon' is not a number", "jan-dec"),
    ("0 0 * * mon#6", "day of week field, position 9: '6' after #", "1-5"),
    ("0 0 * * mon#", "day of week field, position 9: '' after #", "1-5"),
    ("0 0 * * L", "day of week field, position 9: L alone is ambiguous", "friL"),
    ("0 0 * * 1-5L", "day of week field, position 9: '1-5' is not a number", "d#n and dL"),
    ("0 0 0W * *", "day of month field, position 5: 0 is out of range", "L, LW and nW"),
    ("0 0 1-5W * *", "day of month field, position 5: '5W' is not a number", "L, LW and nW"),
    ("0 0 L/2 * *", "day of month field, position 5: 'L/2' cannot take a step", "L, LW and nW"),
    ("0 9 * * * 2026", "position 11: 2026 looks like a year", "0-7 or sun-sat"),
    ("0 0 30 2 *", "'0 0 30 2 *' can never match", "no date within 50 years"),
    ("0 0 31 4,6 *", "'0 0 31 4,6 *' can never match", "no date within 50 years"),
    ("0 0 30W 2 *", "'0 0 30W 2 *' can never match", "no date within 50 years"),
    ("@reboot", "@reboot has no fire time", "@hourly"),
    ("@dayly", "unknown nickname '@dayly' at position 1; did you mean @daily?", "@hourly"),
    ("@every 5m", "'@every 5m' is an interval", "use every('5m')"),
    ("CRON_TZ=UTC 0 9 * * *", "starts with a time zone at position 1", "pass it as timezone="),
    ("0 " * 129, "the expression is 258 characters long", "allowed are 256"),
]


@pytest.mark.parametrize(("expression", "wrong", "allowed"), EXPRESSIONS)
def test_a_wrong_expression_is_refused_with_place_and_remedy(
    expression: str, wrong: str, allowed: str
) -> None:
    with pytest.raises(ScheduleError) as refused:
        cron(expression)
    assert wrong in str(refused.value)
    assert allowed in str(refused.value)


Call = Callable[[], Any]
NAIVE = datetime(2026, 1, 1)  # noqa: DTZ001  # a naive one is what is refused
CALLS: list[tuple[Call, str, str]] = [
    (lambda: cron(), "cron() needs text", "second, minute, hour"),
    (lambda: cron("0 9 * * *", hour=9), "either text ('0 9 * * *') or fields (hour)", "not both"),
    (lambda: cron(hour=25), "hour field", "0-23"),
    (lambda: cron(hour=""), "hour='' is not one cron field", "a number or text"),
    (lambda: cron(hour=True), "hour=True is not one cron field", "a number or text"),
    (lambda: cron(day="2nd fri"), "day='2nd fri' is not one cron field", 'day_of_week="fri#3"'),
    (lambda: cron("0 9 * * *", timezone="Mars/Base"), "unknown time zone 'Mars/Base'", "IANA"),
    (lambda: cron("0 9 * * *", timezone="../UTC"), "unknown time zone '../UTC'", "IANA"),
    (lambda: cron("0 9 * * *", timezone=""), "unknown time zone ''", "IANA"),
    (lambda: cron("0 9 * * *", timezone="Europe/Londn"), "'Europe/Londn'", "'Europe/London'?"),
    (lambda: cron("0 9 * * *", timezone="new york"), "'new york'", "'America/New_York'?"),
    (lambda: cron("0 9 * * *", timezone="utc"), "'utc'", "mean 'UTC'?"),
    (lambda: cron("0 9 * * *").in_zone("Nowhere"), "unknown time zone 'Nowhere'", "IANA"),
    (lambda: cron("0 9 * * *", start=NAIVE), "start 2026-01-01T00:00:00 has no", "aware"),
    (lambda: cron("0 9 * * *", end=NAIVE), "end 2026-01-01T00:00:00 has no", "aware"),
    (lambda: every("1h", anchor=NAIVE), "anchor 2026-01-01T00:00:00 has no", "aware"),
    (lambda: every("1h").next(NAIVE), "after 2026-01-01T00:00:00 has no", "aware"),
    (lambda: every("1h").latest(at("2026-01-01"), NAIVE), "until 2026", "aware"),
    (lambda: every("1h").between(at("2026-01-01"), NAIVE), "b 2026", "aware"),
    (lambda: every("1h", jitter="1s").jittered("a", NAIVE), "t 2026", "aware"),
    (
        lambda: every("1h", start=at("2026-01-02"), end=at("2026-01-01")),
        "end 2026-01-01T00:00:00+00:00 lies before start 2026-01-02T00:00:00+00:00",
        "an end at or after the start",
    ),
    (lambda: cron("0 9 * * *", jitter="-1s"), "jitter '-1s' has an unknown '-'", "30m"),
    (lambda: cron("0 9 * * *", jitter="2d"), "jitter_seconds is 172800", "from 0 to 86400"),
    (lambda: every("1h", max_runs=0), "max_runs is 0", "from 1 to"),
    (lambda: every("1h", max_runs=-1), "max_runs is -1", "from 1 to"),
    (lambda: cron("0 9 * * *", max_runs=1.5), "max_runs is 1.5", "a whole number"),  # type: ignore[arg-type]  # what is refused
    (lambda: cron("0 9 * * *", max_runs=True), "max_runs is True", "a whole number"),
    (lambda: cron("0 9 * * *", max_runs=10**10), "max_runs is 10000000000", "to 1000000000"),
    (lambda: every(), "every() needs text", "minutes=30"),
    (lambda: every("1h", minutes=5), "either text ('1h') or units", "minutes=30"),
    (lambda: every("0s"), "the interval (every_seconds) is 0", "from 1 to 315619200"),
    (lambda: every(minutes=-5), "the interval (every_seconds) is -300", "from 1 to"),
    (lambda: every(weeks=530), "the interval (every_seconds) is 320544000", "to 315619200"),
    (lambda: every("3654d"), "interval '3654d' is out of range", "10 years"),
    (lambda: every(minutes=0.5), "minutes=0.5 is not a whole number", "integers"),  # type: ignore[arg-type]  # what is refused
    (lambda: Interval(True), "every_seconds) is True", "a whole number"),
    (lambda: Cron("0 9 * * *", dst_gap="later"), "dst_gap is 'later'", "end, skip"),  # type: ignore[arg-type]  # what is refused
    (lambda: Cron("0 9 * * *", dst_fold="last"), "dst_fold is 'last'", "first, second, both"),  # type: ignore[arg-type]  # what is refused
    (lambda: cron(9), "a cron expression is text, not 9", "five fields"),  # type: ignore[arg-type]  # what is refused
    (lambda: parse_schedule("CRON_TZ=Nowhere 0 9 * * *"), "time zone 'Nowhere'", "IANA"),
    (lambda: parse_schedule("CRON_TZ=UTC 0 99 * * *"), "hour field, position 15: 99", "0-23"),
    (lambda: parse_schedule("@every"), "interval '' is empty", "30m"),
    (lambda: parse_schedule("@every 0s"), "every_seconds) is 0", "from 1"),
    (lambda: parse_schedule("@reboot"), "@reboot has no fire time", "@daily"),
    (lambda: parse_schedule(" " * 257), "257 characters long", "256"),
    (lambda: parse_schedule(None), "a schedule is text", "@every 5m"),  # type: ignore[arg-type]  # what is refused
    (lambda: parse_duration("45"), "duration '45' has no unit", "45s"),
    (lambda: parse_duration("30M"), "'30M' has an unknown 'M' at position 3", "w, d, h, m or s"),
    (lambda: parse_duration("30m1h"), "'30m1h' is not a list of", "largest unit first"),
    (lambda: parse_duration("1.5h"), "'1.5h' has an unknown '.' at position 2", "whole numbers"),
    (lambda: parse_duration(-1), "duration of -1 seconds is out of range", "0 seconds"),
    (lambda: parse_duration(10**12), "is out of range", "10 years"),
    (lambda: parse_duration("9" * 300 + "s"), "301 characters long", "256"),
    (lambda: parse_duration(True), "True is not text or whole seconds", "30m"),
    (lambda: parse_duration("x", "timeout"), "timeout 'x' has an unknown 'x'", "30m"),
    (lambda: schedule_from_json({}), "kind is None", "cron, interval"),
    (lambda: schedule_from_json({"kind": []}), "kind is []", "cron, interval"),
    (lambda: schedule_from_json([]), "a schedule is a JSON object, not []", "object"),  # type: ignore[arg-type]  # what is refused
    (lambda: schedule_from_json({"kind": "cron"}), "expression is missing", "cron"),
    (
        lambda: schedule_from_json({"kind": "interval", "every_seconds": 5, "evry": 1}),
        "unknown key 'evry' in this interval schedule",
        "allowed are every_seconds, timezone",
    ),
    (
        lambda: schedule_from_json({"kind": "interval", "every_seconds": "5"}),
        "every_seconds) is '5'",
        "a whole number",
    ),
    (
        lambda: schedule_from_json({"kind": "cron", "expression": "0 9 * * *", "timezone": 5}),
        "timezone must be an IANA name",
        "not 5",
    ),
    (
        lambda: schedule_from_json({"kind": "cron", "expression": "0 9 * * *", "start": "soon"}),
        "start is 'soon'",
        "ISO 8601",
    ),
    (
        lambda: schedule_from_json({"kind": "cron", "expression": "0 9 * * *", "end": 5}),
        "end is 5",
        "ISO 8601",
    ),
]


@pytest.mark.parametrize(("call", "wrong", "allowed"), CALLS)
def test_a_wrong_call_is_refused_with_place_and_remedy(
    call: Call, wrong: str, allowed: str
) -> None:
    with pytest.raises(ScheduleError) as refused:
        call()
    assert wrong in str(refused.value)
    assert allowed in str(refused.value)


def test_a_refusal_is_a_value_error_and_belongs_to_the_error_tree() -> None:
    assert issubclass(ScheduleError, ValueError)
    assert issubclass(ScheduleError, Invalid)
