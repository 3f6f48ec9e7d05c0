"""Deals out a hiring organisation's year: people, applications, what happened to them.

No permissively licensed set of real applications exists, and real ones would be personal data:
so this one is made up and says at which rates (`rates.py`). They hold at any size, up to rounding.
"""

from __future__ import annotations

import random
import unicodedata
from collections.abc import Iterator
from datetime import datetime, timedelta

from jobs.recruiting.demo.days import Season
from jobs.recruiting.demo.dealing import Dealer, deal, spans
from jobs.recruiting.demo.journeys import (
    STAGES,
    Journey,
    completed,
    duration,
    still_open,
    with_offer,
)
from jobs.recruiting.demo.rates import CHOICES, DAYS, SHARES, SIGMA, paths, sources_of
from jobs.recruiting.demo.words import FAMILY_NAMES, GIVEN_NAMES, POSITIONS, TIME_ZONES
from jobs.recruiting.imports.loaded import Entry
from jobs.recruiting.imports.refusal import Place
from jobs.recruiting.imports.rows import Application, Person

LONGEST_SINCE_ACTIVITY = timedelta(days=85)
SILENT_FOR = (timedelta(days=90, hours=1), timedelta(days=125))
DAYS_SINCE_ACTIVITY = 16.0  # on average, where something still happens
WEEK = timedelta(days=7)


class DemoOrganisation:
    """`entries` as an import would have read them, and what lies behind each application:
    `journeys` by e-mail and position. The same for the same size, seed and end."""

    def __init__(self, candidates: int, seed: int, end: datetime) -> None:
        self.random = random.Random(seed)  # noqa: S311 - made-up people, not secrets
        self.end = end.replace(second=0, microsecond=0)
        self.season = Season(self.end)
        self.journeys: dict[tuple[str, str], Journey] = {}
        self.entries = self._entries(candidates)

    def _entries(self, count: int) -> list[Entry]:
        several = [int(number) for number in self.dealt("applications of a candidate", count)]
        dealt = self._applications(sum(several))
        entries = []
        people = zip(self._people(count), several, strict=True)
        for row, (person, number) in enumerate(people, start=2):
            entry = Entry(Place(row, row), person)
            for title in self.random.sample(POSITIONS, number):
                journey, source = next(dealt)
                self.journeys[person.emails[0], title] = journey
                entry.applications.append((entry.place, _application(title, journey, source)))
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
            profile = _dashed(handle)
            # 555-01xx is kept free for made-up numbers.
            number = f"+1 202 555 01{self.random.randrange(100):02d}"
            yield Person(
                name=f"{given} {family}",
                given_name=given,
                family_name=family,
                emails=(f"{handle}@example.org",),
                phones=(number,) if phones[n] else (),
                time_zone=self.random.choice(TIME_ZONES),
                linkedin_url=f"https://www.linkedin.com/in/{profile}" if linkedin[n] else None,
                github_url=f"https://github.com/{profile}" if github[n] else None,
                do_not_contact=silent[n],
                legal_hold=held[n],
            )

    # --- applications ----------------------------------------------------------------------------

    def _applications(self, count: int) -> Iterator[tuple[Journey, str | None]]:
        """Yield journeys with their sources, in random order."""
        states = deal(CHOICES["state of an application"], count)
        ended = self._completed(states.count("completed"))
        made = [*ended, *self._open(states.count("open"))]
        self.random.shuffle(made)
        for journey, source in made:
            yield journey, None if source == "unknown" else source

    def _completed(self, count: int) -> list[tuple[Journey, str]]:
        ends = sorted(deal(paths(), count))
        dealer = Dealer()
        sources = [dealer.next(sources_of(stage)) for stage, _ in ends]
        places = list(range(count))
        self.random.shuffle(places)
        stays = self._stays(count)
        journeys = []
        for n, (stage, end) in enumerate(ends):
            # Spread over the part of the year that leaves room for all of it.
            room = self.season.share_before(self.end - duration(stays[n], stage, end))
            arrival = self.season.arrival((places[n] + 0.5) / count * room, self.random)
            journeys.append(completed(arrival, stays[n], stage, end, self.random))
        self._with_offers(journeys, [end for _, end in ends])
        return list(zip(map(self._before_the_end, journeys), sources, strict=True))

    def _with_offers(self, journeys: list[Journey], ends: list[str]) -> None:
        hired = [n for n, end in enumerate(ends) if end == "hired"]
        unrecorded = self._share("hires without a recorded offer", len(hired))
        missing = {n for n, without in zip(hired, unrecorded, strict=True) if without}
        offered = [n for n, j in enumerate(journeys) if "Offer" in {s.stage for s in j.steps}]
        twice = self._share("offers with a second version", len(offered))
        for n, again in zip(offered, twice, strict=True):
            if n not in missing:
                ended = "accepted" if ends[n] == "hired" else ends[n]
                with_offer(journeys[n], ended, twice=again, draft=False, random=self.random)

    def _open(self, count: int) -> list[tuple[Journey, str]]:
        stages = self.dealt("stage of an open application", count)
        sources = self.dealt("source of an application", count)
        silent = self._share("open applications without activity for over 90 days", count)
        drafts = iter(self._share("open offers still in draft", stages.count("Offer")))
        stays = self._stays(count)
        found = []
        for n, stage in enumerate(stages):
            last = self.end - self._since_activity(long=silent[n])
            journey = still_open(stage, last, stays[n], self.random)
            if stage == "Offer":
                with_offer(journey, None, twice=False, draft=next(drafts), random=self.random)
            found.append((journey, sources[n]))
        return found

    def _stays(self, count: int) -> list[list[timedelta]]:
        """Return, for each of `count` applications, how long it would stay in each stage."""
        by_stage = [spans(DAYS[stage], SIGMA, count, self.random) for stage in STAGES]
        return [list(stays) for stays in zip(*by_stage, strict=True)]

    def _since_activity(self, *, long: bool) -> timedelta:
        if long:
            first, last = SILENT_FOR
            return first + (last - first) * self.random.random()
        drawn = timedelta(days=self.random.expovariate(1 / DAYS_SINCE_ACTIVITY))
        return min(max(drawn, timedelta(minutes=5)), LONGEST_SINCE_ACTIVITY)

    def _before_the_end(self, journey: Journey) -> Journey:
        """Move a journey back by whole weeks until all of it lies in the past."""
        weeks = -((self.end - journey.last.at) // WEEK)
        return journey.earlier(WEEK * weeks) if weeks > 0 else journey

    # --- cards -----------------------------------------------------------------------------------

    def dealt(self, name: str, count: int) -> list[str]:
        """Return `count` values at the rates of CHOICES[name], in random order."""
        cards = deal(CHOICES[name], count)
        self.random.shuffle(cards)
        return cards

    def _share(self, name: str, count: int) -> list[bool]:
        cards = deal({True: SHARES[name], False: 1 - SHARES[name]}, count)
        self.random.shuffle(cards)
        return cards


def _application(title: str, journey: Journey, source: str | None) -> Application:
    return Application(
        position=title,
        status=journey.last.status,
        stage=journey.last.stage,
        source=source,
        applied_at=journey.steps[0].at,
        last_activity_at=journey.last_activity_at,
        reason=journey.last.reason,
    )


def _ascii(name: str) -> str:
    plain = unicodedata.normalize("NFKD", name.replace("ø", "o").replace("ı", "i"))
    return "".join(c for c in plain.lower() if c.isascii() and c.isalpha())


def _dashed(handle: str) -> str:
    return handle.replace(".", "-")
