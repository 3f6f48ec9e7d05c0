"""The fields of a cron expression: what each may hold, checked term by term.

cronsim says only "Bad minute", and takes some text whose meaning differs between crons
(`5/15`, `*/90`). Here every term is checked first, so that an error names the position and what
is allowed. What passes is handed on as upper-case text with numbers for names.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from .errors import ScheduleError

WEEKDAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")
MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")


@dataclass(frozen=True, slots=True)
class Field:
    """One field: its name, bounds, and the names that stand for numbers from `low` on."""

    name: str
    low: int
    high: int
    names: tuple[str, ...] = ()
    special: str = ""

    @property
    def allowed(self) -> str:
        named = f" or {self.names[0]}-{self.names[-1]}" if self.names else ""
        return f"allowed are {self.low}-{self.high}{named}, *, lists, ranges, steps{self.special}"


SECOND = Field("second", 0, 59)
MINUTE = Field("minute", 0, 59)
HOUR = Field("hour", 0, 23)
DAY = Field("day of month", 1, 31, special=", L, LW and nW")
MONTH = Field("month", 1, 12, MONTHS)
WEEKDAY = Field("day of week", 0, 7, WEEKDAYS, special=", d#n and dL")
FIELDS = (SECOND, MINUTE, HOUR, DAY, MONTH, WEEKDAY)


@dataclass(frozen=True, slots=True)
class Part:
    """One field's text in an expression; `position` is its first character, from 1."""

    field: Field
    text: str
    position: int

    def terms(self) -> list[str]:
        """Return the checked terms in cronsim's spelling."""
        terms, position = [], self.position
        for text in self.text.split(","):
            terms.append(_Term(self.field, text, position).checked())
            position += len(text) + 1
        return terms


@dataclass(frozen=True, slots=True)
class _Term:
    field: Field
    text: str
    position: int

    def checked(self) -> str:
        if not self.text:
            raise self.error("a value is missing here")
        if self.text == "?":
            raise self.error("? is Quartz's word for no restriction; write * instead")
        base, slash, step = self.text.partition("/")
        special = self._special(base)
        if special is None:
            return self._stepped(base, step) if slash else self._span(base)
        if slash:
            raise self.error(f"{self.text!r} cannot take a step")
        return special

    def _special(self, text: str) -> str | None:
        if self.field is DAY:
            return self._special_day(text)
        if self.field is WEEKDAY:
            return self._special_weekday(text)
        return None

    def _special_day(self, text: str) -> str | None:
        if text.upper() in ("L", "LW"):
            return text.upper()
        if re.fullmatch(r"[0-9]+[wW]", text):
            return f"{self._value(text[:-1])}W"
        return None

    def _special_weekday(self, text: str) -> str | None:
        if "#" in text:
            day, _, nth = text.partition("#")
            if nth not in ("1", "2", "3", "4", "5"):
                raise self.error(f"{nth!r} after # is not one of 1-5")
            return f"{self._value(day)}#{nth}"
        if text.upper() == "L":
            raise self.error("L alone is ambiguous here; write the day before it, such as friL")
        if text.upper().endswith("L"):
            return f"{self._value(text[:-1])}L"
        return None

    def _stepped(self, base: str, step: str) -> str:
        if base != "*" and "-" not in base:
            start, last = self._value(base), self.field.high
            raise self.error(
                f"{self.text!r} is ambiguous: some crons read it as {start} alone, others as "
                f"{start}-{last}/{step}; write {start}-{last}/{step}"
            )
        return f"{self._span(base)}/{self._step(step)}"

    def _span(self, text: str) -> str:
        if text == "*":
            return text
        first, dash, last = text.partition("-")
        low = self._value(first)
        return self._range(low, self._value(last)) if dash else str(low)

    def _range(self, low: int, high: int) -> str:
        if high < low:
            raise self.error(
                f"the range {self.text!r} runs backwards (wraps around); "
                f"write {self._unwrapped(low, high)}"
            )
        return f"{low}-{high}"

    def _unwrapped(self, low: int, high: int) -> str:
        if self.field is WEEKDAY:
            return ",".join([_span_text(low, 7), *([_span_text(1, high)] if high else [])])
        return f"{_span_text(low, self.field.high)},{_span_text(self.field.low, high)}"

    def _value(self, text: str) -> int:
        if not text:
            raise self.error(f"a number is missing in {self.text!r}")
        if text.lower() in self.field.names:
            return self.field.names.index(text.lower()) + self.field.low
        if not re.fullmatch(r"[0-9]{1,9}", text):
            raise self.error(f"{text!r} is not a number{self._name_hint()}")
        if self.field is WEEKDAY and int(text) >= 1970:
            raise self.error(f"{text} looks like a year, and years are not supported")
        if not self.field.low <= int(text) <= self.field.high:
            raise self.error(f"{text} is out of range")
        return int(text)

    def _name_hint(self) -> str:
        return " or a three-letter name" if self.field.names else ""

    def _step(self, text: str) -> int:
        size = self.field.high - self.field.low + 1
        if not re.fullmatch(r"[0-9]{1,9}", text):
            raise self.error(f"the step {text!r} is not a number from 1 to {size}")
        if not 1 <= int(text) <= size:
            raise self.error(f"the step {int(text)} is not in 1 to {size}")
        return int(text)

    def error(self, problem: str) -> ScheduleError:
        return ScheduleError(
            f"{self.field.name} field, position {self.position}: {problem}; {self.field.allowed}"
        )


def _span_text(low: int, high: int) -> str:
    return f"{low}-{high}" if low < high else str(low)
