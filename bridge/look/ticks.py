"""Where the marks of an axis stand and what they say.

In: the ends of an axis. Out: round values and round instants with their labels. Knows nothing of
drawing.
"""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from typing import Final, NamedTuple

from bridge.look import moments

_HOUR: Final = 3600
_DAY: Final = 24 * _HOUR
#: Seconds between marks, where a mark isn't tied to the calendar's months.
_SECONDS: Final = (
    *(1, 2, 5, 10, 15, 30),
    *(60, 120, 300, 600, 900, 1800),
    *(_HOUR, 2 * _HOUR, 3 * _HOUR, 6 * _HOUR, 12 * _HOUR),
    *(_DAY, 2 * _DAY, 7 * _DAY, 14 * _DAY),
)
_MONTHS: Final = (1, 2, 3, 6, 12, 24, 60, 120, 240, 600, 1200, 2400, 6000, 12000, 24000, 60000)
_LONGEST_MONTH: Final = 31 * _DAY
#: A Monday: weeks begin on one.
_START: Final = datetime(1970, 1, 5, tzinfo=UTC)
_SCALES: Final = ((Decimal(10**9), "B"), (Decimal(10**6), "M"), (Decimal(1000), "k"))


class Mark(NamedTuple):
    """One mark of an axis: where it stands and what it says."""

    at: Decimal
    label: str


class TimeMark(NamedTuple):
    """One mark of a time axis."""

    at: datetime
    label: str


def value_marks(low: Decimal, high: Decimal, about: int = 5) -> list[Mark]:
    """Return marks at round values, the first not above `low` and the last not below `high`."""
    if low == high:
        low, high = min(low, Decimal(0)), max(high, Decimal(0))
    if low == high:
        high = Decimal(1)
    step = _round_step((high - low) / about)
    first = int((low / step).to_integral_value(ROUND_FLOOR))
    last = int((high / step).to_integral_value(ROUND_CEILING))
    values = [step * index for index in range(first, last + 1)]
    return [Mark(value, _value_label(value, values)) for value in values]


def time_marks(start: datetime, end: datetime, about: int = 6) -> list[TimeMark]:
    """Return at most `about` marks and one at round instants between the two."""
    span = (end - start).total_seconds()
    for seconds in _SECONDS:
        if seconds * about >= span:
            return [TimeMark(at, _clock_label(at, seconds)) for at in _every(seconds, start, end)]
    months = next((m for m in _MONTHS if m * _LONGEST_MONTH * about >= span), _MONTHS[-1])
    return [TimeMark(at, _month_label(at, months)) for at in _monthly(months, start, end)]


def _round_step(least: Decimal) -> Decimal:
    magnitude = Decimal(1).scaleb(least.adjusted())
    return next(m for factor in (1, 2, 5, 10) if (m := magnitude * factor) >= least)


def _value_label(value: Decimal, values: Sequence[Decimal]) -> str:
    largest = max(map(abs, values))
    for scale, suffix in _SCALES:
        if largest >= 10 * scale and value:
            return f"{_plain(value / scale)}{suffix}"
    return _plain(value)


def _plain(value: Decimal) -> str:
    small = value.normalize()
    return f"{small:,f}" if -12 < small.adjusted() < 12 else f"{small:E}"


def _every(seconds: int, start: datetime, end: datetime) -> Iterator[datetime]:
    step = timedelta(seconds=seconds)
    at = _START + -((_START - start) // step) * step
    while at <= end:
        if at >= start:
            yield at
        at += step


def _clock_label(at: datetime, seconds: int) -> str:
    if seconds >= _DAY or (at.hour, at.minute, at.second) == (0, 0, 0):
        return moments.day(at)
    return moments.clock(at, seconds=seconds < 60)


def _monthly(months: int, start: datetime, end: datetime) -> Iterator[datetime]:
    first = (start.year * 12 + start.month - 1) // months
    last = (end.year * 12 + end.month - 1) // months
    for index in range(first, last + 1):
        year, month = divmod(index * months, 12)
        if year and start <= (at := datetime(year, month + 1, 1, tzinfo=UTC)) <= end:
            yield at


def _month_label(at: datetime, months: int) -> str:
    return moments.month(at) if months < 12 else str(at.year)
