"""Splits a message into log lines, and a line into its time and what it says.

In: bytes, with or without the `L ` and the milliseconds that some engines write. Out: dated lines.
Knows nothing of what they say.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

#: Longer lines than this are no engine's: GoldSrc and Source cut at 1,024 bytes.
_LONGEST = 4096
_BEGIN = re.compile(
    r"(?:L )?(\d\d)/(\d\d)/(\d{4}) - (\d\d):(\d\d):(\d\d)(?:\.(\d{3}))?(?:: | - )", re.ASCII
)


@dataclass(frozen=True, slots=True)
class Line:
    """A line with its local time; `offset` is where it begins in the message."""

    offset: int
    raw: bytes
    at: datetime
    says: str


def lines_of(body: bytes) -> Iterator[Line]:
    """Yield the dated lines of `body`; whatever else it holds is passed over.

    Only a line feed ends a line: other signs that count as line ends elsewhere may stand in chat.
    """
    offset = 0
    for raw in body.split(b"\n"):
        if line := _line(offset, raw):
            yield line
        offset += len(raw) + 1


def _line(offset: int, raw: bytes) -> Line | None:
    if len(raw) > _LONGEST:
        return None
    text = raw.decode("utf-8", "replace").lstrip("\0")  # which a power cut leaves in a file
    begin = _BEGIN.match(text)
    at = _time(begin) if begin else None
    if begin is None or at is None:
        return None
    return Line(offset, raw, at, text[begin.end() :].rstrip(" \r\0"))


def _time(begin: re.Match[str]) -> datetime | None:
    month, day, year, hour, minute, second = (int(begin[group]) for group in range(1, 7))
    try:
        return datetime(  # noqa: DTZ001  # local to the server; `times` knows the zone
            year, month, day, hour, minute, second, int(begin[7] or 0) * 1000
        )
    except ValueError:
        return None
