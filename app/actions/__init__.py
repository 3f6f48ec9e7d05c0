"""Everything a person may do. Console, API and command line all come through here.

Each act commits its decision, its audit row and its place in the outbox in one transaction, and
is then applied to Redis. Where Redis is away it is applied as soon as it is back.
"""

from __future__ import annotations

from app.actions import (
    access_acts,
    backfilling,
    bulk_acts,
    dismissing,
    pausing,
    queue_acts,
    refilling,
    rescheduling,
    retrying,
    run_acts,
    triggering,
    worker_acts,
)
from app.actions.acting import Actor
from app.actions.authorisation import note_refusal, within_reach
from app.actions.backfilling import Backfill
from app.actions.bulk_acts import plan_bulk
from app.actions.pausing import end_expired_pauses
from app.actions.refusals import recorded
from app.backfill import Planned

add_token = recorded(access_acts.add_token)
add_user = recorded(access_acts.add_user)
again = recorded(run_acts.again)
backfill = recorded(backfilling.backfill)
bulk = recorded(bulk_acts.bulk)
cancel = recorded(run_acts.cancel)
cancel_backfill = recorded(backfilling.cancel_backfill)
cancel_bulk = recorded(bulk_acts.cancel_bulk)
change_own_password = recorded(access_acts.change_own_password)
change_user = recorded(access_acts.change_user)
create_schedule = recorded(rescheduling.create_schedule)
delete_schedule = recorded(rescheduling.delete_schedule)
dismiss = recorded(dismissing.dismiss)
dismiss_missed = recorded(dismissing.dismiss_missed)
empty_queue = recorded(queue_acts.empty_queue)
move = recorded(run_acts.move)
pause = recorded(pausing.pause)
pause_everything = recorded(pausing.pause_everything)
pause_queue = recorded(queue_acts.pause_queue)
refill_queue = recorded(refilling.refill_queue)
reschedule = recorded(rescheduling.reschedule)
reset = recorded(rescheduling.reset)
restore = recorded(dismissing.restore)
resume = recorded(pausing.resume)
resume_everything = recorded(pausing.resume_everything)
resume_queue = recorded(queue_acts.resume_queue)
retry = recorded(run_acts.retry)
retry_failures = recorded(retrying.retry_failures)
revoke_session = recorded(access_acts.revoke_session)
revoke_token = recorded(access_acts.revoke_token)
sample_stack = recorded(run_acts.sample_stack)
skip = recorded(rescheduling.skip)
stop = recorded(run_acts.stop)
stop_worker = recorded(worker_acts.stop_worker)
trigger = recorded(triggering.trigger)
undo_bulk = recorded(bulk_acts.undo_bulk)

__all__ = [
    "Actor",
    "Backfill",
    "Planned",
    "add_token",
    "add_user",
    "again",
    "backfill",
    "bulk",
    "cancel",
    "cancel_backfill",
    "cancel_bulk",
    "change_own_password",
    "change_user",
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
    "plan_bulk",
    "refill_queue",
    "reschedule",
    "reset",
    "restore",
    "resume",
    "resume_everything",
    "resume_queue",
    "retry",
    "retry_failures",
    "revoke_session",
    "revoke_token",
    "sample_stack",
    "skip",
    "stop",
    "stop_worker",
    "trigger",
    "undo_bulk",
    "within_reach",
]
