"""`@task`: a plain function that also runs on time."""

from __future__ import annotations

import asyncio
import functools
import inspect
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Generic, ParamSpec, TypeVar

from app.composition import Signature
from app.enqueueing import checked_waits, enqueue_all
from app.errors import DefinitionError, Invalid
from app.parameters import Parameters
from app.policies import MISFIRE, OVERLAP, Retry, checked_choice
from app.run_limit import RunLimit
from app.schedules import Cron, Interval, parse_duration
from app.settings import QUEUE_NAME

P = ParamSpec("P")
R = TypeVar("R")

TASK_ID = re.compile(r"[A-Za-z0-9_-]{1,96}")
RESERVED_IDS = frozenset({"list", "status"})
# How many runs of an `async def` execute at once in one process, unless the task says it.
MAX_ASYNC = 32
MOST_TOGETHER = 1_000
LONGEST_TIMEOUT = 7 * 24 * 3600


@dataclass(frozen=True)
class TaskSchedule:
    """One schedule of a task as its code declares it; `arguments` are JSON."""

    schedule_id: str
    schedule: Cron | Interval
    arguments: Mapping[str, Any] = field(default_factory=dict)


class Task(Generic[P, R]):
    """A function with its schedules and policies. Calling it just calls the function."""

    def __init__(
        self,
        function: Callable[P, R],
        schedules: tuple[TaskSchedule, ...],
        *,
        queue: str,
        timeout_seconds: int,
        retry: Retry,
        overlap: str,
        misfire: str,
        grace_seconds: int | None,
        start_within_seconds: int | None,
        limit: RunLimit,
        together: int = 1,
    ) -> None:
        functools.update_wrapper(self, function)
        self.function = function
        self.id = function.__name__
        self.schedules = schedules
        self.queue = queue
        self.timeout_seconds = timeout_seconds
        self.retry = retry
        self.overlap = overlap
        self.misfire = misfire
        self.grace_seconds = grace_seconds
        self.start_within_seconds = start_within_seconds
        self.together = together
        self.limit = limit
        self.parameters = Parameters(function)

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> R:
        return self.function(*args, **kwargs)

    def __repr__(self) -> str:
        return f"<task {self.id}>"

    @property
    def path(self) -> str:
        """The dotted name by which a run refers to the function."""
        return f"{self.function.__module__}.{self.function.__qualname__}"

    @property
    def name(self) -> str:
        """The id as words, for people."""
        return self.id.replace("_", " ").replace("-", " ").strip().capitalize()

    @property
    def description(self) -> str:
        return inspect.getdoc(self.function) or ""

    def enqueue(
        self,
        *,
        at: datetime | None = None,
        after: timedelta | None = None,
        depends_on: str | Sequence[str] | None = None,
        allow_failure: bool = False,
        key: str | None = None,
        **arguments: Any,
    ) -> str:
        """Queue a run for the workers, now, `at` a time or `after` a while; return its run id.

        With `depends_on` it waits until all of these runs ended well, with `allow_failure` until
        they ended. Called in a run, the new one is its child. The same `key` gives the same run.
        Raises Invalid, Unavailable.
        """
        waits = checked_waits(depends_on, allow_failure)
        return enqueue_all(self, [arguments], at, after, key, waits)[0]

    def s(self, *args: P.args, **kwargs: P.kwargs) -> Signature:
        """Return a call to be made later, for `chain` and `group`. Raises TypeError."""
        bound = inspect.signature(self.function).bind(*args, **kwargs)
        return Signature(self, dict(bound.arguments))

    def enqueue_many(
        self, many: Iterable[Mapping[str, Any]], *, key: str | None = None
    ) -> list[str]:
        """Queue one run for each of these arguments in few round trips; return their run ids."""
        return enqueue_all(self, many, key=key)

    @property
    def is_async(self) -> bool:
        """Whether the function is an `async def`."""
        return inspect.iscoroutinefunction(self.function)

    def perform(self, arguments: Mapping[str, Any]) -> Any:
        """Validate JSON `arguments` and run the function here, `async def` or not.

        Raises Invalid for arguments that do not fit, else whatever the function raises.
        """
        result = self.call(arguments)
        return asyncio.run(result) if inspect.iscoroutine(result) else result

    def call(self, arguments: Mapping[str, Any]) -> Any:
        """Validate JSON `arguments` and call the function: an `async def` is to be awaited."""
        return self.function(**self.parameters.restore(arguments))  # type: ignore[call-arg]  # validated against the same signature


registered: dict[str, Task[Any, Any]] = {}


def task(
    *schedules: Cron | Interval,
    queue: str = "default",
    timeout: str | int = "10m",
    retry: Retry | int = 0,
    overlap: str = "skip",
    misfire: str = "latest",
    grace: str | int | None = None,
    start_within: str | int | None = None,
    threads: int | None = None,
    max_async: int | None = None,
    max_concurrent: int | None = None,
    rate_limit: str | None = None,
    named: Mapping[str, Cron | Interval | tuple[Cron | Interval, Mapping[str, Any]]] | None = None,
) -> Callable[[Callable[P, R]], Task[P, R]]:
    """Declare a function as a task that runs on `schedules` (none: only by hand).

    The first schedule bears the task's id, further ones `<task>-2`, `<task>-3`, …; `named` gives
    further ones a name of their own and, with a tuple, arguments. `timeout`, `grace` and
    `start_within` are durations such as `"30m"`. So many runs of the task execute at once in one
    process of a worker: `threads` of a plain function (default 1: a process of its own),
    `max_async` of an `async def` (default 32, in one event loop). Over all workers at most
    `max_concurrent` runs go on at once, and as many start as `rate_limit` says, such as
    `"100/1m"`. Raises DefinitionError for anything that could not work later.
    """
    _refuse_bare(schedules)

    def declare(function: Callable[P, R]) -> Task[P, R]:
        name = getattr(function, "__name__", repr(function))
        try:
            declared: Task[P, R] = Task(
                function,
                (),
                queue=_queue(queue),
                timeout_seconds=_timeout(timeout),
                retry=retry if isinstance(retry, Retry) else Retry(retry),
                overlap=checked_choice("overlap", overlap, OVERLAP),
                misfire=checked_choice("misfire", misfire, MISFIRE),
                grace_seconds=None if grace is None else parse_duration(grace),
                start_within_seconds=None if start_within is None else parse_duration(start_within),
                together=_together(function, threads, max_async),
                limit=RunLimit.declared(max_concurrent, rate_limit),
            )
            declared.schedules = _schedules(declared, schedules, named or {})
        except (DefinitionError, Invalid) as error:
            wrong = [f"{field}: {text}" for field, text in getattr(error, "fields", {}).items()]
            told = "; ".join([str(error), *wrong])
            raise DefinitionError(f"{function.__module__}.{name}: {told}") from error
        return _register(declared)

    return declare


def _refuse_bare(schedules: tuple[object, ...]) -> None:
    for given in schedules:
        if inspect.isfunction(given):
            raise DefinitionError(
                f"{given.__module__}.{given.__name__}: write @task() with parentheses, and "
                "schedules between them."
            )


def _register(declared: Task[P, R]) -> Task[P, R]:
    _check_id(declared.id)
    other = registered.get(declared.id)
    if other is not None and other.path != declared.path:
        raise DefinitionError(
            f"Two tasks are named {declared.id}: {other.path} and {declared.path}. "
            "A task's id is its function's name; rename one."
        )
    registered[declared.id] = declared
    return declared


def _check_id(task_id: str) -> None:
    if task_id in RESERVED_IDS:
        raise DefinitionError(f"A task cannot be named {task_id}: the API uses that path itself.")
    if not TASK_ID.fullmatch(task_id) or "--" in task_id:
        raise DefinitionError(
            f"{task_id!r} is no task id: use 1 to 96 letters, digits, _ and -, without --."
        )


def _schedules(
    declared: Task[Any, Any],
    schedules: tuple[Cron | Interval, ...],
    named: Mapping[str, Cron | Interval | tuple[Cron | Interval, Mapping[str, Any]]],
) -> tuple[TaskSchedule, ...]:
    found: list[TaskSchedule] = []
    for position, schedule in enumerate(schedules, 1):
        _check_schedule(schedule)
        _check_arguments(declared, {}, "its schedule")
        found.append(
            TaskSchedule(declared.id if position == 1 else f"{declared.id}-{position}", schedule)
        )
    for name, given in named.items():
        schedule, arguments = given if isinstance(given, tuple) else (given, {})
        _check_schedule(schedule)
        schedule_id = f"{declared.id}-{name}"
        _check_id(schedule_id)
        checked = _check_arguments(declared, arguments, f"the schedule {name}")
        found.append(TaskSchedule(schedule_id, schedule, checked))
    return tuple(found)


def _check_arguments(
    declared: Task[Any, Any], arguments: Mapping[str, Any], whose: str
) -> dict[str, Any]:
    """Refuse a schedule at whose fire times the task could not start."""
    try:
        return declared.parameters.validate(arguments)
    except Invalid as error:
        fields = "; ".join(f"{field}: {text}" for field, text in error.fields.items())
        raise DefinitionError(
            f"{whose} gives no fitting arguments ({fields}): give the parameters defaults, or "
            "the schedule arguments with named={…}."
        ) from error


def _check_schedule(schedule: object) -> None:
    if not isinstance(schedule, Cron | Interval):
        raise DefinitionError(
            f'{schedule!r} is no schedule: use cron("0 9 * * *") or every("30m").'
        )


def _together(function: Callable[..., Any], threads: int | None, max_async: int | None) -> int:
    if inspect.iscoroutinefunction(function):
        given, unfit, name = max_async, threads, "max_async"
    else:
        given, unfit, name = threads, max_async, "threads"
    if unfit is not None:
        raise DefinitionError("threads= is for plain functions, max_async= for async def.")
    if given is None:
        return MAX_ASYNC if name == "max_async" else 1
    if type(given) is not int or not 1 <= given <= MOST_TOGETHER:
        raise DefinitionError(f"{name}={given!r}: use a whole number from 1 to {MOST_TOGETHER}.")
    return given


def _queue(name: object) -> str:
    if not isinstance(name, str) or not QUEUE_NAME.fullmatch(name):
        raise DefinitionError(f"queue={name!r}: use 1 to 64 letters, digits, _ and -.")
    return name


def _timeout(value: str | int) -> int:
    seconds = parse_duration(value)
    if not 1 <= seconds <= LONGEST_TIMEOUT:
        raise DefinitionError(f"timeout={value!r}: use 1 second to 7 days.")
    return seconds
