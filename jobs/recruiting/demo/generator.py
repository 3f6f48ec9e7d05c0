"""Deals out candidates and applications at stated rates.

No permissively licensed set of real applications exists, and real ones would be personal data:
so this one is made up and says at which rates (`CHOICES`, `SHARES`). They hold exactly, up to
rounding, at any size: values are dealt like cards, not drawn like lots.
"""

from __future__ import annotations

import random
import unicodedata
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta

from jobs.recruiting.demo.words import FAMILY_NAMES, GIVEN_NAMES, POSITIONS, TIME_ZONES
from jobs.recruiting.imports.loaded import Entry
from jobs.recruiting.imports.refusal import Place
from jobs.recruiting.imports.rows import Application, Person

CHOICES: Mapping[str, Mapping[str, float]] = {
    "applications of a candidate": {"1": 0.85, "2": 0.15},
    "status of an application": {
        "active": 0.55,
        "rejected": 0.25,
        "withdrawn": 0.08,
        "archived": 0.07,
        "hired": 0.05,
    },
    "stage of an active application": {
        "Applied": 0.40,
        "Screening": 0.25,
        "Interview": 0.25,
        "Offer": 0.10,
    },
    "source of an application": {
        "Careers page": 0.40,
        "LinkedIn": 0.25,
        "Referral": 0.20,
        "Agency": 0.10,
        "unknown": 0.05,
    },
}
SHARES: Mapping[str, float] = {
    "candidates with a phone": 0.90,
    "candidates with a LinkedIn link": 0.70,
    "candidates with a GitHub link": 0.45,
    "candidates not to be contacted": 0.03,
    "candidates under legal hold": 0.01,
    # What the archive task looks for.
    "active applications without activity for over 90 days": 0.10,
}
LONGEST_AGO = timedelta(days=180)
SILENT_FOR = timedelta(days=90)
UNUSED_STAGES = ("Applied", "Screening", "Interview")


class DemoOrganisation:
    """`entries` as an import would have read them: the same for the same size, seed and end."""

    def __init__(self, candidates: int, seed: int, end: datetime) -> None:
        self.random = random.Random(seed)  # noqa: S311 - made-up people, not secrets
        self.end = end.replace(second=0, microsecond=0)
        self.entries = self._entries(candidates)

    def _entries(self, count: int) -> list[Entry]:
        several = [int(number) for number in self._choice("applications of a candidate", count)]
        dealt = self._applications(sum(several))
        entries = []
        people = zip(self._people(count), several, strict=True)
        for row, (person, number) in enumerate(people, start=2):
            entry = Entry(Place(row, row), person)
            for title in self.random.sample(POSITIONS, number):
                entry.applications.append((entry.place, self._application(title, next(dealt))))
            entries.append(entry)
        return entries

    def _people(self, count: int) -> Iterator[Person]:
        phones = self._share("candidates with a phone", count)
        linkedin = self._share("candidates with a LinkedIn link", count)
        github = self._share("candidates with a GitHub link", count)
        silent = self._share("candidates not to be contacted", count)
        held = self._share("candidates under legal hold", count)
        for n in range(count):
            given = self.random.choice(GIVEN_NAMES)
            family = self.random.choice(FAMILY_NAMES)
            handle = f"{_ascii(given)}.{_ascii(family)}.{n + 1}"
            # 555-01xx is kept free for made-up numbers.
            number = f"+1 202 555 01{self.random.randrange(100):02d}"
            yield Person(
                name=f"{given} {family}",
                given_name=given,
                family_name=family,
                emails=(f"{handle}@example.org",),
                phones=(number,) if phones[n] else (),
                time_zone=self.random.choice(TIME_ZONES),
                linkedin_url=f"https://www.linkedin.com/in/{handle}" if linkedin[n] else None,
                github_url=f"https://github.com/{_dashed(handle)}" if github[n] else None,
                do_not_contact=silent[n],
                legal_hold=held[n],
            )

    def _applications(self, count: int) -> Iterator[tuple[str, str, str, bool]]:
        """Yield status, stage, source and whether it has been silent for long."""
        statuses = self._choice("status of an application", count)
        sources = self._choice("source of an application", count)
        active = statuses.count("active")
        stages = iter(self._choice("stage of an active application", active))
        silent = iter(self._share("active applications without activity for over 90 days", active))
        for status, source in zip(statuses, sources, strict=True):
            if status == "active":
                yield status, next(stages), source, next(silent)
            else:
                ended_in = "Hired" if status == "hired" else self.random.choice(UNUSED_STAGES)
                yield status, ended_in, source, False

    def _application(self, title: str, dealt: tuple[str, str, str, bool]) -> Application:
        status, stage, source, silent = dealt
        longest, border = _minutes(LONGEST_AGO), _minutes(SILENT_FOR)
        since = self.random.randint(*((border + 60, longest) if silent else (5, border - 60)))
        return Application(
            position=title,
            status=status,
            stage=stage,
            source=None if source == "unknown" else source,
            applied_at=self.end - timedelta(minutes=self.random.randint(since, longest)),
            last_activity_at=self.end - timedelta(minutes=since),
        )

    def _choice(self, name: str, count: int) -> list[str]:
        cards = deal(CHOICES[name], count)
        self.random.shuffle(cards)
        return cards

    def _share(self, name: str, count: int) -> list[bool]:
        cards = [
            card == "yes" for card in deal({"yes": SHARES[name], "no": 1 - SHARES[name]}, count)
        ]
        self.random.shuffle(cards)
        return cards


def deal(rates: Mapping[str, float], count: int) -> list[str]:
    """Return `count` values in the proportions of `rates`, by largest remainder."""
    exact = {value: rate * count for value, rate in rates.items()}
    whole = {value: int(share) for value, share in exact.items()}
    left = count - sum(whole.values())
    by_remainder = sorted(exact, key=lambda value: whole[value] - exact[value])
    for value in by_remainder[:left]:
        whole[value] += 1
    return [value for value, number in whole.items() for _ in range(number)]


def described_rates() -> Iterator[str]:
    """Yield every stated rate as a line for people."""
    for name, rates in CHOICES.items():
        yield f"{name}: " + ", ".join(f"{value} {rate:.0%}" for value, rate in rates.items())
    for name, share in SHARES.items():
        yield f"{name}: {share:.0%}"


def _minutes(span: timedelta) -> int:
    return int(span.total_seconds() // 60)


def _ascii(name: str) -> str:
    plain = unicodedata.normalize("NFKD", name.replace("ø", "o").replace("ı", "i"))
    return "".join(c for c in plain.lower() if c.isascii() and c.isalpha())


def _dashed(handle: str) -> str:
    return handle.replace(".", "-")
