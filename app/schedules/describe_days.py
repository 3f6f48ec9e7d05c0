"""The days a cron expression allows, as a phrase: "every Monday", "on the last day of July"."""

from __future__ import annotations

from calendar import day_name, month_name

from .wall_times import WallTimes
from .wording import joined, ordinal, run

ALL_DAYS = set(range(1, 32))
ODD_DAYS = set(range(1, 32, 2))
EVEN_DAYS = set(range(2, 32, 2))
ALL_MONTHS = set(range(1, 13))
ALL_WEEKDAYS = set(range(7))
_NTH = ("", "first", "second", "third", "fourth", "fifth")


def day_phrase(walls: WallTimes) -> str:
    """Return the days in lower case: "every day", "on weekdays", "on the 1st of the month"."""
    any_day = walls.days >= ALL_DAYS
    any_weekday = _plain_weekdays(walls) == ALL_WEEKDAYS
    if (any_day and any_weekday) or (not walls.day_and and (any_day or any_weekday)):
        return "every day" + _in_months(walls)
    if any_weekday:
        return _only_month_days(walls)
    if any_day:
        return _every_weekday(walls) + _in_months(walls)
    if walls.day_and:
        also = joined(_weekday_names(walls, article="a "), "or")
        return f"{_month_days(walls)} of the month{_in_months(walls)} when also {also}"
    return f"{_month_days(walls)} of the month and also {_every_weekday(walls)}{_in_months(walls)}"


def _only_month_days(walls: WallTimes) -> str:
    one_date = len(walls.days) == 1 and len(walls.months) == 1 and not walls.nearest
    if one_date and min(walls.days) > 0:
        return f"every year on {min(walls.days)} {month_name[min(walls.months)]}"
    return f"{_month_days(walls)} of {_months(walls)}"


def _month_days(walls: WallTimes) -> str:
    words = _numbered_days({day for day in walls.days if day > 0})
    if walls.LAST in walls.days:
        words.append("the last day")
    if walls.LAST_WEEKDAY in walls.days:
        words.append("the last weekday")
    words += [f"the weekday nearest the {ordinal(day)}" for day in sorted(walls.nearest)]
    return f"on {joined(words)}"


def _numbered_days(days: set[int]) -> list[str]:
    if not days:
        return []
    if days == {1}:
        return ["the first day"]
    if days in (ODD_DAYS, EVEN_DAYS):
        return ["odd days" if days == ODD_DAYS else "even days"]
    bounds = run(days)
    if bounds and len(days) > 2:
        return [f"the {ordinal(bounds[0])} to {ordinal(bounds[1])}"]
    return [f"the {joined([ordinal(day) for day in sorted(days)])}"]


def _every_weekday(walls: WallTimes) -> str:
    plain = _plain_weekdays(walls)
    ranked = _ranked_weekdays(walls)
    if plain == {1, 2, 3, 4, 5} and not ranked:
        return "on weekdays"
    if plain == {0, 6} and not ranked:
        return "on weekends"
    words = [f"every {joined(_named(plain))}"] if plain else []
    return joined(words + ([f"on {joined(ranked)}"] if ranked else []))


def _weekday_names(walls: WallTimes, article: str) -> list[str]:
    return [article + name for name in _named(_plain_weekdays(walls))] + _ranked_weekdays(walls)


def _plain_weekdays(walls: WallTimes) -> set[int]:
    return {day % 7 for day in walls.weekdays if isinstance(day, int)}


def _ranked_weekdays(walls: WallTimes) -> list[str]:
    ranked = [item for item in walls.weekdays if not isinstance(item, int)]
    return [
        f"the {'last' if nth == walls.LAST else _NTH[nth]} {_name(day)} of the month"
        for day, nth in sorted(ranked, key=lambda item: (item[1] == walls.LAST, item[1], item[0]))
    ]


def _named(days: set[int]) -> list[str]:
    return [_name(day) for day in sorted(days, key=lambda day: day or 7)]


def _name(day: int) -> str:
    return day_name[(day - 1) % 7]


def _months(walls: WallTimes) -> str:
    if walls.months == ALL_MONTHS:
        return "the month"
    return joined([month_name[month] for month in sorted(walls.months)])


def _in_months(walls: WallTimes) -> str:
    return "" if walls.months == ALL_MONTHS else f" in {_months(walls)}"
