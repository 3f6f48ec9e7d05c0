"""The same jobs given to a stock RQ worker and to ours, seen through RQ's own readers."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from redis import Redis
from rq import Queue, Worker
from rq.job import Job
from rq.registry import FailedJobRegistry, FinishedJobRegistry, StartedJobRegistry
from rq.results import Result
from rq.serializers import JSONSerializer

from app.system import System
from tests.processes import Process, start_process, wait_until
from tests.worker.crews import environment

WORKERS: Mapping[str, tuple[str, ...]] = {
    "stock": ("-w", "rq.Worker"),
    "ours": ("-w", "app.worker.Worker"),
}
TASKS = "tests.worker.misbehaving"


@dataclass
class Contract:
    """One kind of worker over an empty Redis."""

    kind: str
    system: System

    @property
    def redis(self) -> Redis:
        return self.system.redis

    def queue(self, name: str = "default") -> Queue:
        return Queue(name, connection=self.redis, serializer=JSONSerializer)

    def enqueue(self, task_id: str, *args: Any, queue: str = "default") -> str:
        """Enqueue a job the way RQ does it."""
        job = self.queue(queue).enqueue(f"{TASKS}.{task_id}", args=args, job_timeout=30)
        return str(job.id)

    def start(self, *options: str, queues: tuple[str, ...] = ("default",)) -> Process:
        """Start `rq worker` with the class of this kind."""
        url = self.system.settings.redis_url
        argv = [str(Path(sys.executable).parent / "rq"), "worker", "-u", url]
        argv += ["-S", "rq.serializers.JSONSerializer", *WORKERS[self.kind], *options, *queues]
        return start_process(argv, environment(self.system))

    def burst(self, *options: str, queues: tuple[str, ...] = ("default",)) -> None:
        """Let a worker run what waits."""
        worker = self.start("--burst", *options, queues=queues)
        assert worker.wait(30) == 0, worker.output

    def job(self, job_id: str) -> Job:
        return Job.fetch(job_id, connection=self.redis, serializer=JSONSerializer)

    def wait(self, job_id: str, status: str) -> None:
        """Wait until a job has this status."""
        wait_until(lambda: self.job(job_id).get_status() == status, 15, f"{job_id}: {status}")

    def seen(self, job_id: str) -> dict[str, Any]:
        """Return what RQ's readers tell of a job."""
        job = self.job(job_id)
        result = job.latest_result()
        registries = (StartedJobRegistry, FinishedJobRegistry, FailedJobRegistry)
        return {
            "status": job.get_status().value,
            "registries": [
                kind.__name__
                for kind in registries
                if job_id in kind(queue=self.queue(job.origin)).get_job_ids(cleanup=False)
            ],
            "waiting": job_id in self.queue(job.origin).job_ids,
            "executions": len(job.get_executions()),
            "times": bool(job.started_at and job.ended_at and job.started_at <= job.ended_at),
            "result": None if result is None else _result(result),
        }

    def info(self) -> list[str]:
        """Return what `rq info` prints, without names and times."""
        url = self.system.settings.redis_url
        argv = [str(Path(sys.executable).parent / "rq"), "info", "-u", url, "--raw"]
        done = subprocess.run(argv, capture_output=True, text=True, check=True, timeout=20)
        lines = [line for line in done.stdout.splitlines() if line]
        return sorted(re.sub(r"^worker \S+ \(.*?\)", "worker", line) for line in lines)

    def worker(self) -> Worker:
        """Return the one worker, as RQ's readers see it."""
        (found,) = Worker.all(connection=self.redis)
        assert isinstance(found, Worker)
        return found


def _result(result: Result) -> dict[str, Any]:
    return {
        "type": result.type.name,
        "value": result.return_value,
        "error": (result.exc_string or "").strip().splitlines()[-1:],
    }
