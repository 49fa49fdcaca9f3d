"""A daemon whose outbox holds as many entries as is asked for, built in little time.

In: a `Bench` and a number. Out: a running daemon; its first entries came by its own door, the rest
by `backlog`. Knows nothing of what is measured.

By hand, `python -m benchmarks.grown FOLDER COUNT [--linked]` leaves the folder of such a daemon,
stopped, with its `config.toml`, to be looked into and started with `campaign-bridge`.
"""

import argparse
import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

import aiohttp

from benchmarks.backlog import multiply
from benchmarks.commands import command
from benchmarks.contract import Bench
from benchmarks.daemon import Running, daemon, throwaway
from benchmarks.load.events import event

#: Players, each with an equal part of the entries.
PLAYERS: Final = 1000


@asynccontextmanager
async def grown(
    bench: Bench, count: int, *, linked: bool = False, base_url: str | None = None
) -> AsyncIterator[Running]:
    """Run a daemon with `count` entries as `daemon.throwaway` does.

    With `linked` they are due and the campaign is paused, so that nothing is delivered before
    `resume`; else they are held, since nobody is linked.
    """
    async with throwaway(bench, linked=PLAYERS if linked else 0, base_url=base_url) as running:
        await fill(running, count, linked=linked)
        await running.start()
        yield running


async def fill(running: Running, count: int, *, linked: bool) -> None:
    """Bring a fresh daemon to `count` entries; it is stopped afterwards."""
    if linked:
        await command(running.stage, "campaign", "pause")
    await seed(running)
    await running.stop()
    await asyncio.to_thread(multiply, running.outbox, count)


async def resume(running: Running) -> None:
    """Let a paused campaign be delivered."""
    await command(running.stage, "campaign", "resume")


async def seed(running: Running, events: int = PLAYERS, run: str = "seeds") -> None:
    """Have one event a player accepted, in the honest way: as lines over HTTP.

    Raises:
        RuntimeError: not all were stored as new.
    """
    headers = {"Authorization": f"Bearer {running.token}", "Content-Type": "application/x-ndjson"}
    body = b"".join(event(n, run=run, players=PLAYERS) + b"\n" for n in range(events))
    async with (
        aiohttp.ClientSession(headers=headers) as session,
        session.post(f"{running.http_url}/v1/achievements", data=body) as answer,
    ):
        told = await answer.json()
    if answer.status != 202 or told["stored"] != events:
        raise RuntimeError(f"seeds of a backlog were not stored: {answer.status} {told}")


async def main() -> None:
    """Fill a folder by hand."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.grown")
    parser.add_argument("folder", type=Path, help="A folder that is not there yet.")
    parser.add_argument("count", type=int, help="Entries that it shall hold.")
    parser.add_argument("--linked", action="store_true", help="Link all players: entries are due.")
    said = parser.parse_args()
    folder = said.folder.absolute()
    bench = Bench(folder.parent, quick=False, pairs=1)
    async with daemon(bench, folder, linked=PLAYERS if said.linked else 0) as running:
        await fill(running, said.count, linked=said.linked)


if __name__ == "__main__":
    asyncio.run(main())
