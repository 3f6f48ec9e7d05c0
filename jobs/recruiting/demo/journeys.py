"""What one made-up application goes through, from its arrival to where it is now."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from itertools import pairwise
from random import Random

from jobs.recruiting.demo.days import working_after, working_before

STAGES = ("Applied", "Screening", "Interview", "Offer")
SILENCE = timedelta(days=90)
OFFER_VALID = timedelta(days=14)
ARCHIVIST = "archive_old_applications"
RECRUITER = "recruiter"

REASONS = {
    "rejected": ("not enough experience", "somebody else was chosen", "does not fit the role"),
    "withdrawn": ("took another offer", "no longer looking", "the salary"),
    "declined": ("declined the offer",),
    "expired": ("did not answer the offer",),
    "rescinded": ("the offer was taken back",),
    "archived": ("no activity for 90 days",),
}
# What an application becomes when its offer ends so.
STATUS_AFTER = {"declined": "withdrawn", "expired": "withdrawn", "rescinded": "rejected"}


@dataclass(frozen=True, slots=True)
class Step:
    """From `at` on the application was this."""

    at: datetime
    status: str
    stage: str
    actor: str
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Offered:
    version: int
    status: str
    created_at: datetime
    sent_at: datetime | None = None
    resolved_at: datetime | None = None

    @property
    def expires_at(self) -> datetime | None:
        return self.sent_at + OFFER_VALID if self.sent_at else None

    def earlier(self, span: timedelta) -> Offered:
        return replace(
            self,
            created_at=self.created_at - span,
            sent_at=self.sent_at and self.sent_at - span,
            resolved_at=self.resolved_at and self.resolved_at - span,
        )


@dataclass(slots=True)
class Journey:
    """Steps and offers in order. Being archived is no activity."""

    steps: list[Step]
    offers: list[Offered] = field(default_factory=list)

    @property
    def last(self) -> Step:
        return self.steps[-1]

    @property
    def interviewing(self) -> tuple[datetime, datetime] | None:
        """From when to when it was in Interview, if somebody decided about it there."""
        for before, after in pairwise(self.steps):
            if before.stage == "Interview" and after.status != "archived":
                return before.at, after.at
        return None

    @property
    def last_activity_at(self) -> datetime:
        acted = [step.at for step in self.steps if step.status != "archived"]
        answered = [o.resolved_at or o.sent_at or o.created_at for o in self.offers]
        return max(acted + answered)

    def earlier(self, span: timedelta) -> Journey:
        """Return the same journey, `span` earlier."""
        return Journey(
            [replace(step, at=step.at - span) for step in self.steps],
            [offer.earlier(span) for offer in self.offers],
        )


def duration(stays: list[timedelta], stage: str, end: str) -> timedelta:
    """Return about how long a journey with these stays takes."""
    reached = len(STAGES) if stage == "Hired" else STAGES.index(stage) + 1
    if end == "archived":
        return sum(stays[: reached - 1], SILENCE + timedelta(days=reached))
    # Work waits for working hours, and for Mondays.
    return sum(stays[:reached], timedelta(days=0.6) * reached)


def completed(
    arrival: datetime, stays: list[timedelta], stage: str, end: str, random: Random
) -> Journey:
    """Return the journey that reached `stage` and ended in `end`, after a stay in each stage."""
    reached = STAGES if stage == "Hired" else STAGES[: STAGES.index(stage) + 1]
    journey = Journey([Step(arrival, "active", "Applied", "candidate")])
    for following, stay in zip(reached[1:], stays, strict=False):
        at = working_after(journey.last.at + stay, random)
        journey.steps.append(Step(at, "active", following, RECRUITER))
    if end == "archived":
        journey.steps.append(_archived(journey.last))
        return journey
    at = working_after(journey.last.at + stays[len(reached) - 1], random)
    reason = random.choice(REASONS.get(end, (None,)))
    if end == "hired":
        journey.steps.append(Step(at, "hired", "Hired", RECRUITER))
    else:
        actor = RECRUITER if end in ("rejected", "rescinded") else "candidate"
        status = STATUS_AFTER.get(end, end)
        journey.steps.append(Step(at, status, journey.last.stage, actor, reason))
    return journey


def _archived(last: Step) -> Step:
    """The nightly archive comes at three, once ninety days are over."""
    night = (last.at + SILENCE + timedelta(days=1)).replace(
        hour=3, minute=0, second=0, microsecond=0
    )
    return Step(night, "archived", last.stage, ARCHIVIST, REASONS["archived"][0])


def still_open(stage: str, last: datetime, stays: list[timedelta], random: Random) -> Journey:
    """Return the journey of an application that came into `stage` at `last`, the latest."""
    at = last if stage == "Applied" else working_before(last, random)
    steps: list[Step] = []
    reached = STAGES[: STAGES.index(stage) + 1]
    for place in range(len(reached) - 1, -1, -1):
        actor = RECRUITER if place else "candidate"
        steps.insert(0, Step(at, "active", reached[place], actor))
        if place:
            at -= stays[place - 1]
            at = working_before(at, random) if place > 1 else at
    return Journey(steps)


def with_offer(
    journey: Journey, ended: str | None, *, twice: bool, draft: bool, random: Random
) -> None:
    """Add the offers made since the application came to Offer, the last one `ended` so.

    None: it is open. `twice`: a first version was declined and a better one followed.
    """
    made = next(step.at for step in journey.steps if step.stage == "Offer")
    resolved = journey.last.at if ended else None
    latest = resolved or made
    sent: datetime | None = min(made + timedelta(minutes=random.randint(30, 300)), latest)
    if twice and resolved:
        between = made + (resolved - made) / 2
        journey.offers.append(Offered(1, "declined", made, sent, between))
        made = between + timedelta(minutes=1)
        sent = min(made + timedelta(minutes=20), resolved)
    if resolved is None:
        # Nothing may lie after the journey's last moment: sent as soon as it was written.
        sent = None if draft else made
    status = ended or ("draft" if draft else "sent")
    journey.offers.append(Offered(len(journey.offers) + 1, status, made, sent, resolved))
