"""Load Redis by a raw socket: `SET key event NX`, pipelined, as many in flight as callers.

In: a port. Out: a line of JSON. Knows RESP as far as `+OK`, `$-1`, `:n` and arrays of texts go.
"""

import socket
import sys
from typing import Final

from benchmarks.peers.contract import Loaded
from benchmarks.peers.loaders.closed import PATIENCE, Book, NotAcknowledged, Orders, events, say

_OK: Final = b"+OK\r\n"
_SYNCED: Final = {"appendonly": "yes", "appendfsync": "always"}


def load(orders: Orders) -> Loaded:
    """Keep `orders.callers` events in flight on one connection until time is up.

    Raises:
        NotAcknowledged: Redis does not sync before it answers, or answered something but `+OK`.
    """
    with socket.create_connection(("127.0.0.1", orders.port), timeout=PATIENCE) as peer:
        peer.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        told = " ".join(f"{name}={_setting(peer, name)}" for name in _SYNCED)
        book = _pipeline(peer, orders)
        return book.loaded(kept=int(_ask(peer, "DBSIZE")[1:]), told=told)


def _pipeline(peer: socket.socket, orders: Orders) -> Book:
    more, book, flying, left = events(), Book(orders.seconds), 0, b""
    going, room = True, orders.callers
    while going or flying:
        if going:
            peer.sendall(b"".join(_set(*next(more)) for _ in range(room)))
            flying += room
        answers = left + _some(peer)
        room = answers.count(_OK)
        if answers != (_OK * (room + 1))[: len(answers)]:
            raise NotAcknowledged(f"Redis answered {answers[:200]!r}")
        left = answers[room * len(_OK) :]
        flying -= room
        going = book.more(room) and going
    return book


def _set(key: str, event: bytes) -> bytes:
    return b"*4\r\n$3\r\nSET\r\n$32\r\n%s\r\n$%d\r\n%s\r\n$2\r\nNX\r\n" % (
        key.encode(),
        len(event),
        event,
    )


def _setting(peer: socket.socket, name: str) -> str:
    found = _ask(peer, "CONFIG", "GET", name).decode().split("\r\n")[4]
    if found != _SYNCED[name]:
        raise NotAcknowledged(f"Redis has {name} {found}: it answers before it syncs")
    return found


def _ask(peer: socket.socket, *words: str) -> bytes:
    """Send one command whose answer comes in one piece, and return that."""
    said = "".join(f"${len(word)}\r\n{word}\r\n" for word in words)
    peer.sendall(f"*{len(words)}\r\n{said}".encode())
    return _some(peer)


def _some(peer: socket.socket) -> bytes:
    if not (data := peer.recv(65_536)):
        raise NotAcknowledged("Redis closed the connection; its log says why")
    return data


if __name__ == "__main__":
    try:
        say(load(Orders.read()))
    except NotAcknowledged as failed:
        sys.exit(f"error: {failed}")
