"""The pages of a damaged database: the log's newest whole ones over those of the file.

In: the file's path. Out: pages by number. Where the header can't be trusted, what is usual is
assumed, and said.
"""

import struct
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Final, Self

from bridge.sqlite.salvage.log import Log, read_log

_MAGIC: Final = b"SQLite format 3\0"
_USUAL: Final = 4096
_POINTER: Final = 5


class Pages:
    """An open database, read page by page."""

    def __init__(self, file: BinaryIO, size: int, log: Log | None) -> None:
        self._file = file
        self._log_file: BinaryIO | None = log.path.open("rb") if log and log.frames else None
        self.log = log
        self._newest = {frame.page: frame.offset for frame in log.frames} if log else {}
        #: What of the header could not be trusted.
        self.doubts: list[str] = []
        header = self._header()
        self.size = self._page_size(header)
        #: Bytes of a page that are used.
        self.usable = self.size - (header[20] if header[20] <= 64 else 0)
        whole = -(-size // self.size)
        committed = log.frames[-1].pages_after if log and log.frames else 0
        self.count = committed or whole
        #: The number of the schema, as the file says it.
        self.version: int = struct.unpack(">I", header[60:64])[0]
        self._pointers = bool(struct.unpack(">I", header[52:56])[0]) and self._is_whole(header)

    @classmethod
    def open(cls, path: Path) -> Self:
        """Open the database at `path` and its log; raises OSError."""
        log = read_log(path.with_name(f"{path.name}-wal"))
        return cls(path.open("rb"), path.stat().st_size, log)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._file.close()
        if self._log_file is not None:
            self._log_file.close()

    def page(self, number: int) -> bytes:
        """Return a page's bytes; fewer where the file ends."""
        offset = self._newest.get(number)
        if offset is not None and self._log_file is not None:
            self._log_file.seek(offset)
            return self._log_file.read(self.size)
        self._file.seek((number - 1) * self.size)
        return self._file.read(self.size)

    def numbers(self) -> Iterator[int]:
        """Yield the numbers of all pages that could hold rows."""
        for number in range(1, self.count + 1):
            if not self._is_pointer_map(number):
                yield number

    # -- the header -------------------------------------------------------------------------

    def _header(self) -> bytes:
        """Return the newest header that looks like one, else the file's."""
        self._file.seek(0)
        in_file = self._file.read(100).ljust(100, b"\0")
        if self._log_file is not None and 1 in self._newest:
            self._log_file.seek(self._newest[1])
            in_log = self._log_file.read(100)
            if in_log.startswith(_MAGIC):
                return in_log
        if not in_file.startswith(_MAGIC):
            self.doubts.append("the header is damaged")
        return in_file

    def _page_size(self, header: bytes) -> int:
        if self.log is not None:
            return self.log.page_size
        size: int = struct.unpack(">H", header[16:18])[0]
        size = 65536 if size == 1 else size
        if size < 512 or size & (size - 1):
            self.doubts.append(f"the page size can't be read, {_USUAL} is assumed")
            return _USUAL
        return size

    @staticmethod
    def _is_whole(header: bytes) -> bool:
        return header.startswith(_MAGIC)

    def _is_pointer_map(self, number: int) -> bool:
        """Whether a page says where others belong; only files that can shrink have such ones."""
        return self._pointers and number >= 2 and (number - 2) % (self.usable // _POINTER + 1) == 0
