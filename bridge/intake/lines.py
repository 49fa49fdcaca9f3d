"""The lines of a stream, cut from whatever pieces the network makes of them.

In: pieces of a stream. Out: whole lines, and a mark where one was too long. Keeps at most one line.
"""

import codecs

from bridge.intake.bodies import ITEM_LIMIT, Item, too_large


class Lines:
    """A splitter for one stream; blank lines don't count."""

    def __init__(self, limit: int = ITEM_LIMIT) -> None:
        self._limit = limit
        self._rest = b""
        self._skipping = False
        self._started = False

    def feed(self, piece: bytes) -> list[Item]:
        """Take a piece; return the lines that it ends."""
        *ends, rest = piece.split(b"\n")
        lines = [line for end in ends[:1] if (line := self._line(end))]
        lines += self._whole(ends[1:])
        self._keep(rest)
        return lines

    def _whole(self, ends: list[bytes]) -> list[Item]:
        """Return the lines of pieces of which each is one: all between two line ends."""
        if max(map(len, ends), default=0) <= self._limit:  # as nearly always
            return [whole for end in ends if (whole := end.strip(b" \t\r\0"))]
        return [line for end in ends if (line := self._line(end))]

    def end(self) -> list[Item]:
        """Return the last line, where the stream ended without a newline."""
        return [line] if (line := self._line(b"")) else []

    def _line(self, end: bytes) -> Item | None:
        """Finish the line under way with `end`; None for a blank one."""
        self._keep(end)
        line, skipped = self._rest.removesuffix(b"\r"), self._skipping
        self._rest, self._skipping = b"", False
        if skipped or len(line) > self._limit:
            return too_large("the line", self._limit)
        if not self._started:
            self._started, line = True, line.removeprefix(codecs.BOM_UTF8)
        return line.strip(b" \t\r\0") or None

    def _keep(self, piece: bytes) -> None:
        # One byte more for the CR that may end the line.
        if self._skipping or len(self._rest) + len(piece) > self._limit + 1:
            self._rest, self._skipping = b"", True
        else:
            self._rest += piece
