"""Gives waiting runs to free children, and writes how they ended, until it is told to stop.

One run costs one round trip to Redis while others wait: its end and the next run's start are one
script. While many runs go on here it listens to them until the answer comes. Everything else
(signs of life, lines, progress) happens at most about once a second.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from functools import partial
from time import monotonic

from redis.exceptions import RedisError

from app.alarm import repeated
from app.connection import REFUSED, Backoff
from app.crew import Crew
from app.errors import SettingsError
from app.execution import RunExecution
from app.listening import Listener
from app.noting import Notes
from app.outcomes import Ending, Outcome
from app.posts import Post, Until
from app.run_lines import RunLines
from app.steps import Steps
from app.taking import Advanced, Taken

log = logging.getLogger("rota.worker")

IDLE_WAIT = 1.0
BUSY_WAIT = 0.25
# How soon it is looked again for a run that may be taken here, while others wait that may not.
HELD_WAIT = 0.25
# How long after the end of the draining it is tried to write how runs ended.
LAST_WORDS_SECONDS = 3.0
ATTEMPTS_TO_START = 3
KEEP_TIMES_SECONDS = 0.5
MANY = 3


class Dispatcher:
    """The loop of a worker."""

    def __init__(
        self, post: Post, crew: Crew, listener: Listener, until: Until, beat: Callable[[int], None]
    ) -> None:
        self._post = post
        self._crew = crew
        self._listener = listener
        self._until = until
        self._beat = beat
        self._steps = Steps(post)
        self._lines = RunLines()
        self._notes = Notes(post.redis)
        self.running: list[RunExecution] = []
        self._unwritten: list[RunExecution] = []
        # How many runs it has taken.
        self.begun = 0
        self._drain_until: float | None = None
        self._look_at = 0.0
        self._promise: str | None = None
        self._nothing_waits = self._held = False
        self._active_at = monotonic()
        self._backoff = Backoff()
        self._away_until = 0.0

    def work(self) -> None:
        """Work until something says stop. Raises SettingsError where Redis refuses credentials."""
        # Redis may let us wait for long: time-outs are kept meanwhile.
        with repeated(KEEP_TIMES_SECONDS, self._keep_times):
            while not self._finished():
                self._turn()
        self._lines.flush(last=True)
        self._steps.lost()

    def _turn(self) -> None:
        self._crew.bury()
        self._crew.fill()
        self._with_redis(self._talk)
        self._listen()
        if self._listener.answers_came or self._steps.overdue:
            self._hear_answers()
        for execution in [one for one in self.running if one.outcome is not None]:
            self._close(execution)
        self._keep_times()
        for execution in self.running:
            if self._drain_until is not None:
                execution.request_stop()
            self._with_redis(execution.tend)
        self._crew.tend_stacks()
        self._with_redis(lambda: self._notes.write(self.running))
        self._lines.flush()

    # --- told from outside; these only take notes ------------------------------------------------

    def drain(self, seconds: float) -> None:
        """Take no more; what runs may go on for so long, then it goes back to its queue."""
        self._drain_until = monotonic() + seconds

    def stop(self, *, run_id: str = "", execution_id: str = "") -> None:
        """End the run, or the execution, or all that run here if neither is named."""
        for execution in self.running:
            taken = execution.taken
            if run_id in ("", taken.run_id) and execution_id in ("", taken.execution_id):
                execution.stop()

    def ask_for_stack(self, run_id: str) -> None:
        """Note where a run is, for whoever asks."""
        for execution in self.running:
            if execution.taken.run_id == run_id:
                execution.ask_for_stack()

    # --- the loop --------------------------------------------------------------------------------

    def _finished(self) -> bool:
        if self._drain_until is not None and monotonic() > self._drain_until + LAST_WORDS_SECONDS:
            self._unwritten += self._steps.lost()
            for execution in self._unwritten:
                log.error("Run %s: Redis is away, how it ended is lost", execution.taken.run_id)
            return not self.running
        if self.running or self._unwritten or self._steps:
            return False
        idle = monotonic() - self._active_at
        return (
            self._drain_until is not None
            or self._enough
            or (self._until.burst and self._nothing_waits)
            or (self._until.max_idle_seconds is not None and idle >= self._until.max_idle_seconds)
        )

    @property
    def _enough(self) -> bool:
        most = self._until.max_jobs
        return most is not None and self.begun + len(self._steps.taking) >= most

    @property
    def _allowed(self) -> str | None:
        """Which runs may be taken now (take.lua), None: no run may."""
        if self._drain_until is not None or self._enough:
            return None
        return self._crew.allowed(self._steps.taking)

    def _noted(self, allowed: str | None, done: Advanced) -> None:
        """Remember when to look again."""
        if allowed is None or done.taken is not None:
            return
        self._held = done.held
        if done.held and self._promise is not None:
            # Another worker may be able to take it.
            self._listener.give_back(self._promise)
        self._promise = None
        self._look_at = monotonic() + (HELD_WAIT if done.held else IDLE_WAIT)
        self._nothing_waits = not done.held and allowed == ""

    def _with_redis(self, act: Callable[[], None]) -> bool:
        """Do something that needs Redis; while that is away, nothing is tried for a moment."""
        return monotonic() >= self._away_until and self._tried(act)

    def _tried(self, act: Callable[[], None]) -> bool:
        try:
            act()
        except REFUSED as error:
            raise SettingsError(f"Redis refuses the credentials: {error}") from error
        except (RedisError, OSError) as error:
            if not self._post.mended(error):
                delay = self._backoff.delay()
                self._away_until = monotonic() + delay
                log.warning("Redis is away (%s); trying again in %.1f s", error, delay)
            return False
        return True

    def _talk(self) -> None:
        """Everything that does not come from a child."""
        self._listener.connect()
        self._beat(len(self.running))
        unwritten, self._unwritten = self._unwritten, []
        for execution in unwritten:
            self._write(execution, None)
        if monotonic() >= self._look_at:
            self._take()
        if monotonic() >= self._away_until:
            self._backoff.reset()

    def _take(self) -> None:
        before = None
        while self.begun != before and not self._steps.taking:
            before = self.begun
            if (allowed := self._allowed) is not None:
                self._step(None, allowed)

    def _listen(self) -> None:
        away = monotonic() < self._away_until
        hungry = self._allowed is not None and not away
        work = self._listener.wait(self._patience(hungry, away), for_work=hungry and not self._held)
        if self._listener.children_ended:
            self._listener.children_ended = False
            self._crew.notice_deaths()
        if work is not None and hungry and not self._held:
            self._promise = work
            # At once: whoever enqueued it may be waiting for it.
            self._look_at = 0.0
            self._with_redis(self._take)
        elif work is not None:
            self._with_redis(partial(self._listener.give_back, work))

    def _patience(self, hungry: bool, away: bool) -> float:
        now = monotonic()
        longest = max(self._look_at - now, 0.0) if hungry else IDLE_WAIT
        if self.running or self._unwritten or self._steps or away:
            longest = min(longest, BUSY_WAIT)
        if self._drain_until is not None and self._drain_until > now:
            longest = min(longest, self._drain_until - now)
        return longest

    def _keep_times(self) -> None:
        """Kill what has to end by now; called in the middle of anything, so it does no more."""
        over = self._drain_until is not None and monotonic() > self._drain_until
        for execution in list(self.running):
            execution.end_if_overdue()
            if over:
                execution.end_at_once(Outcome("interrupted", reason="its worker had to stop"))
        self._crew.tend()

    # --- one run ---------------------------------------------------------------------------------

    def _begin(self, taken: Taken) -> None:
        self.begun += 1
        self._active_at = monotonic()
        execution = RunExecution(self._post.redis, taken, self._post.worker)
        self.running.append(execution)
        self._crew.begun(taken)
        for _ in range(ATTEMPTS_TO_START):
            child = self._crew.child_for(taken)
            if child is not None and execution.begin(child):
                break
            self._crew.bury()
            self._crew.fill()
        else:
            execution.settle(Outcome("interrupted", reason="its worker could not start it"))
        self._post.chosen(taken.queue)

    def _close(self, execution: RunExecution) -> None:
        """Write how it ended, and go on with the next run in the same step."""
        self.running.remove(execution)
        self._active_at = monotonic()
        child = execution.child
        worn = execution.leave_child()
        self._crew.ended(execution.taken)
        allowed = self._allowed
        self._write(execution, allowed)
        if child is not None and worn and child.worn_out:
            self._crew.dismiss(child, worn)
        if allowed is None or worn:
            self._look_at = 0.0

    # --- one step in Redis -----------------------------------------------------------------------

    def _write(self, execution: RunExecution, allowed: str | None) -> None:
        """Write its end now, or keep it until Redis is back."""
        if monotonic() < self._away_until:
            self._unwritten.append(execution)
        elif not execution.fenced:
            self._step(execution, allowed)

    def _step(self, ended: RunExecution | None, allowed: str | None) -> None:
        """Write how a run ended, and take the next where that is allowed."""
        self._steps.send(ended, allowed, len(self.running))
        line = self._steps.line
        self._listener.expect_answers(line.descriptor, line.opened)
        if len(self.running) < MANY or line.descriptor is None:
            # So few have little to say meanwhile, and a second turn of the loop costs more.
            self._hear_answers()

    def _hear_answers(self) -> None:
        self._listener.answers_came = False
        if not self._steps or not self._tried(self._take_in):
            # Or the connection was closed while nothing was on its way.
            self._unwritten += self._steps.lost()
            self._listener.expect_answers(None, 0)

    def _take_in(self) -> None:
        while True:
            sent, done = self._steps.answer()
            if sent.ended is not None and sent.ending is not None:
                self._ended(sent.ended, sent.ending, written=done.written)
            if done.again:
                done = self._steps.go_on(sent, done)
            self._noted(sent.allowed, done)
            if done.taken is not None:
                self._begin(done.taken)
            if not self._steps or not self._steps.line.answered:
                return

    def _ended(self, execution: RunExecution, ending: Ending, *, written: bool) -> None:
        self._post.counted(ending.rq_status == "finished", execution.seconds)
        self._lines.ended(execution.taken, ending, written=written)
