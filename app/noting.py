"""Writes telemetry of all that a worker executes, in one script about once a second."""

from __future__ import annotations

from collections.abc import Sequence
from time import monotonic

from redis import Redis

from app import keys, scripts
from app.execution import RunExecution
from app.usage import Sample, sampled

SAMPLE_SECONDS = 1.0


class Notes:
    """Samples the children and notes what is new."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis
        self._sample_at = 0.0

    def write(self, running: Sequence[RunExecution]) -> None:
        """Note what is new, if it is time. Raises redis errors."""
        now = monotonic()
        asked = any(execution.telemetry.stack_is_new for execution in running)
        if now < self._sample_at and not asked:
            return
        if now >= self._sample_at:
            self._sample_at = now + SAMPLE_SECONDS
            _sample([one for one in running if one.seconds >= SAMPLE_SECONDS])
        names: list[str] = []
        values: list[str | bytes | int | float] = []
        for execution in running:
            for field, value in execution.telemetry.news():
                names.append(keys.job(execution.taken.run_id))
                values += [execution.taken.execution_id, field, value]
        if names:
            scripts.run("note", self._redis, names, values)


def _sample(running: Sequence[RunExecution]) -> None:
    samples: dict[int, Sample | None] = {}
    for execution in running:
        child = execution.child
        if child is None or not child.alive:
            continue
        if child.pid not in samples:
            samples[child.pid] = sampled(child.pid)
        sample = samples[child.pid]
        if sample is not None:
            execution.telemetry.sampled(sample, child.cpu_before, shared=child.shared)
