"""Load rsyslog by RELP: one syslog message an event, a session a caller.

In: a port. Out: a line of JSON. Knows RELP's frames: number, command, length, data.
"""

import asyncio
import sys
from contextlib import AsyncExitStack
from typing import Final

from benchmarks.peers.contract import Loaded
from benchmarks.peers.loaders.closed import NotAcknowledged, Orders, Send, closed, say

_OFFERS: Final = b"relp_version=0\nrelp_software=benchmarks\ncommands=syslog"
_HEAD: Final = b"<14>1 2026-11-28T12:00:00Z localhost game - - - "
_MOST: Final = 999_999_999


async def load(orders: Orders) -> Loaded:
    """Run as many callers; raises `NotAcknowledged` for an answer that is not `200 OK`."""
    async with AsyncExitStack() as open_ones:
        sends = []
        for _ in range(orders.callers):
            reader, writer = await asyncio.open_connection("127.0.0.1", orders.port)
            open_ones.callback(writer.close)
            await _call(reader, writer, 1, b"open", _OFFERS)
            sends.append(_sender(reader, writer))
        book = await closed(orders, sends)
        return book.loaded()


def _sender(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> Send:
    number = 1

    async def send(key: str, event: bytes) -> None:  # the event says its id itself
        nonlocal number
        number = number % _MOST + 1
        await _call(reader, writer, number, b"syslog", _HEAD + event)

    return send


async def _call(
    reader: asyncio.StreamReader,
    writer: asyncio.StreamWriter,
    number: int,
    word: bytes,
    data: bytes,
) -> None:
    writer.write(b"%d %s %d %s\n" % (number, word, len(data), data))
    answer = [await reader.readuntil(b" ") for _ in range(3)]
    said = await reader.readexactly(int(answer[2]) + 1)
    if answer[:2] != [b"%d " % number, b"rsp "] or not said.startswith(b"200"):
        raise NotAcknowledged(f"rsyslog answered {b''.join(answer) + said!r}")


if __name__ == "__main__":
    try:
        say(asyncio.run(load(Orders.read())))
    except NotAcknowledged as failed:
        sys.exit(f"error: {failed}")
