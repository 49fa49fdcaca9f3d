"""One line of games.log, taken apart as far as no player can have a say in it.

In: bytes. Out: the level time, the first word and the rest. Knows nothing of what words mean.
"""

import re
from dataclasses import dataclass

# The server writes `  0:16 Award: …`: minutes, seconds, one word, a colon. Chat is `say:`,
# `sayteam:`, `tell:`, so whatever a player types, the first word is the server's.
_LINE = re.compile(rb" {0,4}(\d{1,6}):([0-5]\d) (\w{1,32}): ?(.*)", re.DOTALL)
_KEY = re.compile(rb"[\w.+-]{1,64}")
_COLOUR = re.compile(rb"\^[0-9A-Za-z]")


@dataclass(frozen=True, slots=True)
class Line:
    """A line: seconds of level time, the word before its first colon, what follows."""

    seconds: int
    word: str
    rest: bytes


def read(body: bytes) -> Line | None:
    """Return the parts of a line, None for what is no line of a games.log.

    Zeros before it are what a power cut left in the file; a CR belongs to the line's end.
    """
    match = _LINE.fullmatch(body.lstrip(b"\0").removesuffix(b"\r"))
    if match is None:
        return None
    return Line(int(match[1]) * 60 + int(match[2]), match[3].decode("ascii"), match[4])


def plain(text: bytes) -> bytes:
    """Return `text` without colour codes: some mods write names without them, some with."""
    return _COLOUR.sub(b"", text)


def info(text: bytes) -> dict[bytes, bytes] | None:
    r"""Return the pairs of an info string, `\key\value\…`; where a key comes twice, its first.

    None for one that is not whole: keys are plain words, and each has a value. No player can put a
    backslash into one, but two lines that grew together have a part too many, or an odd key.
    """
    parts = text.removeprefix(b"\\").split(b"\\")
    if len(parts) % 2 or not all(_KEY.fullmatch(key) for key in parts[::2]):
        return None
    pairs: dict[bytes, bytes] = {}
    for key, value in zip(parts[::2], parts[1::2], strict=True):
        pairs.setdefault(key, value)
    return pairs
