"""The daily tidying of the outbox: what is old and settled gives back its room.

In: an outbox, the settings as they are when it begins. Out: a smaller outbox. A disk that refuses
stops nothing: it is tried again the next day.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from datetime import timedelta
from typing import Final

import structlog

from bridge.errors import BridgeError
from bridge.outbox.archive.pruning import Policy
from bridge.outbox.store import SqliteOutbox
from bridge.settings.models import Settings

log = structlog.get_logger("outbox")

#: Seconds after the start, and between two times.
FIRST: Final = 600.0
EVERY: Final = 24 * 3600.0
#: Seconds between two steps: the writer has others to serve.
REST: Final = 0.05

Done = Callable[["asyncio.Task[None]"], None]


def prune_policy(settings: Settings) -> Policy:
    """Return how long what is kept."""
    outbox = settings.outbox
    return Policy(
        *(
            _seconds(age)
            for age in (
                outbox.keep_bodies,
                outbox.keep_attempts,
                outbox.keep_inbox,
                outbox.keep_journal,
                outbox.keep_changes,
            )
        )
    )


def _seconds(age: timedelta | None) -> float | None:
    return None if age is None else age.total_seconds()


@asynccontextmanager
async def pruning(
    outbox: SqliteOutbox,
    policy: Policy,
    on_death: Done,
    *,
    first: float = FIRST,
    every: float = EVERY,
) -> AsyncIterator[None]:
    """Prune once a day for as long as this is entered."""
    task = asyncio.create_task(_daily(outbox, policy, first, every), name="pruning")
    task.add_done_callback(on_death)
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def _daily(outbox: SqliteOutbox, policy: Policy, first: float, every: float) -> None:
    await asyncio.sleep(first)
    while True:
        try:
            gone = await outbox.prune(policy, rest=REST)
        except BridgeError as refused:
            log.warning("not pruned", action="prune_failed", error=str(refused))
        else:
            log.info(
                "pruned",
                action="outbox_pruned",
                bodies=gone.bodies,
                attempts=gone.attempts,
                shrunk=gone.shrunk,
            )
        await asyncio.sleep(every)
