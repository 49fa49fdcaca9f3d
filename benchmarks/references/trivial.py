"""The least that can answer HTTP: what the generator is held against, to know its ceiling.

In: a `Bench`. Out: a process on its `serve` processor that answers any POST with a fixed 202 as
soon as its bytes are there: one epoll, no parser, nothing read but the length. It ends when its
standard input does. Knows nothing of who asks.
"""

import os
import re
import select
import socket
import sys
from contextlib import AbstractAsyncContextManager
from typing import Final

from benchmarks.contract import Bench
from benchmarks.references.serving import serving

_READ: Final = 256 * 1024
_LENGTH = re.compile(rb"\r\nContent-Length: (\d+)")
_ANSWER: Final = (
    b"HTTP/1.1 202 Accepted\r\nContent-Type: application/json\r\nContent-Length: 18\r\n\r\n"
    b'{"duplicate":null}'
)


def trivial(bench: Bench) -> AbstractAsyncContextManager[tuple[str, int]]:
    """Run it on `bench.serve` as long as this is entered; its address is yielded."""
    return serving(bench, "benchmarks.references.trivial")


def serve() -> None:
    """Answer on a free port of loopback, say which, and end with the standard input."""
    with socket.create_server(("127.0.0.1", 0), backlog=1024) as door, select.epoll() as epoll:
        epoll.register(sys.stdin.fileno(), select.EPOLLIN | select.EPOLLHUP)
        epoll.register(door.fileno(), select.EPOLLIN)
        sys.stdout.write(f"{door.getsockname()[1]}\n")
        sys.stdout.flush()
        callers: dict[int, tuple[socket.socket, bytes]] = {}
        while True:
            for handle, _ in epoll.poll():
                if handle == sys.stdin.fileno():
                    return
                if handle == door.fileno():
                    caller, _ = door.accept()
                    callers[caller.fileno()] = (caller, b"")
                    epoll.register(caller.fileno(), select.EPOLLIN)
                elif not _answered(callers, handle):
                    callers.pop(handle)[0].close()


def _answered(callers: dict[int, tuple[socket.socket, bytes]], handle: int) -> bool:
    """Read what there is and answer what is complete; return whether the caller stays."""
    caller, rest = callers[handle]
    try:
        data = caller.recv(_READ)
        if not data:
            return False
        data = rest + data
        length = _LENGTH.search(data)
        if length is None or len(data) < data.index(b"\r\n\r\n") + 4 + int(length[1]):
            callers[handle] = (caller, data)
            return True
        callers[handle] = (caller, b"")
        caller.sendall(_ANSWER)
    except OSError:
        return False
    return b"\r\nConnection: close" not in data


if __name__ == "__main__":
    os.sched_setaffinity(0, {int(sys.argv[1])})
    serve()
