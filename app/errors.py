"""The one error tree. Console and command line turn a class into a status or an exit code."""

from __future__ import annotations

from collections.abc import Mapping


class RotaError(Exception):
    """Anything that a person can be told. `str()` of it is the sentence to show."""


class SettingsError(RotaError):
    """Environment, catalogue or connection are set up wrongly; the process must not start."""


class DefinitionError(RotaError):
    """A task is declared wrongly in code: names the module, the task and what is allowed."""


class Unknown(RotaError):
    """A task, run, schedule, panel or user of that name does not exist."""

    def __init__(self, kind: str, name: str) -> None:
        super().__init__(f"There is no {kind} named “{name[:120]}”.")
        self.kind = kind
        self.name = name


class Invalid(RotaError):
    """Input that cannot be accepted. `fields` maps each wrong field to what is allowed there."""

    def __init__(self, message: str, fields: Mapping[str, str] | None = None) -> None:
        super().__init__(message)
        self.fields: dict[str, str] = dict(fields or {})


class Conflict(RotaError):
    """The present state forbids the act; the message names that state."""


class Unavailable(RotaError):
    """Redis or the database is away; the same call may succeed later.

    `retry_after` is in seconds.
    """

    def __init__(self, service: str, detail: str = "", retry_after: int = 5) -> None:
        because = f": {detail.rstrip('.')}" if detail else ""
        super().__init__(f"{service} is away{because}. Try again shortly.")
        self.service = service
        self.retry_after = retry_after


class Skip(RotaError):
    """Raised by a task that has nothing it may do: its run ends as `skipped`, for this reason."""


class Forbidden(RotaError):
    """The signed-in person's role does not allow the act."""
