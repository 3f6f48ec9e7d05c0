"""What is known of how a run goes on: what it uses, and where it was when somebody asked."""

from __future__ import annotations

import json
from datetime import UTC, datetime

from app.masking import mask_text
from app.stacks import LONGEST
from app.storable import storable_text
from app.usage import Sample, Usage


class Telemetry:
    """Of one execution, in its worker."""

    def __init__(self) -> None:
        self._used = Usage()
        self._news: dict[str, str] = {}

    def sampled(self, sample: Sample, cpu_before: float, *, shared: bool) -> None:
        """Take in what its process has used by now; `cpu_before` it had used before the run."""
        cpu = None if shared else round(max(sample.cpu_seconds - cpu_before, 0.0), 3)
        self._used = self._used.at_least(Usage(cpu, sample.rss_bytes))
        self._news["rota_usage"] = json.dumps(
            {
                "cpu_seconds": self._used.cpu_seconds,
                "rss_bytes": sample.rss_bytes,
                "max_rss_bytes": self._used.max_rss_bytes,
                "shared": shared,
            }
        )

    def took(self, usage: Usage) -> None:
        """Take in what it used in the end, as its child tells it."""
        self._used = self._used.at_least(usage)

    def stood_at(self, stack: str) -> None:
        """Take in where it was."""
        text = storable_text(mask_text(stack))[:LONGEST]
        at = datetime.now(UTC).isoformat(timespec="milliseconds")
        self._news["rota_stack"] = json.dumps({"at": at, "text": text})

    def news(self) -> list[tuple[str, str]]:
        """Return what is new since the last time, as fields of the run's hash."""
        news, self._news = self._news, {}
        return list(news.items())

    @property
    def stack_is_new(self) -> bool:
        """Whether somebody waits to see it."""
        return "rota_stack" in self._news

    def final(self) -> dict[str, float | int]:
        """Return what the event of its end tells."""
        found = {
            "cpu_seconds": self._used.cpu_seconds,
            "max_rss_bytes": self._used.max_rss_bytes,
        }
        return {name: value for name, value in found.items() if value is not None}
