"""A door in front of a server: it can be shut, so that connections are refused, and opened again.

In: connections. Out: the same bytes at the server's port. Knows nothing of what they say.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager


class Door:
    """A forwarder on a port of its own, which stays the same."""

    def __init__(self, target: int) -> None:
        self._target = target
        self._server: asyncio.Server | None = None
        self._pipes: set[asyncio.Task[None]] = set()
        self.port = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/api"

    async def open(self) -> None:
        """Let connections in."""
        self._server = await asyncio.start_server(
            self._met, "127.0.0.1", self.port, reuse_address=True
        )
        self.port = self._server.sockets[0].getsockname()[1]

    async def shut(self) -> None:
        """Cut every connection and refuse new ones."""
        if self._server is not None:
            self._server.close()
        for pipe in self._pipes:
            pipe.cancel()
        await asyncio.gather(*self._pipes, return_exceptions=True)

    async def _met(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._pipes.add(task)
        there, to_there = await asyncio.open_connection("127.0.0.1", self._target)
        try:
            await asyncio.gather(_pipe(reader, to_there), _pipe(there, writer))
        except asyncio.CancelledError:
            return  # the streams' own callback takes a cancelled handler for a failure
        finally:
            for end in (writer, to_there):
                end.close()
                with contextlib.suppress(ConnectionError, asyncio.CancelledError):
                    await end.wait_closed()
            self._pipes.discard(task)


async def _pipe(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(ConnectionError):
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
    writer.close()


@asynccontextmanager
async def door_to(port: int) -> AsyncIterator[Door]:
    """Open a door to a port of this machine."""
    door = Door(port)
    await door.open()
    try:
        yield door
    finally:
        await door.shut()
