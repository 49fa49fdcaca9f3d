"""The frames of a write-ahead log, each judged by itself.

In: the bytes of a `-wal` file. Out: its whole frames of committed transactions, also those behind a
torn one, where SQLite would stop reading.
"""

import struct
from pathlib import Path
from typing import Final

from bridge.record import record

_HEADER: Final = 32
_FRAME: Final = 24
_LITTLE, _BIG = 0x377F0682, 0x377F0683


@record
class Frame:
    """One page as the log has it: where its bytes are, and how many pages a commit leaves."""

    page: int
    offset: int
    pages_after: int


@record
class Log:
    """What a log holds.

    `frames` are whole and committed, in order. `skipped` counts torn frames that whole ones of the
    same log come after: there SQLite stops, and leaves out all that follows.
    """

    path: Path
    page_size: int
    frames: tuple[Frame, ...]
    skipped: int


def read_log(path: Path) -> Log | None:
    """Read the log at `path`; None where there is none, or nothing that could be one.

    Raises:
        OSError: it is there and can't be read.
    """
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        return None
    if len(data) < _HEADER:
        return None
    magic, _, size, _, *salt = struct.unpack(">6I", data[:24])
    order = {_LITTLE: "<", _BIG: ">"}.get(magic)
    if order is None or size < 512 or size > 65536 or size & (size - 1):
        return None
    return _Reader(path, data, size, order, (salt[0], salt[1])).log()


class _Reader:
    def __init__(
        self, path: Path, data: bytes, page_size: int, order: str, salt: tuple[int, int]
    ) -> None:
        self._path = path
        self._data = data
        self._page_size = page_size
        self._order = order
        self._salt = salt

    def log(self) -> Log:
        """Go through all frames; a torn one spoils no other, but its transaction's end counts."""
        data, step = self._data, _FRAME + self._page_size
        seed = _sum(data[: _HEADER - 8], (0, 0), self._order)
        kept: list[Frame] = []
        open_frames: list[Frame] = []
        torn = skipped = 0
        for at in range(_HEADER, len(data) - step + 1, step):
            page, after, salt1, salt2, sum1, sum2 = struct.unpack(">6I", data[at : at + _FRAME])
            if (salt1, salt2) != self._salt:
                torn += 1
                seed = (sum1, sum2)
                continue
            found = _sum(data[at : at + 8], seed, self._order)
            found = _sum(data[at + _FRAME : at + step], found, self._order)
            seed = (sum1, sum2)  # the next one is judged by what this one says, torn or not
            if found != seed or page == 0:
                torn += 1
                continue
            skipped, torn = skipped + torn, 0
            open_frames.append(Frame(page, at + _FRAME, after))
            if after:
                kept += open_frames
                open_frames = []
        return Log(self._path, self._page_size, tuple(kept), skipped)


def _sum(data: bytes, seed: tuple[int, int], order: str) -> tuple[int, int]:
    """Return SQLite's checksum of `data`, which goes on from another one."""
    one, two = seed
    words = struct.unpack(f"{order}{len(data) // 4}I", data)
    for even, odd in zip(words[::2], words[1::2], strict=True):
        one = (one + even + two) & 0xFFFFFFFF
        two = (two + odd + one) & 0xFFFFFFFF
    return one, two
