"""What cannot be: refused by code and command line with what is allowed; nothing changes."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from app import actions, task
from app.errors import DefinitionError, Invalid, Unknown
from app.schedules import Interval, ScheduleError, cron, every
from app.system import System
from tests.engine.stage import everything, whole_database
from tests.engine.terminal import Command
from tests.fixtures import OPERATOR

NOW = datetime.now(UTC)
PAST = NOW - timedelta(days=1)

# What is wanted, and what the refusal says is allowed, or near.
SCHEDULES: dict[str, tuple[dict[str, Any], str]] = {
    "a date that never comes": ({"cron": "0 0 30 2 *"}, "can never match"),
    "an end that has passed": ({"every": "1h", "end": PAST}, "after the next fire time"),
    "an end before its start": (
        {"every": "1h", "start": NOW + timedelta(days=2), "end": NOW + timedelta(days=1)},
        "at or after the start",
    ),
    "an unknown zone": ({"cron": "0 9 * * *", "timezone": "Mars/Olympus"}, "IANA"),
    "an interval of nothing": ({"every": "0s"}, "from 1 to"),
    "an interval backwards": ({"every": "-1s"}, "largest unit first"),
    "an interval of 31,688 years": ({"every": "1000000000000s"}, "10 years"),
    "no run at all": ({"every": "1h", "max_runs": 0}, "from 1 to"),
}
CALLS: dict[str, Callable[[System], Any]] = {
    "an unknown task triggered": lambda s: actions.trigger(s, OPERATOR, "nobody"),
    "an unknown task paused": lambda s: actions.pause(s, OPERATOR, "nobody", "why"),
    "an unknown task skipped": lambda s: actions.skip(s, OPERATOR, "nobody"),
    "an unknown task backfilled": lambda s: actions.backfill(s, OPERATOR, "nobody", PAST, NOW),
    "an unknown schedule": lambda s: actions.reschedule(s, OPERATOR, "nobody", every="1h"),
    "a run in the past": lambda s: actions.trigger(s, OPERATOR, "greet", at=PAST),
    "a pause until the past": lambda s: actions.pause(s, OPERATOR, "greet", "why", PAST),
    "a skip in the past": lambda s: actions.skip(s, OPERATOR, "greet", PAST),
    "a backfill of a million": lambda s: actions.backfill(
        s, OPERATOR, "tick", NOW - timedelta(seconds=1_000_001), NOW
    ),
    "a backfill of the future": lambda s: actions.backfill(
        s, OPERATOR, "greet", NOW, NOW + timedelta(days=1)
    ),
}


@pytest.fixture
def untouched(sqlite_system: System) -> Callable[[], bool]:
    """Tell whether Redis and the database are as they were."""
    before = everything(sqlite_system.redis), whole_database(sqlite_system)
    return lambda: (everything(sqlite_system.redis), whole_database(sqlite_system)) == before


def told(error: Invalid) -> str:
    return " ".join([str(error), *error.fields.values()])


@pytest.mark.parametrize("name", SCHEDULES)
def test_an_impossible_schedule_is_refused_by_every_act(
    sqlite_system: System, untouched: Callable[[], bool], name: str
) -> None:
    wanted, allowed = SCHEDULES[name]
    with pytest.raises(Invalid) as refused:
        actions.reschedule(sqlite_system, OPERATOR, "greet", **wanted)
    assert allowed in told(refused.value)
    with pytest.raises(Invalid) as refused:
        actions.create_schedule(sqlite_system, OPERATOR, "greet", "extra", **wanted)
    assert allowed in told(refused.value)
    assert untouched()


@pytest.mark.parametrize("name", SCHEDULES)
def test_an_impossible_schedule_is_refused_at_the_command_line(
    rota: Command, untouched: Callable[[], bool], name: str
) -> None:
    wanted, allowed = SCHEDULES[name]
    texts = {key: value.isoformat() if hasattr(value, "isoformat") else str(value)
             for key, value in wanted.items()}  # fmt: skip
    options = [f"--{key.replace('_', '-')}={text}" for key, text in texts.items()]
    answer = rota("tasks", "reschedule", "greet", *options)
    assert answer.code == 2
    assert allowed in answer.err
    assert untouched()


@pytest.mark.parametrize("name", CALLS)
def test_an_impossible_act_is_refused_and_changes_nothing(
    sqlite_system: System, untouched: Callable[[], bool], name: str
) -> None:
    with pytest.raises((Invalid, Unknown)) as refused:
        CALLS[name](sqlite_system)
    assert isinstance(refused.value, Unknown) or getattr(refused.value, "fields", None)
    assert untouched()


@pytest.mark.parametrize(
    "words",
    [
        ("trigger", "nobody"), ("trigger", "greet", "--at", PAST.isoformat()),
        ("pause", "nobody", "--reason", "why"),
        ("pause", "greet", "--reason", "why", "--until", PAST.isoformat()),
        ("skip", "greet", "--at", PAST.isoformat()), ("reschedule", "nobody", "--every", "1h"),
    ],
)  # fmt: skip
def test_an_impossible_command_is_refused_and_changes_nothing(
    rota: Command, untouched: Callable[[], bool], words: tuple[str, ...]
) -> None:
    answer = rota("tasks", *words)
    assert answer.code == 2
    assert answer.err.startswith("error: ")
    assert untouched()


@pytest.mark.parametrize(
    ("declare", "allowed"),
    [
        (lambda: cron("0 0 30 2 *"), "no date within 50 years"),
        (lambda: cron("0 9 * * *", timezone="Mars/Olympus"), "IANA"),
        (lambda: every("0s"), "from 1 to"),
        (lambda: every(seconds=-1), "from 1 to"),
        (lambda: Interval(10**12), "from 1 to"),
        (lambda: every("1h", start=NOW, end=PAST), "at or after the start"),
        (lambda: every("1h", max_runs=0), "from 1 to"),
    ],
)
def test_an_impossible_schedule_is_refused_in_code(
    declare: Callable[[], Any], allowed: str
) -> None:
    with pytest.raises(ScheduleError, match=allowed):
        declare()


def test_a_task_in_code_takes_schedules_only(fresh_registry: None) -> None:
    with pytest.raises(DefinitionError, match="is no schedule"):
        task("0 9 * * *")(lambda: None)  # type: ignore[arg-type]  # what is refused
