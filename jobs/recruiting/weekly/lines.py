"""The figures of a week as lines: value, what stands behind it, the prior week, eight weeks."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import median

from jobs.recruiting.analytics.figures import Figures
from jobs.recruiting.analytics.statistics import FEW, Rate, Spread

NONE = "–"
FEW_MARK = "*"
# What a figure is made of: a plain number, a spread of days, or a rate.
Figure = int | Spread | Rate


@dataclass(frozen=True, slots=True)
class Line:
    """One figure, in words. `number` is its value, `share` its length as a bar (0 to 1)."""

    section: str
    label: str
    value: str
    basis: str = ""
    prior: str = NONE
    prior_basis: str = ""
    prior_change: str = ""
    usual: str = NONE
    usual_change: str = ""
    number: float | None = None
    numerator: int | None = None
    denominator: int | None = None
    prior_number: float | None = None
    usual_number: float | None = None
    share: float | None = None


@dataclass(frozen=True, slots=True)
class Kind:
    """How numbers of one kind are written."""

    write: Callable[[float], str]
    change: Callable[[float], str]


COUNT = Kind(lambda v: f"{v:,.0f}" if v == int(v) else f"{v:,.1f}", lambda v: f"{v:+,.3g}")
DAYS = Kind(lambda v: f"{v:.1f} d", lambda v: f"{v:+.1f} d")
PERCENT = Kind(lambda v: f"{v:.0%}", lambda v: f"{v * 100:+.0f} pts")
RATIO = Kind(lambda v: f"{v:.1f}", lambda v: f"{v:+.1f}")


def line(
    section: str,
    label: str,
    weeks: Sequence[Figures],
    figure: Callable[[Figures], Figure | None],
    kind: Kind,
) -> Line:
    """Return one figure of `weeks[0]`, held against `weeks[1]` and the median of `weeks[1:]`.

    `figure` returns None where a week does not have it.
    """
    found = [figure(week) for week in weeks]
    numbers = [_number(one) for one in found]
    earlier = [number for number in numbers[1:] if number is not None]
    usual = median(earlier) if earlier else None
    prior = numbers[1] if len(numbers) > 1 else None
    rate = found[0] if isinstance(found[0], Rate) else None
    return Line(
        section=section,
        label=label,
        value=_value(numbers[0], kind) + few(found[0]),
        basis=basis(found[0]),
        prior=_value(prior, kind) + (few(found[1]) if len(found) > 1 else ""),
        prior_basis=basis(found[1]) if len(found) > 1 else "",
        prior_change=_change(numbers[0], prior, kind),
        usual=_value(usual, kind),
        usual_change=_change(numbers[0], usual, kind),
        number=numbers[0],
        numerator=rate.numerator if rate else None,
        denominator=rate.denominator if rate else _n(found[0]),
        prior_number=prior,
        usual_number=usual,
    )


def few(figure: Figure | None) -> str:
    """Return the mark of a figure that stands on fewer than five cases."""
    n = _n(figure)
    return FEW_MARK if n is not None and 0 < n < FEW else ""


def basis(figure: Figure | None) -> str:
    """Say what stands behind a figure."""
    if isinstance(figure, Rate):
        return f"{figure.numerator:,} of {figure.denominator:,}"
    if isinstance(figure, Spread):
        tail = f", p90 {DAYS.write(figure.p90)}" if figure.p90 is not None else ""
        return f"n = {figure.n:,}{tail}"
    return ""


def percent(rate: Rate) -> str:
    """Write a rate with its mark and its basis, for a table's cell."""
    return f"{_value(rate.value, PERCENT)}{few(rate)} ({basis(rate)})"


def _n(figure: Figure | None) -> int | None:
    if isinstance(figure, Rate):
        return figure.denominator
    return figure.n if isinstance(figure, Spread) else None


def _number(figure: Figure | None) -> float | None:
    if isinstance(figure, Rate):
        return figure.value
    if isinstance(figure, Spread):
        return figure.median
    return figure


def _value(number: float | None, kind: Kind) -> str:
    return NONE if number is None else kind.write(number)


def _change(number: float | None, before: float | None, kind: Kind) -> str:
    if number is None or before is None:
        return ""
    text = kind.change(number - before)
    return "±0" if float(text.split()[0].replace(",", "")) == 0 else text
