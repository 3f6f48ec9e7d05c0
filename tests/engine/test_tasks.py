"""Declaring a task: it stays a plain function, and what could not work later is refused now."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from app import Retry, cron, every, task
from app.errors import DefinitionError
from app.tasks import Task

pytestmark = pytest.mark.usefixtures("fresh_registry")


def declared(*schedules: Any, **options: Any) -> Task[Any, Any]:
    @task(*schedules, **options)
    def sample(limit: int = 5) -> int:
        """Say the limit."""
        return limit

    return sample


def refusal(*schedules: Any, **options: Any) -> str:
    with pytest.raises(DefinitionError) as refused:
        declared(*schedules, **options)
    return str(refused.value)


def named(name: str) -> Callable[[], None]:
    def function() -> None:
        """Do nothing."""

    function.__name__ = name
    function.__qualname__ = name
    return function


def test_a_task_stays_a_plain_function() -> None:
    assert declared()(limit=7) == 7
    assert declared()(8) == 8
    assert declared().__doc__ == "Say the limit."


def test_its_id_is_the_name_of_the_function() -> None:
    sample = declared()
    assert (sample.id, sample.name, sample.description) == ("sample", "Sample", "Say the limit.")


def test_the_defaults_are_what_the_documentation_says() -> None:
    sample = declared()
    assert (sample.queue, sample.timeout_seconds) == ("default", 600)
    assert (sample.overlap, sample.misfire, sample.grace_seconds) == ("skip", "latest", None)
    assert sample.retry == Retry(0)
    assert sample.schedules == ()


def test_policies_are_kept() -> None:
    sample = declared(
        queue="low", timeout="30m", retry=2, overlap="allow", misfire="all", grace="6h",
        start_within="5m",
    )  # fmt: skip
    assert (sample.queue, sample.timeout_seconds) == ("low", 1800)
    assert (sample.overlap, sample.misfire, sample.grace_seconds) == ("allow", "all", 21600)
    assert sample.retry == Retry(2)
    assert sample.start_within_seconds == 300


def test_the_first_schedule_bears_the_task_s_id_and_further_ones_a_number() -> None:
    sample = declared(every("1h"), cron("0 9 * * *"), every("7m"))
    assert [one.schedule_id for one in sample.schedules] == ["sample", "sample-2", "sample-3"]


def test_named_schedules_have_names_and_arguments_of_their_own() -> None:
    sample = declared(every("1h"), named={"small": (every("5m"), {"limit": 1}), "big": every("1d")})
    assert [(one.schedule_id, one.arguments) for one in sample.schedules] == [
        ("sample", {}),
        ("sample-small", {"limit": 1}),
        ("sample-big", {}),
    ]


def test_a_coroutine_function_runs_to_its_end() -> None:
    @task()
    async def sample(limit: int = 5) -> int:
        await asyncio.sleep(0)
        return limit

    assert sample.perform({"limit": 7}) == 7


def test_arguments_become_what_the_type_hints_say() -> None:
    @task()
    def sample(names: set[str]) -> set[str]:
        return names

    assert sample.perform({"names": ["a", "b", "a"]}) == {"a", "b"}


WRONG: list[tuple[dict[str, Any], str]] = [
    ({"queue": "de fault"}, "queue='de fault': use 1 to 64 letters, digits, _ and -."),
    ({"queue": ""}, "use 1 to 64 letters"),
    ({"queue": 5}, "use 1 to 64 letters"),
    ({"timeout": "soon"}, "allowed"),
    ({"timeout": "0s"}, "timeout='0s': use 1 second to 7 days."),
    ({"timeout": "8d"}, "use 1 second to 7 days"),
    ({"timeout": None}, "allowed"),
    ({"overlap": "maybe"}, "overlap='maybe' is not known: use skip, allow"),
    ({"misfire": "twice"}, "misfire='twice' is not known: use latest, all, skip."),
    ({"retry": -1}, "retries are a number from 0 to 100"),
    ({"retry": 101}, "retries are a number from 0 to 100"),
    ({"retry": "3"}, "Retry('3'): retries are a number"),
    ({"retry": None}, "Retry(None): retries are a number"),
    ({"grace": "-5m"}, "allowed"),
    ({"grace": "5"}, "no unit"),
    ({"start_within": "later"}, "allowed"),
    ({"named": {"a b": every("1h")}}, "is no task id"),
    ({"named": {"a--b": every("1h")}}, "without --"),
    ({"named": {"small": (every("1h"), {"limit": "many"})}}, "limit"),
]


@pytest.mark.parametrize(("options", "told"), WRONG)
def test_a_policy_that_cannot_work_is_refused_with_what_is_allowed(
    options: dict[str, Any], told: str
) -> None:
    message = refusal(**options)
    assert message.startswith(f"{__name__}.sample: ")
    assert told in message


@pytest.mark.parametrize("schedule", ["0 9 * * *", 5, None])
def test_what_is_no_schedule_is_refused(schedule: object) -> None:
    assert 'use cron("0 9 * * *") or every("30m")' in refusal(schedule)


@pytest.mark.parametrize("name", ["list", "status"])
def test_the_api_s_own_words_are_no_task_ids(name: str) -> None:
    with pytest.raises(DefinitionError, match=f"cannot be named {name}"):
        task()(named(name))


@pytest.mark.parametrize("name", ["a" * 97, "größe", "with space", "double--dash", "<lambda>"])
def test_an_id_that_does_not_fit_into_a_run_id_is_refused(name: str) -> None:
    with pytest.raises(DefinitionError, match="is no task id"):
        task()(named(name))


def test_an_id_of_ninety_six_characters_fits() -> None:
    assert task()(named("a" * 96)).id == "a" * 96


def test_two_tasks_of_one_name_are_refused_by_both_names() -> None:
    first = named("sample")
    first.__module__ = "one"
    second = named("sample")
    second.__module__ = "two"
    task()(first)
    with pytest.raises(DefinitionError, match=r"one\.sample and two\.sample"):
        task()(second)


def test_a_module_that_is_loaded_again_declares_its_tasks_again() -> None:
    task()(named("sample"))
    assert task(timeout="1h")(named("sample")).timeout_seconds == 3600


def test_a_parameter_that_cannot_be_described_is_refused() -> None:
    with pytest.raises(DefinitionError, match=r"\*names cannot be described"):

        @task()
        def sample(*names: str) -> None:
            """Take anything."""

    with pytest.raises(DefinitionError, match=r"\*options cannot be described"):

        @task()
        def other(**options: str) -> None:
            """Take anything."""

    with pytest.raises(DefinitionError, match="name is positional only"):

        @task()
        def third(name: str, /) -> None:
            """Take a name."""

    with pytest.raises(DefinitionError, match="cannot be described"):

        @task()
        def fourth(connection: Callable[[], Task[Any, Any]] | Task[Any, Any]) -> None:
            """Take what is no JSON."""


def test_a_forgotten_pair_of_parentheses_is_told_at_once() -> None:
    def greet_all() -> None: ...

    with pytest.raises(DefinitionError, match=r"write @task\(\) with parentheses"):
        task(greet_all)  # type: ignore[arg-type]  # the mistake


def test_a_schedule_that_gives_no_fitting_arguments_is_refused() -> None:
    with pytest.raises(DefinitionError, match=r"its schedule gives no fitting arguments \(x:"):

        @task(every("1h"))
        def needs_x(x: int) -> int:
            return x
