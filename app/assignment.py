"""A run in a child, as the parent sees it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from app.outcomes import Outcome
from app.usage import Usage

if TYPE_CHECKING:
    from app.supervision import Supervision


class Hearer(Protocol):
    """Who gets what a run says; `room` is how many further lines it wants."""

    @property
    def room(self) -> int: ...

    def hear(self, kind: str, what: Any) -> None: ...


@dataclass(eq=False)
class Assignment:
    """A run that a child executes, under the key by which the child speaks of it.

    `outcome` is how it ended, once it has; `hearer` gets what it says meanwhile.
    """

    child: Supervision
    key: str
    run_id: str
    hearer: Hearer
    outcome: Outcome | None = None
    ending_as: Outcome | None = None
    let_go_by: float = 0.0
    thread: int | None = None
    exits: int | None = None
    used: Usage | None = None
    stack_by: float | None = None
