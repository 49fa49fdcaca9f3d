"""Wakes who follows files in a folder: the kernel tells of changes, and looking helps where not.

In: a folder. Out: a wait that ends when something may have changed. Knows nothing of what.
"""

import asyncio
import sys
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Final, Self

from bridge.intake.files.inotify import Inotify
from bridge.loading import later

if TYPE_CHECKING:
    import watchfiles
else:
    watchfiles = later("watchfiles")

#: Milliseconds in which changes are gathered before somebody is woken.
_GATHERED: Final = 50
_STEP: Final = 10
#: So many times longer is nobody woken where the kernel tells of changes.
_SELDOM: Final = 5


class Watch:
    """A folder that is watched for as long as it is entered.

    It is looked at every `poll` seconds where the kernel tells of nothing, and now and then where
    it does: some network file systems let themselves be watched and keep silent.
    """

    def __init__(self, folder: Path, poll: float) -> None:
        self._folder = folder
        self._poll = poll
        self._woken = asyncio.Event()
        self._stop = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._watched = False
        #: Why the kernel tells of nothing.
        self.trouble: str | None = None

    async def __aenter__(self) -> Self:
        """Begin to watch."""
        self._task = asyncio.create_task(self._run(), name=f"watch {self._folder}")
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Watch no more."""
        self._stop.set()
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def wait(self) -> None:
        """Return when something may have changed, and now and then for good measure."""
        seldom = _SELDOM if self._watched else 1
        try:
            async with asyncio.timeout(self._poll * seldom):
                await self._woken.wait()
        except TimeoutError:
            return
        self._woken.clear()

    async def _run(self) -> None:
        while True:
            try:
                if sys.platform == "linux":
                    await self._told()
                else:
                    await self._asked()
            except FileNotFoundError:  # the folder is not there yet, or no longer
                self.trouble = f"there is no folder {self._folder}"
            except OSError as failure:
                self.trouble = f"{self._folder} can't be watched ({failure}); it is looked at"
            self._watched = False
            self._woken.set()
            await asyncio.sleep(self._poll)

    async def _told(self) -> None:
        """Be woken by the kernel, until the folder is gone."""
        with Inotify(self._folder, self._woken.set, _GATHERED / 1000) as watched:
            self._begun()
            await watched.gone.wait()

    async def _asked(self) -> None:
        """Be woken by a thread that looks for news all the time, on systems without inotify."""
        async for _ in watchfiles.awatch(
            self._folder,
            debounce=_GATHERED,
            step=_STEP,
            stop_event=self._stop,
            recursive=False,
        ):
            self._begun()

    def _begun(self) -> None:
        self.trouble = None
        self._watched = True
        self._woken.set()
