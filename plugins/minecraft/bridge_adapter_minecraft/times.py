"""When a line of the log was written, where that can be known.

In: the line's clock time, sometimes its day. Out: a moment with its zone, or None. Knows nothing
of the machine's clock: a log that is read may be years old.
"""

from datetime import date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from bridge_adapter_minecraft.lines import Line
from bridge_adapter_minecraft.memory import LogClock

_HALF_A_DAY: Final = 12 * 3600
#: Threads write a little out of order; what goes back further is the hour that comes twice.
_OUT_OF_ORDER: Final = 15 * 60
_LAST_YEAR: Final = 2999


def moment(
    line: Line, clock: LogClock, zone: ZoneInfo | None, first_day: date | None
) -> datetime | None:
    """Return when `line` was written and move `clock` on to it.

    None without a zone, and where neither the line nor `first_day` says the day.
    """
    day = line.day or _day(line, clock, first_day)
    if zone is None or day is None:
        return None
    back = clock.seconds - line.seconds
    again = day == clock.day and (clock.again or back > _OUT_OF_ORDER)
    clock.day, clock.seconds, clock.again = day, line.seconds, again
    written = datetime.combine(day, time(), zone) + timedelta(seconds=line.seconds)
    return written.replace(fold=int(again))


def _day(line: Line, clock: LogClock, first_day: date | None) -> date | None:
    """Return the day of a line that names none: the next one where its clock went past midnight."""
    if first_day is None or clock.day is None:
        return first_day
    midnight = clock.seconds - line.seconds > _HALF_A_DAY
    return clock.day + timedelta(midnight) if clock.day.year < _LAST_YEAR else clock.day
