"""Who acts, and how an act is committed: decision, audit row and outbox in one transaction."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

from app.errors import Invalid
from app.masking import mask_text
from app.reach import EVERYTHING, Reach
from app.records.acts import Act
from app.storable import UNSTORABLE, storable_text

FARTHEST = timedelta(days=366)
LONGEST_REASON = 500


@dataclass(frozen=True)
class Actor:
    """Who acts, in which role, through what (console, api, cli, scheduler), from where.

    `reach` is what of the tasks and queues they may act on.
    """

    name: str
    role: str
    via: str
    address: str | None = None
    reach: Reach = EVERYTHING


def act_of(
    actor: Actor,
    verb: str,
    target: str,
    payload: Mapping[str, Any],
    before: Any = None,
    after: Any = None,
) -> Act:
    """Make the act that is to be committed."""
    return Act(
        act_id=uuid4().hex,
        verb=verb,
        target=target,
        payload=payload,
        actor=actor.name,
        role=actor.role,
        via=actor.via,
        address=actor.address,
        before=before,
        after=after,
    )


def checked_reason(reason: str, what: str = "A pause") -> str:
    """Return a reason on one line; `what` needs it. Raises Invalid."""
    text = " ".join(reason.split())
    if not text:
        raise Invalid(f"{what} needs a reason.", {"reason": "say why, in up to 500 characters"})
    if storable_text(text) != text:
        raise Invalid("The reason cannot be kept.", {"reason": UNSTORABLE})
    if len(text) > LONGEST_REASON:
        raise Invalid("The reason is too long.", {"reason": f"at most {LONGEST_REASON} characters"})
    return mask_text(text)


def checked_time(value: datetime | None, now: datetime, name: str = "at") -> datetime | None:
    """Return a time within the coming year in UTC. Raises Invalid."""
    if value is None:
        return None
    if value.tzinfo is None:
        raise Invalid(f"{name} has no offset.", {name: "RFC 3339, such as 2027-01-31T09:00:00Z"})
    if not now < value <= now + FARTHEST:
        raise Invalid(
            f"{name} is not in the coming year.", {name: "a time after now, at most 366 days ahead"}
        )
    return value.astimezone(UTC)
