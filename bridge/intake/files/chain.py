"""The source position: what names a line of a log for ever, whatever becomes of its file.

In: a source's name and lines. Out: places, and a position for each line. A line's position is the
hash of all lines up to it, so a copy of the log, renamed, compressed or cut short, gives the same
ones; path, inode and time give nothing.
"""

from hashlib import sha256

from bridge.record import record


@record
class Place:
    """Between two lines of a log: bytes and lines before it, and their chain hash."""

    offset: int
    chain: bytes
    lines: int = 0


def beginning(source: str) -> Place:
    """Return the place before the first line of any log of a source."""
    return Place(0, sha256(source.encode()).digest())


def after(chain: bytes, line: bytes) -> bytes:
    """Return the chain hash after one more line, which is given without its line end."""
    return sha256(chain + line).digest()
