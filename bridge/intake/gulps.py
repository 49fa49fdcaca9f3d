"""Datagrams, many in one go: what a socket holds is taken.

In: a socket. Out: datagrams with their senders, in the order they came. Knows nothing of what they
say, and keeps none.

On Linux one system call takes hundreds of them (recvmmsg). It is not the calls that this saves most
of: Python lets other threads go on during each one and waits for its turn after it, up to five
milliseconds. While a batch is being committed, a burst that is taken one by one would be lost.
"""

import ctypes
import mmap
import os
import socket
import struct
import sys
from collections.abc import Callable, Sequence
from errno import EAGAIN, EINTR
from typing import Final, Protocol, TypeAlias

#: Datagrams of one gulp, at most.
GULP: Final = 256
#: Senders that are remembered, before a gulp's own.
SENDERS: Final = 1024

_LARGEST: Final = 65_536

#: (host, port), and for IPv6 two numbers more.
Peer: TypeAlias = tuple[str, int] | tuple[str, int, int, int]
#: Is told why nothing more came.
Failed: TypeAlias = Callable[[OSError], None]
#: Datagrams, and who sent each.
Gulp: TypeAlias = tuple[Sequence[bytes], Sequence[Peer]]


class Mouth(Protocol):
    """What takes datagrams from a socket; one contract suite holds both kinds together."""

    def gulp(self) -> Gulp:
        """Take what has arrived, up to `GULP` datagrams."""
        ...


def mouth_of(sock: socket.socket, failed: Failed) -> Mouth:
    """Return the fastest one that this system has for `sock`."""
    return Many(sock, failed) if sys.platform == "linux" else OneByOne(sock, failed)


class OneByOne:
    """The general way, on any system: a call for each."""

    def __init__(self, sock: socket.socket, failed: Failed) -> None:
        self._socket = sock
        self._failed = failed
        self._buffer = bytearray(_LARGEST)
        self._known: dict[Peer, Peer] = {}

    def gulp(self) -> Gulp:
        """Take what has arrived; see `Mouth`."""
        bodies: list[bytes] = []
        peers: list[Peer] = []
        view = memoryview(self._buffer)
        for _ in range(GULP):
            try:
                size, peer = self._socket.recvfrom_into(self._buffer)
            except BlockingIOError:
                break
            except OSError as failure:  # an ICMP error of an earlier answer, mostly
                self._failed(failure)
                break
            bodies.append(bytes(view[:size]))
            peers.append(self._known.setdefault(peer, peer))
        if len(self._known) > SENDERS:
            self._known.clear()
        return bodies, peers


class _Vector(ctypes.Structure):
    """Linux's iovec: where bytes lie, and how many."""

    _fields_ = (("base", ctypes.c_void_p), ("length", ctypes.c_size_t))


class _Message(ctypes.Structure):
    """Linux's msghdr: room for an address, and vectors."""

    _fields_ = (
        ("name", ctypes.c_void_p),
        ("name_length", ctypes.c_uint32),
        ("vectors", ctypes.c_void_p),
        ("vector_count", ctypes.c_size_t),
        ("control", ctypes.c_void_p),
        ("control_length", ctypes.c_size_t),
        ("flags", ctypes.c_int),
    )


class _Header(ctypes.Structure):
    """Linux's mmsghdr: a message, and how many bytes came."""

    _fields_ = (("message", _Message), ("length", ctypes.c_uint32))


#: Room for an address of either family.
_NAME: Final = 32
#: A datagram up to this touches no second page of its room.
_PAGE: Final = 4096
_IP4: Final = struct.Struct("!2xH4s")
_IP6: Final = struct.Struct("!2xHI16s")
_SCOPE: Final = struct.Struct("=I")
#: Where a header's length stands among the four-byte numbers of all headers.
_LENGTH: Final = _Header.length.offset // 4
_STRIDE: Final = ctypes.sizeof(_Header) // 4


class Many:
    """Linux's way: one call for all.

    Each datagram has room for the largest there is. That is address space only: memory is what has
    been written to, a page each, and after large ones it is given back.
    """

    def __init__(self, sock: socket.socket, failed: Failed) -> None:
        self._socket = sock
        self._failed = failed
        self._room = mmap.mmap(-1, GULP * _LARGEST)
        self._names = (ctypes.c_char * (GULP * _NAME))()
        self._vectors = (_Vector * GULP)()
        self._headers = (_Header * GULP)()
        self._lay_out()
        self._fresh = bytes(self._headers)
        self._numbers = memoryview(self._headers).cast("B").cast("I")
        self._known: dict[bytes, Peer] = {}
        self._receive = ctypes.CDLL(None, use_errno=True).recvmmsg
        self._receive.argtypes = (
            ctypes.c_int,
            ctypes.c_void_p,
            ctypes.c_uint,
            ctypes.c_int,
            ctypes.c_void_p,
        )

    def _lay_out(self) -> None:
        """Give each header its address and its room."""
        room = ctypes.addressof(ctypes.c_char.from_buffer(self._room))
        names = ctypes.addressof(self._names)
        for number, (vector, header) in enumerate(zip(self._vectors, self._headers, strict=True)):
            vector.base, vector.length = room + number * _LARGEST, _LARGEST
            message = header.message
            message.name, message.name_length = names + number * _NAME, _NAME
            message.vectors, message.vector_count = ctypes.addressof(vector), 1

    def gulp(self) -> Gulp:
        """Take what has arrived; see `Mouth`."""
        ctypes.memmove(self._headers, self._fresh, len(self._fresh))
        came = self._receive(self._socket.fileno(), self._headers, GULP, socket.MSG_DONTWAIT, None)
        if came < 0:
            self._tell(ctypes.get_errno())
            return (), ()
        sizes = self._numbers[_LENGTH::_STRIDE][:came].tolist()
        room = self._room
        bodies = [room[n * _LARGEST : n * _LARGEST + size] for n, size in enumerate(sizes)]
        if max(sizes) > _PAGE:
            room.madvise(mmap.MADV_DONTNEED)
        return bodies, self._peers(came)

    def _tell(self, number: int) -> None:
        if number not in {EAGAIN, EINTR}:
            self._failed(OSError(number, os.strerror(number)))

    def _peers(self, came: int) -> list[Peer]:
        """Return who sent each; one sender is one object, however often it sends."""
        known, names = self._known, self._names.raw
        if len(known) > SENDERS:
            known.clear()
        peers: list[Peer] = []
        for start in range(0, came * _NAME, _NAME):
            name = names[start : start + _NAME]
            peer = known.get(name)
            if peer is None:
                peer = known[name] = _read(name)
            peers.append(peer)
        return peers


def _read(name: bytes) -> Peer:
    """Return the address in a sockaddr, in the words of Python's own."""
    family = int.from_bytes(name[:2], sys.byteorder)
    if family == socket.AF_INET:
        port, host = _IP4.unpack_from(name)
        return socket.inet_ntoa(host), port
    port, flow, host = _IP6.unpack_from(name)
    return socket.inet_ntop(socket.AF_INET6, host), port, flow, _SCOPE.unpack_from(name, 24)[0]


_: type[Mouth] = OneByOne
_many: type[Mouth] = Many
