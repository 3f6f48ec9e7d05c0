"""How each figure is defined, in the words that people read beside it."""

from __future__ import annotations

from typing import Final

# Goes up with every change of a rule: figures by other rules are not compared or served.
VERSION: Final = 1

DEFINITIONS: Final = (
    (
        "Time to fill",
        "From the day an opening was opened until its offer was accepted, without the days its "
        "position was on hold.",
    ),
    ("Time to hire", "From the application until the accepted offer."),
    (
        "Days to offer decision",
        "From the application until the candidate accepted or declined.",
    ),
    (
        "Stage conversion",
        "Of the applications completed in the period (hired, rejected, withdrawn or archived) "
        "that reached a stage, how many reached a later one. Applications still open are not in "
        "it.",
    ),
    (
        "Time in stage",
        "Stays that ended in the period. A move taken back within five minutes is ignored. "
        "Medians do not add up.",
    ),
    (
        "Offer acceptance",
        "Accepted of accepted and declined, by the latest version of each offer, answered in the "
        "period. Pending, expired and rescinded offers are shown apart.",
    ),
    (
        "Sources",
        "Of a source's applications completed in the period, how many reached an interview, an "
        "offer, a hire. “unknown” has no source.",
    ),
    (
        "Interviews per hire",
        "Interviews that took place for the applications hired in the period, per hire.",
    ),
    (
        "Ageing",
        "Open applications at the end of the period, by whole days since the last activity.",
    ),
    ("Velocity", "Moves from one stage to another in the period, forward and back."),
    (
        "Numbers",
        "Medians and 90th percentiles with the number n of cases behind them, rates with "
        "numerator and denominator. “–” means there were none; * marks fewer than five.",
    ),
)
