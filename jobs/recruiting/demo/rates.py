"""At which rates the made-up organisation works: every number that a figure can be held against."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

Rates = Mapping[str, float]

# Of 100 completed applications that reached a stage, how many went on to the next one.
PASS: Rates = {"Applied": 0.45, "Screening": 0.50, "Interview": 0.30, "Offer": 0.80}
# How the others ended there.
ENDS: Mapping[str, Rates] = {
    "Applied": {"rejected": 0.84, "withdrawn": 0.05, "archived": 0.11},
    "Screening": {"rejected": 0.72, "withdrawn": 0.18, "archived": 0.10},
    "Interview": {"rejected": 0.75, "withdrawn": 0.20, "archived": 0.05},
    "Offer": {"declined": 0.70, "expired": 0.15, "rescinded": 0.15},
}

CHOICES: Mapping[str, Rates] = {
    "applications of a candidate": {"1": 0.85, "2": 0.15},
    "state of an application": {"open": 0.12, "completed": 0.88},
    "stage of an open application": {
        "Applied": 0.34,
        "Screening": 0.26,
        "Interview": 0.28,
        "Offer": 0.12,
    },
    "interviews of an application that left Interview": {"1": 0.35, "2": 0.45, "3": 0.20},
    "start of an interview to come": {
        "within the hour": 0.15,
        "within a day": 0.35,
        "within a week": 0.50,
    },
    "answer of an interviewer": {
        "accepted": 0.75,
        "tentative": 0.10,
        "needs_action": 0.10,
        "declined": 0.05,
    },
    "source of an application": {
        "Careers page": 0.40,
        "LinkedIn": 0.25,
        "Referral": 0.20,
        "Agency": 0.10,
        "unknown": 0.05,
    },
}
SHARES: Rates = {
    "candidates with a phone": 0.90,
    "candidates with a LinkedIn link": 0.70,
    "candidates with a GitHub link": 0.45,
    "candidates not to be contacted": 0.03,
    "candidates under legal hold": 0.01,
    # What the archive task looks for.
    "open applications without activity for over 90 days": 0.10,
    "open applications in Interview with one to come": 0.60,
    "offers with a second version": 0.15,
    "open offers still in draft": 0.25,
    # What the data-quality box of the report finds.
    "hires without a recorded offer": 0.04,
    "positions that were on hold for three weeks": 0.25,
}

# How much likelier than others a source's applications are to pass the first stage.
PASS_BY_SOURCE: Rates = {
    "Careers page": 0.85,
    "LinkedIn": 0.90,
    "Referral": 1.50,
    "Agency": 1.30,
    "unknown": 1.00,
}

# Median days in a stage that was left, and of an opening until it was filled. They are spread
# log-normally: two thirds lie between the median divided and multiplied by e**SIGMA.
DAYS: Rates = {"Applied": 4, "Screening": 6, "Interview": 10, "Offer": 5, "opening": 48}
SIGMA = 0.55

# How many people apply: January and September are busy, August and December quiet.
SEASON: Mapping[int, float] = {
    1: 1.25, 2: 1.15, 3: 1.10, 4: 1.00, 5: 1.00, 6: 0.90,
    7: 0.75, 8: 0.70, 9: 1.20, 10: 1.15, 11: 1.00, 12: 0.60,
}  # fmt: skip
WEEKDAY = (1.20, 1.20, 1.15, 1.10, 1.00, 0.35, 0.40)


def paths() -> dict[tuple[str, str], float]:
    """Return the share of completed applications that ended in (stage, how)."""
    found: dict[tuple[str, str], float] = {}
    reached = 1.0
    for stage, passed in PASS.items():
        for end, share in ENDS[stage].items():
            found[stage, end] = reached * (1 - passed) * share
        reached *= passed
    found["Hired", "hired"] = reached
    return found


def sources_of(stage: str) -> dict[str, float]:
    """Return the sources of completed applications that ended in `stage`."""
    passed = {s: PASS["Applied"] * factor for s, factor in PASS_BY_SOURCE.items()}
    mean = sum(CHOICES["source of an application"][s] * p for s, p in passed.items())
    found = {}
    for source, share in CHOICES["source of an application"].items():
        through = passed[source] / mean * PASS["Applied"]
        if stage == "Applied":
            found[source] = share * (1 - through) / (1 - PASS["Applied"])
        else:
            found[source] = share * through / PASS["Applied"]
    return found


def described_rates() -> Iterator[str]:
    """Yield every stated rate as a line for people."""
    for name, rates in CHOICES.items():
        yield f"{name}: {_listed(rates)}"
    yield f"completed applications that go on from: {_listed(PASS)}"
    for stage, rates in ENDS.items():
        yield f"ends in {stage}: {_listed(rates)}"
    for name, share in SHARES.items():
        yield f"{name}: {share:.0%}"
    yield "median days: " + ", ".join(f"{stage} {days:g}" for stage, days in DAYS.items())


def _listed(rates: Rates) -> str:
    return ", ".join(f"{value} {rate:.0%}" for value, rate in rates.items())
