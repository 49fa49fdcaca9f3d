"""Changes in a folder, as Linux's kernel tells of them; nothing runs until it does.

In: a folder. Out: a call when something in it has changed. Knows nothing of what. Libraries for
this ask the kernel from a thread, a hundred times a second.
"""

import asyncio
import ctypes
import os
import struct
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Final, Self

#: What may concern who reads files there: written, made, moved, removed, other rights.
_CHANGES: Final = 0x2 | 0x4 | 0x40 | 0x80 | 0x100 | 0x200
#: The folder itself was removed or moved, which is asked for; unmounted, or not watched any more.
_ASKED: Final = 0x400 | 0x800
_GONE: Final = _ASKED | 0x2000 | 0x8000
_ONLY_FOLDERS: Final = 0x0100_0000
_EVENT: Final = struct.Struct("=iIII")
_GULP: Final = 64 * 1024


class Inotify:
    """Calls `changed` for as long as it is entered, at most once in `gathered` seconds.

    Raises (when it is entered):
        FileNotFoundError, OSError: the folder can't be watched.
    """

    def __init__(self, folder: Path, changed: Callable[[], None], gathered: float) -> None:
        self._folder = folder
        self._changed = changed
        self._gathered = gathered
        self._resting: asyncio.TimerHandle | None = None
        #: Set when the folder is there no longer, so that nothing more will be told.
        self.gone = asyncio.Event()

    def __enter__(self) -> Self:
        """Begin to listen."""
        library = ctypes.CDLL(None, use_errno=True)
        self._descriptor = _checked(library.inotify_init1(os.O_NONBLOCK | os.O_CLOEXEC))
        try:
            mask = ctypes.c_uint32(_CHANGES | _ASKED | _ONLY_FOLDERS)
            _checked(library.inotify_add_watch(self._descriptor, os.fsencode(self._folder), mask))
        except OSError:
            os.close(self._descriptor)
            raise
        asyncio.get_running_loop().add_reader(self._descriptor, self._rest)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Listen no more."""
        asyncio.get_running_loop().remove_reader(self._descriptor)
        if self._resting is not None:
            self._resting.cancel()
        os.close(self._descriptor)

    def _rest(self) -> None:
        """Let changes gather: a busy log is written to a thousand times a second."""
        loop = asyncio.get_running_loop()
        loop.remove_reader(self._descriptor)
        self._resting = loop.call_later(self._gathered, self._tell)

    def _tell(self) -> None:
        self._resting = None
        if self._read() & _GONE:
            self.gone.set()
        else:
            asyncio.get_running_loop().add_reader(self._descriptor, self._rest)
        self._changed()

    def _read(self) -> int:
        """Take the news and return their marks together; what is too much comes the next time."""
        try:
            told = os.read(self._descriptor, _GULP)
        except BlockingIOError:
            return 0
        marks = at = 0
        while at < len(told):
            _, mark, _, name = _EVENT.unpack_from(told, at)
            marks |= mark
            at += _EVENT.size + name
        return marks


def _checked(result: int) -> int:
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
    return result
