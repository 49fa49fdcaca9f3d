"""Moments as logs write them.

In: a format, a timezone and a text. Out: a moment with its timezone. Asks no clock.
"""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

#: A moment in which no two of its numbers are the same, to try formats with.
_TRIAL = datetime(2026, 11, 23, 18, 5, 47, tzinfo=UTC)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

Reader = Callable[[str], datetime]


def reader(form: str, timezone: str | None) -> Reader:
    """Return what reads moments of the form `iso`, `unix`, `unix_ms` or of a strptime format.

    `timezone` is an IANA name, for forms that don't say it; an hour that comes twice, when summer
    time ends, is taken as the first. What is returned raises `ValueError` for what is no moment.

    Raises:
        ValueError: the format or the timezone can't be used; says why.
    """
    zone = None if timezone is None else zone_of(timezone)
    if form == "iso":
        return lambda text: _aware(datetime.fromisoformat(text), zone)
    if form in {"unix", "unix_ms"}:
        scale = 1 if form == "unix" else 1000
        return lambda text: _since_epoch(text, scale)
    _try(form, zone)
    return lambda text: _aware(datetime.strptime(text, form), zone)  # noqa: DTZ007  # _aware


def zone_of(name: str) -> ZoneInfo:
    """Return the timezone of an IANA name; raises `ValueError` where there is none."""
    try:
        return ZoneInfo(name)
    except (OSError, ValueError, KeyError):
        raise ValueError(
            f"{name!r} is no timezone: write UTC or a name such as Europe/Berlin"
        ) from None


def _try(form: str, zone: ZoneInfo | None) -> None:
    try:
        read = datetime.strptime(_TRIAL.strftime(form), form)  # noqa: DTZ007  # looked at below
    except ValueError as wrong:
        raise ValueError(f"{form!r} is no format of a moment: {wrong}") from None
    if read.date() != _TRIAL.date():
        raise ValueError(f"{form!r} must say year, month and day")
    if read.tzinfo is None and zone is None:
        raise ValueError(f"{form!r} says no timezone (%z): `timezone` is needed")


def _aware(moment: datetime, zone: ZoneInfo | None) -> datetime:
    if moment.tzinfo is None and zone is None:
        raise ValueError("says no timezone, and the file declares none")
    return _plain(moment if moment.tzinfo is not None else moment.replace(tzinfo=zone))


def _plain(moment: datetime) -> datetime:
    try:
        return moment.astimezone(UTC)
    except OverflowError:
        raise ValueError("is no moment of this time") from None


def _since_epoch(text: str, scale: int) -> datetime:
    try:
        return _EPOCH + timedelta(seconds=float(text) / scale)
    except OverflowError:
        raise ValueError("is no moment of this time") from None
