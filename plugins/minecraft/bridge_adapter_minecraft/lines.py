"""Takes a line of the log apart: when it was said, by which thread, and what.

In: the bytes of a line, as vanilla, Spigot, Paper, Fabric, Forge and NeoForge write them. Out: a
`Line`. Knows nothing of players.
"""

import re
from dataclasses import dataclass
from datetime import date
from typing import Final

# Forge and NeoForge name the logger in a third bracket, Fabric's logging in parentheses. Mods log
# there, too, and some say what players say: only the game's own loggers are read.
_LINE = re.compile(
    r"\[(?:(?P<day>[0-9]{2})(?P<month>[^\W0-9_]{3,5}\.?)(?P<year>2[0-9]{3}) )?"
    r"(?P<hour>[01][0-9]|2[0-3]):(?P<minute>[0-5][0-9]):(?P<second>[0-5][0-9])(?:\.[0-9]{3})?\]"
    r" \[(?P<thread>[^\]/]{1,64})/(?P<level>[A-Z]{4,5})\]"
    r"(?:: | \((?:Minecraft|net\.minecraft\.[^)]{0,128})\):? "
    r"| \[(?:[Mm]inecraft(?:/[^\]]{0,128})?|net\.minecraft\.[^\]]{0,128})\]: )"
    r"(?P<text>.*)"
)
_COLOUR = re.compile(r"\x1b\[[0-9;]{0,20}m|§[0-9A-Za-z]")
_MONTHS: Final = (
    "jan",
    "feb",
    "mar",
    "apr",
    "may",
    "jun",
    "jul",
    "aug",
    "sep",
    "oct",
    "nov",
    "dec",
)


@dataclass(frozen=True, slots=True)
class Line:
    """A line of the log without its colours. `day` is known where the line itself names it."""

    thread: str
    text: str
    seconds: int
    day: date | None = None


def take_apart(body: bytes) -> Line | None:
    """Return the line, None where it is none of INFO: half a line, a stack trace, a warning."""
    found = _LINE.fullmatch(_COLOUR.sub("", _text(body)))
    if found is None or found["level"] != "INFO":
        return None
    seconds = int(found["hour"]) * 3600 + int(found["minute"]) * 60 + int(found["second"])
    return Line(found["thread"], found["text"], seconds, _day(found))


def _text(body: bytes) -> str:
    """Decode `body` so that different bytes stay different: old Windows logs are no UTF-8."""
    try:
        return body.decode()
    except UnicodeDecodeError:
        return body.decode("latin-1")


def _day(found: re.Match[str]) -> date | None:
    """Return the day that the line names; None where the month is in another language."""
    month = (found["month"] or "").lower()
    if month not in _MONTHS:
        return None
    try:
        return date(int(found["year"]), _MONTHS.index(month) + 1, int(found["day"]))
    except ValueError:
        return None
