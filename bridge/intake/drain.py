"""The receiving half of the UDP door: a socket, emptied into memory as fast as it fills.

In: an address. Out: datagrams with their senders, in the order they came. Knows nothing of what
they say.

The kernel's buffer holds a few thousand datagrams and drops the rest without a word. So it is
emptied whenever the loop turns, also while a batch is being committed, up to a bound of memory;
beyond that the kernel's buffer is all there is.
"""

import asyncio
import socket
import struct
import sys
from collections import deque
from typing import Final

from bridge.intake.gulps import GULP, Failed, Peer, mouth_of
from bridge.record import record
from bridge.settings.kinds import split_address

#: Memory for datagrams that wait for their turn.
BOUND: Final = 96 * 1024 * 1024
#: Datagrams read in one turn of the loop, at most; others want their turn too.
A_TURN: Final = 8192
#: So many in one turn of an otherwise idle loop come from a sender that outruns us.
BURST: Final = 16

#: What a waiting datagram takes besides its bytes, about.
_OVERHEAD: Final = 80
_SO_MEMINFO: Final = 55  # Linux: nine numbers about a socket's memory
_MEMINFO: Final = struct.Struct("=9I")
_SO_RCVBUFFORCE: Final = 33  # Linux: past the system's limit, for the privileged

#: A datagram and who sent it.
Arrived = tuple[bytes, Peer]


class Drain:
    """A bound socket and what has come in and waits; one task takes from it."""

    def __init__(self, sock: socket.socket, failed: Failed, *, bound: int = BOUND) -> None:
        self.socket = sock
        self._mouth = mouth_of(sock, failed)
        self._bound = bound
        # Bytes and senders lie apart and senders are shared: nothing here is work for the garbage
        # collector, whose pauses would cost more datagrams than anything else.
        self._waiting: deque[bytes] = deque()
        self._senders: deque[Peer] = deque()
        self._size = 0
        self._wake = asyncio.Event()
        self._reading = False
        self._stopped = False

    def start(self) -> None:
        """Begin to read."""
        asyncio.get_running_loop().add_reader(self.socket, self._read)
        self._reading = True

    def stop(self) -> None:
        """Read what has arrived, and no more after that; `take` still hands it out."""
        self._rest()
        self._stopped = True
        self._read()
        self._wake.set()

    async def take(self, most: int) -> list[Arrived]:
        """Return up to `most` datagrams, waiting for the first; none after the last one."""
        while not self._waiting and not self._stopped:
            self._wake.clear()
            await self._wake.wait()
        await self._listen_first()
        count = min(most, len(self._waiting))
        taken = [(self._waiting.popleft(), self._senders.popleft()) for _ in range(count)]
        self._size -= sum(len(data) + _OVERHEAD for data, _ in taken)
        if not self._reading and not self._stopped and self._size <= self._bound // 2:
            self.start()
        return taken

    async def _listen_first(self) -> None:
        """Put off all work while a burst lasts: what isn't read now is lost, the rest can wait."""
        while self._reading and self._size <= self._bound // 2:
            if self._read() < BURST:
                return
            await asyncio.sleep(0)

    def _read(self) -> int:
        """Empty the socket; return how many came."""
        before = len(self._waiting)
        for _ in range(A_TURN // GULP):
            if self._size >= self._bound:
                self._rest()
                break
            bodies, peers = self._mouth.gulp()
            self._waiting += bodies
            self._senders += peers
            self._size += sum(map(len, bodies)) + _OVERHEAD * len(bodies)
            if len(bodies) < GULP:
                break
        if self._waiting:
            self._wake.set()
        return len(self._waiting) - before

    def _rest(self) -> None:
        if self._reading:
            asyncio.get_running_loop().remove_reader(self.socket)
            self._reading = False


async def bound_socket(listen: str) -> socket.socket:
    """Return a socket bound to `listen`.

    Raises:
        OSError: the address can't be had.
    """
    host, port = split_address(listen)
    loop = asyncio.get_running_loop()
    found = await loop.getaddrinfo(host, port, type=socket.SOCK_DGRAM)
    family, kind, protocol, _, address = found[0]
    sock = socket.socket(family, kind, protocol)
    try:
        sock.setblocking(False)
        sock.bind(address)
    except BaseException:
        sock.close()
        raise
    return sock


async def opened_socket(
    listen: str, receive_buffer: int, held: socket.socket | None = None
) -> tuple[socket.socket, int | None]:
    """Return a socket for `listen`, and what it got of the receive buffer, if that is less.

    A `held` one is taken as it is: its buffer is set by who holds it.

    Raises:
        OSError: the address can't be had.
    """
    if held is not None:
        return held, short(held, receive_buffer)
    sock = await bound_socket(listen)
    return sock, widen(sock, receive_buffer)


def widen(sock: socket.socket, asked: int) -> int | None:
    """Ask for a receive buffer of `asked` bytes; return what the kernel gave, if that is less."""
    linux = sys.platform == "linux"
    options = (_SO_RCVBUFFORCE, socket.SO_RCVBUF) if linux else (socket.SO_RCVBUF,)
    for option in options:
        try:
            sock.setsockopt(socket.SOL_SOCKET, option, min(asked, 2**31 - 1))
            break
        except OSError:  # not privileged, or more than this system allows
            continue
    return short(sock, asked)


def short(sock: socket.socket, asked: int) -> int | None:
    """Return the size of a socket's receive buffer, if that is less than `asked`."""
    given = sock.getsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF)
    if sys.platform == "linux":
        given //= 2  # it tells twice the size: half is for its own bookkeeping
    return given if given < asked else None


@record
class Buffer:
    """A socket in the kernel: bytes of its receive buffer, and datagrams that it dropped.

    None where this system doesn't tell.
    """

    given: int | None = None
    dropped: int | None = None


def buffer_of(sock: socket.socket) -> Buffer:
    """Return what the kernel says of a socket; nothing of a closed one."""
    try:
        given = sock.getsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF)
        if sys.platform != "linux":
            return Buffer(given)
        told = sock.getsockopt(socket.SOL_SOCKET, _SO_MEMINFO, _MEMINFO.size)
    except OSError:
        return Buffer()
    # It tells twice the size: half is for its own bookkeeping. Drops are the last of the numbers.
    return Buffer(given // 2, _MEMINFO.unpack(told)[-1])


def written(peer: Peer) -> str:
    """Return `peer` as people write it."""
    host, port, *_ = peer
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
