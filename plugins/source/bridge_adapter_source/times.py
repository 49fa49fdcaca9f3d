"""The moment of a log line: local time without a zone becomes UTC.

In: the time as written, the zone, and what tells the two passes of a repeated hour apart. Out: a
moment in UTC. Knows nothing of what lines say.
"""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

#: A log's clock may be set back by as much without this being taken for the end of summer time.
_JITTER = timedelta(minutes=1)
#: Moments of one repeated hour lie nearer to each other than this.
_ONE_NIGHT = timedelta(hours=3)


def in_utc(local: datetime, zone: ZoneInfo, before: datetime | None) -> datetime:
    """Return `local`, read in order, in UTC.

    Of an hour that a clock change repeats it is the first pass, unless `before`, the last moment
    known from such an hour, shows that this is over: it is of the second pass, or the clock went
    back since.
    """
    first, second = _passes(local, zone)
    if before is None or abs(before - first) > _ONE_NIGHT:
        return first
    is_over = before.astimezone(zone).fold == 1 or first < before - _JITTER
    return second if is_over else first


def nearest(local: datetime, zone: ZoneInfo, received_at: datetime) -> datetime:
    """Return `local`, told at `received_at`, in UTC: the pass of a repeated hour nearest to it."""
    first, second = _passes(local, zone)
    return min(first, second, key=lambda moment: abs(moment - received_at))


def is_repeated(local: datetime, zone: ZoneInfo) -> bool:
    """Return whether `local` stands for two moments."""
    first, second = _passes(local, zone)
    return first != second


def _passes(local: datetime, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """Return both moments of `local`; the same twice, but for a repeated hour.

    Raises:
        OverflowError: the moment is before the first or after the last that can be written.
    """
    first = local.replace(tzinfo=zone, fold=0).astimezone(UTC)
    second = local.replace(tzinfo=zone, fold=1).astimezone(UTC)
    return (first, second) if second > first else (first, first)
