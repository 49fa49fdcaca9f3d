"""The connections that are kept to one host, so that a request seldom waits for a handshake.

In: an address. Out: a connection that can be asked, a rested one first. How many there are is for
those to bound who ask. Proxies of the environment are not used, as by the other calls.
"""

import asyncio
import socket
import ssl
from functools import cache
from types import TracebackType
from typing import Any, Final, Self

from aiohappyeyeballs import start_connection

from bridge.campaigns.posting.connection import Connection
from bridge.record import record

#: A connection that nobody used for so long is closed: its host may be about to (seconds).
_REST: Final = 30.0
#: After so long, the next one of a host's addresses is tried beside the first (RFC 8305).
_NEXT_ADDRESS: Final = 0.25


class NotSent(ConnectionError):
    """No connection came about: it is certain that nothing was sent."""


@record
class Address:
    """Where a host is."""

    host: str
    port: int
    tls: bool


class Connections:
    """Connections to one address; an async context manager that closes them all.

    `patience` is how long one may take to come about, names and TLS included, in seconds.
    """

    def __init__(self, address: Address, patience: float) -> None:
        self._address = address
        self._patience = patience
        self._loop = asyncio.get_running_loop()
        self._all: set[Connection] = set()
        #: The one that was used last is on top: what isn't needed goes out of use and is closed.
        self._resting: list[Connection] = []
        self._timer: asyncio.TimerHandle | None = None
        self._empty = asyncio.Event()

    async def __aenter__(self) -> Self:
        """Begin with none."""
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close them, and wait until they are."""
        if self._timer is not None:
            self._timer.cancel()
        for connection in self._all:
            connection.drop()
        while self._all:
            self._empty.clear()
            await self._empty.wait()

    def rested(self) -> Connection | None:
        """Return a connection that is open and rests, if there is one."""
        oldest = self._loop.time() - _REST
        while self._resting:
            connection = self._resting.pop()
            if connection.usable and connection.rested_at > oldest:
                return connection
            connection.drop()
        return None

    async def new(self) -> Connection:
        """Connect.

        Raises:
            NotSent: the name, the connection or the handshake failed, or took too long.
        """
        to, tls = self._address, _tls() if self._address.tls else None
        try:
            async with asyncio.timeout(self._patience):
                found = await self._loop.run_in_executor(None, _found, to)
                # Not by `create_connection` itself: uvloop's tries one address after the other.
                sock = await start_connection(found, happy_eyeballs_delay=_NEXT_ADDRESS)
                _, connection = await self._loop.create_connection(
                    lambda: Connection(self._rests, self._gone),
                    sock=sock,
                    ssl=tls,
                    server_hostname=to.host.rstrip(".") if to.tls else None,
                )
        except TimeoutError as failure:
            raise NotSent(f"no connection to {to.host}:{to.port} in time") from failure
        except (OSError, ValueError) as failure:  # a name that is none is a ValueError
            raise NotSent(f"no connection to {to.host}:{to.port}: {failure}") from failure
        if not connection.usable:
            raise NotSent(f"{to.host}:{to.port} spoke or hung up before it was asked")
        self._all.add(connection)
        return connection

    def _rests(self, connection: Connection) -> None:
        connection.rested_at = self._loop.time()
        self._resting.append(connection)
        if self._timer is None:
            self._timer = self._loop.call_later(_REST, self._tidy)

    def _tidy(self) -> None:
        oldest = self._loop.time() - _REST
        self._timer = None
        while self._resting and self._resting[0].rested_at <= oldest:
            self._resting.pop(0).drop()
        if self._resting:
            self._timer = self._loop.call_at(self._resting[0].rested_at + _REST, self._tidy)

    def _gone(self, connection: Connection) -> None:
        self._all.discard(connection)
        if connection in self._resting:
            self._resting.remove(connection)
        self._empty.set()


def _found(to: Address) -> list[tuple[Any, ...]]:
    """Look a host's addresses up, in a thread of the executor.

    uvloop's own `getaddrinfo` has four threads, and does not forget who has given up waiting: while
    a name server is silent, the end of the daemon would wait for all of them in turn.
    """
    return socket.getaddrinfo(to.host, to.port, type=socket.SOCK_STREAM)


@cache
def _tls() -> ssl.SSLContext:
    """Return what every connection checks certificates with; reading them all takes long."""
    context = ssl.create_default_context()
    context.set_alpn_protocols(["http/1.1"])
    return context
