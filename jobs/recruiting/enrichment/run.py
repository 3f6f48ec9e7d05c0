"""One pass over the résumés that are due: plan, ask, keep each answer as it comes."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import Engine

from app import progress, reading
from jobs.recruiting.enrichment.asking import Asking
from jobs.recruiting.enrichment.decide import (
    Question,
    Verdict,
    is_to_be_asked_again,
    judge,
    make_plan,
)
from jobs.recruiting.enrichment.loading import Stored, Work, due, stored_answers, waiting
from jobs.recruiting.enrichment.store import Claim, claim, finish, intend, save, settle
from jobs.services.lookups import SETTLED, Clock, Lookup, Provider

log = logging.getLogger(__name__)


@dataclass
class Tally:
    """What came of a run. `statuses` counts the résumés it looked at by how they stand now,
    `postponed` those that are tried again, `untouched` those beyond the run's limits, `waiting`
    those that an earlier run put off until later."""

    statuses: Counter[str] = field(default_factory=Counter)
    skips: Counter[str] = field(default_factory=Counter)
    asked: int = 0
    changed: int = 0
    postponed: int = 0
    untouched: int = 0
    taken_over: int = 0
    credits: int = 0
    lost_answers: int = 0
    waiting: int = 0
    retry_at: datetime | None = None


class EnrichmentRun:
    """`may_go_on` is asked before each résumé; `most` is how many are asked about at most."""

    def __init__(
        self,
        engine: Engine,
        providers: Mapping[str, Provider],
        owner: str,
        asking: Asking,
        *,
        most: int,
        may_go_on: Callable[[], bool] = lambda: True,
    ) -> None:
        self.engine = engine
        self.providers = providers
        self.owner = owner
        self.asking = asking
        self.clock: Clock = asking.clock
        self.most = most
        self.may_go_on = may_go_on
        self.tally = Tally()

    def run(self) -> Tally:
        now = self.clock()
        work, stored = self._load(now)
        for done, each in enumerate(work, start=1):
            if self.may_go_on():
                self._one(each, stored.get(each.candidate_id, {}))
                progress(done, len(work), f"{self.tally.asked:,} looked up")
            else:
                self.tally.untouched += 1
        return self.tally

    def _load(self, now: datetime) -> tuple[list[Work], dict[int, dict[str, Stored]]]:
        work: list[Work] = []
        stored: dict[int, dict[str, Stored]] = {}
        with reading(self.engine) as connection:
            for page in due(connection, now, self.owner):
                work += page
                stored |= stored_answers(connection, [each.candidate_id for each in page])
            self.tally.waiting = waiting(connection, now)
        return work, stored

    def _one(self, work: Work, stored: Mapping[str, Stored]) -> None:
        now = self.clock()
        plan = make_plan(work, stored, self.providers, now)
        if plan.refusal:
            self._settle(work, {}, Verdict("skipped", plan.refusal))
            return
        found, open_questions = dict(plan.known), []
        for question in plan.questions:
            if stopped := self.asking.is_stopped(question):
                found[question.site] = stopped
            else:
                open_questions.append(question)
        if not open_questions:
            self._settle(work, found, judge(found, work.attempts, now))
        elif self.tally.asked >= self.most:
            self.tally.untouched += 1
        else:
            self._ask(work, found, open_questions)

    def _settle(self, work: Work, found: Mapping[str, Lookup], verdict: Verdict) -> None:
        """Nobody has to be asked: write how the résumé stands, where that is new."""
        if not verdict.is_of(work):
            self.tally.changed += settle(self.engine, work, verdict, self.owner, self.clock())
        self._count(found, verdict)

    def _ask(self, work: Work, found: dict[str, Lookup], questions: Sequence[Question]) -> None:
        held = claim(self.engine, work, self.owner, self.clock())
        if held is None:
            self.tally.taken_over += 1
            return
        self.tally.asked += 1
        for question in questions:
            found[question.site] = self._answer(held, question)
        now = self.clock()
        verdict = judge(found, work.attempts, now)
        if finish(self.engine, held, verdict, now):
            self.tally.changed += 1
            self._count(found, verdict)
        else:
            log.info("Résumé %d changed while it was looked up: left as it is", work.resume_id)
            self.tally.taken_over += 1

    def _answer(self, held: Claim, question: Question) -> Lookup:
        paid = question.provider.paid
        if paid:
            found_lost = intend(self.engine, held, question, self.clock())
            if found_lost is None:
                return Lookup("unavailable", reason="the résumé changed meanwhile")
            self.tally.lost_answers += found_lost
        found = self.asking.ask(question)
        self.tally.credits += found.credits
        self.tally.lost_answers += paid and found.answer_lost
        if paid or found.outcome in SETTLED:
            save(self.engine, held, question, found, self.clock())
        return found

    def _count(self, found: Mapping[str, Lookup], verdict: Verdict) -> None:
        tally = self.tally
        tally.statuses[verdict.status] += 1
        if verdict.status == "skipped":
            tally.skips[verdict.reason or "nothing to ask"] += 1
        if verdict.status in ("pending", "partial") and any(
            map(is_to_be_asked_again, found.values())
        ):
            tally.postponed += 1
            times = [at for at in (tally.retry_at, verdict.next_attempt_at) if at]
            tally.retry_at = min(times, default=None)
