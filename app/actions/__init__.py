"""Everything a person may do. Console, API and command line all come through here.

Each act commits its decision, its audit row and its place in the outbox in one transaction, and
is then applied to Redis. Where Redis is away it is applied as soon as it is back.
"""

from __future__ import annotations

from app.actions.acting import Actor
from app.actions.backfilling import Backfill, backfill, cancel_backfill
from app.actions.pausing import (
    end_expired_pauses,
    pause,
    pause_everything,
    resume,
    resume_everything,
)
from app.actions.rescheduling import create_schedule, delete_schedule, reschedule, reset, skip
from app.actions.run_acts import again, cancel, move, retry, stop
from app.actions.triggering import trigger

__all__ = [
    "Actor",
    "Backfill",
    "again",
    "backfill",
    "cancel",
    "cancel_backfill",
    "create_schedule",
    "delete_schedule",
    "end_expired_pauses",
    "move",
    "pause",
    "pause_everything",
    "reschedule",
    "reset",
    "resume",
    "resume_everything",
    "retry",
    "skip",
    "stop",
    "trigger",
]
