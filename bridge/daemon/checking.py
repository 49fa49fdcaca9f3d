"""The look at a large outbox that its start had no time for, beside everything else.

In: the outbox's own check. Out: the daemon's end where something is damaged, so that whoever
started it starts it again: it salvages then.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress

from bridge.control.views import Json
from bridge.outbox.archive.checking import Check

Done = Callable[["asyncio.Task[None]"], None]


@asynccontextmanager
async def checking(check: Check, on_death: Done) -> AsyncIterator[None]:
    """Look the outbox over for as long as this is entered, once."""
    task: asyncio.Task[None] = asyncio.create_task(check.run(), name="checking")
    task.add_done_callback(on_death)
    try:
        yield
    finally:
        task.remove_done_callback(on_death)
        task.cancel()
        with suppress(asyncio.CancelledError, Exception):  # the daemon has heard of it
            await task


def checked_view(check: Check) -> Json:
    """Return how far it has come, as `status` tells it."""
    checked = check.checked
    at = None if checked.at is None else checked.at.isoformat(timespec="seconds")
    return {"progress": round(checked.progress, 3), "whole_at": at, "words": checked.words()}
