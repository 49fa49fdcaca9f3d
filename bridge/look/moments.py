"""Instants as people read them: always UTC, always the same words.

In: datetimes and ISO 8601 text. Out: short text. Knows nothing of pages.
"""

from datetime import UTC, datetime
from typing import Final

#: Not from strftime: its names follow the locale of the process.
MONTHS: Final = (
    *("Jan", "Feb", "Mar", "Apr", "May", "Jun"),
    *("Jul", "Aug", "Sep", "Oct", "Nov", "Dec"),
)


def utc(value: datetime) -> datetime:
    """Return the same instant in UTC.

    Raises:
        ValueError: it has no timezone, so it names no instant.
    """
    if value.tzinfo is None:
        raise ValueError("a moment needs a timezone")
    return value.astimezone(UTC)


def parsed(text: str) -> datetime | None:
    """Return the instant of an ISO 8601 text in UTC, or None where it names none."""
    try:
        return utc(datetime.fromisoformat(text))
    except (ValueError, OverflowError):
        return None


def day(value: datetime) -> str:
    """Return "23 Nov"."""
    return f"{value.day} {MONTHS[value.month - 1]}"


def month(value: datetime) -> str:
    """Return "Nov 2026"."""
    return f"{MONTHS[value.month - 1]} {value.year}"


def clock(value: datetime, *, seconds: bool = False) -> str:
    """Return "10:15", or "10:15:42"."""
    text = f"{value.hour:02}:{value.minute:02}"
    return f"{text}:{value.second:02}" if seconds else text


def whole(value: datetime, *, seconds: bool = False) -> str:
    """Return "23 Nov 2026, 10:15 UTC"."""
    return f"{day(value)} {value.year}, {clock(value, seconds=seconds)} UTC"


def machine(value: datetime) -> str:
    """Return the instant as the `datetime` attribute of HTML takes it."""
    return value.isoformat(timespec="milliseconds").replace("+00:00", "Z")
