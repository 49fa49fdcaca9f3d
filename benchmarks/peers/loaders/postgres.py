"""Load PostgreSQL by asyncpg: a prepared `INSERT … ON CONFLICT DO NOTHING`, a connection a caller.

In: a port. Out: a line of JSON.
"""

import asyncio
import sys
from contextlib import AsyncExitStack
from typing import Final
from uuid import UUID

import asyncpg

from benchmarks.peers.contract import Loaded
from benchmarks.peers.loaders.closed import NotAcknowledged, Orders, Send, closed, say

_TABLE: Final = "CREATE TABLE IF NOT EXISTS events (key uuid PRIMARY KEY, event text NOT NULL)"
_INSERT: Final = "INSERT INTO events (key, event) VALUES ($1, $2) ON CONFLICT DO NOTHING"
_SYNCED: Final = ("fsync", "synchronous_commit", "full_page_writes")


async def load(orders: Orders) -> Loaded:
    """Run as many callers.

    Raises:
        NotAcknowledged: the server does not sync before it answers, or refused an event.
    """
    async with AsyncExitStack() as open_ones:
        ones = [await _connect(orders.port) for _ in range(orders.callers)]
        for one in ones:
            open_ones.push_async_callback(one.close)
        told = [f"{name}={await _setting(ones[0], name)}" for name in _SYNCED]
        method = await ones[0].fetchval("SHOW wal_sync_method")
        await ones[0].execute(_TABLE)
        book = await closed(orders, [await _sender(one) for one in ones])
        kept = await ones[0].fetchval("SELECT count(*) FROM events")
        return book.loaded(kept=kept, told=" ".join([*told, f"wal_sync_method={method}"]))


async def _connect(port: int) -> asyncpg.Connection:
    return await asyncpg.connect(host="127.0.0.1", port=port, user="bench", database="postgres")


async def _setting(one: asyncpg.Connection, name: str) -> str:
    found = str(await one.fetchval(f"SHOW {name}"))
    if found != "on":
        raise NotAcknowledged(f"PostgreSQL has {name} {found}: it answers before it syncs")
    return found


async def _sender(one: asyncpg.Connection) -> Send:
    insert = await one.prepare(_INSERT)

    async def send(key: str, event: bytes) -> None:
        await insert.fetch(UUID(key), event.decode())
        if insert.get_statusmsg() != "INSERT 0 1":
            raise NotAcknowledged(f"PostgreSQL answered {insert.get_statusmsg()}")

    return send


if __name__ == "__main__":
    try:
        say(asyncio.run(load(Orders.read())))
    except NotAcknowledged as failed:
        sys.exit(f"error: {failed}")
