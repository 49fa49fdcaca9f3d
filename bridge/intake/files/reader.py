"""Complete lines of one log, from a place on.

In: a stream of bytes that may still grow. Out: lines with their positions. What is not ended by a
newline yet is no line yet. Knows nothing of rotation.
"""

import os
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import Final

from bridge.intake.files.chain import Place, after
from bridge.record import record

#: Longer lines name their place and are handed to nobody.
LINE_LIMIT: Final = 64 * 1024
#: Bytes that are read at once.
PIECE: Final = 256 * 1024
#: So much of what was read last must still stand in front of what is read next.
_TAIL: Final = 256


@record
class Line:
    """A line without its line end, and the place behind it; `body` is None where it is too long."""

    body: bytes | None
    place: Place

    @property
    def position(self) -> str:
        """The line's position, as messages carry it."""
        return self.place.chain.hex()


class Rewritten(Exception):
    """The file no longer holds what was read of it: it was cut off, or written anew."""


class Reader:
    """Reads a stream on from a place; `read(n)` of it gives bytes, b"" at its present end."""

    def __init__(self, read: Callable[[int], bytes], place: Place) -> None:
        self._read = read
        #: Behind the last complete line.
        self.place = place
        self._rest = b""
        #: How much of the unfinished line has been hashed and let go, and its hash.
        self._dropped = 0
        self._long = sha256()

    @property
    def unfinished(self) -> int:
        """Bytes behind the place that are no complete line yet."""
        return self._dropped + len(self._rest)

    def more(self) -> list[Line] | None:
        """Return the lines that the next piece completes, None at the present end."""
        piece = self._read(PIECE)
        if not piece:
            return None
        *complete, rest = (self._rest + piece).split(b"\n")
        lines = [self._line(raw) for raw in complete]
        self._rest = rest
        if len(rest) > LINE_LIMIT:
            self._let_go()
        return lines

    def _line(self, raw: bytes) -> Line:
        offset, chain, lines = self.place.offset, self.place.chain, self.place.lines
        size = self._dropped + len(raw) + 1
        line = raw[:-1] if raw.endswith(b"\r") else raw
        if self._dropped:
            self._long.update(line)
            chain, self._dropped, body = self._long.digest(), 0, None
        else:
            chain = after(chain, line)
            body = line if len(line) <= LINE_LIMIT else None
        self.place = Place(offset + size, chain, lines + 1)
        return Line(body, self.place)

    def _let_go(self) -> None:
        """Hash the beginning of an endless line and forget it, but for a CR that may end it."""
        if not self._dropped:
            self._long = sha256(self.place.chain)
        self._long.update(self._rest[:-1])
        self._dropped += len(self._rest) - 1
        self._rest = self._rest[-1:]


class LiveFile:
    """An open file that others may rename, delete, cut off and write to."""

    def __init__(self, path: Path) -> None:
        self.descriptor = os.open(path, os.O_RDONLY)
        self._offset = 0
        self._tail = b""

    def seek(self, offset: int) -> None:
        """Read on from `offset`."""
        self._offset = offset
        self._tail = os.pread(self.descriptor, min(_TAIL, offset), max(0, offset - _TAIL))

    def read(self, most: int) -> bytes:
        """Return the next bytes.

        Raises:
            Rewritten: what stood before them is no longer there.
            OSError: the disk refused.
        """
        start = self._offset - len(self._tail)
        found = os.pread(self.descriptor, len(self._tail) + most, start)
        if not found.startswith(self._tail):
            raise Rewritten
        new = found[len(self._tail) :]
        self._offset += len(new)
        self._tail = found[-_TAIL:]
        return new

    @property
    def size(self) -> int:
        """How long the file is now."""
        return os.fstat(self.descriptor).st_size

    @property
    def identity(self) -> tuple[int, int]:
        """What tells an open file from another one, while it is open."""
        seen = os.fstat(self.descriptor)
        return seen.st_dev, seen.st_ino

    def close(self) -> None:
        """Let the file go."""
        os.close(self.descriptor)
