"""When tasks fire: pure schedules that turn an instant into fire times.

Nothing here reads the clock, the environment, or the machine's time zone data. cronsim finds
matching wall times; `wall_times` says which rules needed own code, `placement` has the rule for
daylight saving.
"""

from .cron_schedule import Cron
from .durations import parse_duration
from .errors import ScheduleError
from .from_json import schedule_from_json
from .interval_schedule import Interval
from .keywords import cron, every
from .text import parse_schedule
from .wanted import Wanted, wanted_schedule
from .zones import TZDATA_VERSION, zone

Schedule = Cron | Interval

__all__ = [
    "TZDATA_VERSION",
    "Cron",
    "Interval",
    "Schedule",
    "ScheduleError",
    "Wanted",
    "cron",
    "every",
    "parse_duration",
    "parse_schedule",
    "schedule_from_json",
    "wanted_schedule",
    "zone",
]
