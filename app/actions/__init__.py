"""Everything a person may do. Console, API and command line all come through here.

Each act commits its decision, its audit row and its place in the outbox in one transaction, and
is then applied to Redis. Where Redis is away it is applied as soon as it is back.
"""

from __future__ import annotations

from app.actions.acting import Actor, note_refusal
from app.actions.backfilling import Backfill, backfill, cancel_backfill
from app.actions.dismissing import dismiss, dismiss_missed, restore
from app.actions.pausing import (
    end_expired_pauses,
    pause,
    pause_everything,
    resume,
    resume_everything,
)
from app.actions.queue_acts import empty_queue, pause_queue, resume_queue
from app.actions.refilling import refill_queue
from app.actions.rescheduling import create_schedule, delete_schedule, reschedule, reset, skip
from app.actions.retrying import retry_failures
from app.actions.run_acts import again, cancel, move, retry, stop
from app.actions.triggering import trigger
from app.actions.worker_acts import stop_worker
from app.backfill import Planned

__all__ = [
    "Actor",
    "Backfill",
    "Planned",
    "again",
    "backfill",
    "cancel",
    "cancel_backfill",
    "create_schedule",
    "delete_schedule",
    "dismiss",
    "dismiss_missed",
    "empty_queue",
    "end_expired_pauses",
    "move",
    "note_refusal",
    "pause",
    "pause_everything",
    "pause_queue",
    "refill_queue",
    "reschedule",
    "reset",
    "restore",
    "resume",
    "resume_everything",
    "resume_queue",
    "retry",
    "retry_failures",
    "skip",
    "stop",
    "stop_worker",
    "trigger",
]
