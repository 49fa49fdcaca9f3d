"""The least that a daemon of this kind can be: its libraries imported, one address served.

In: a `Bench`. Out: how long such a process takes to answer, and its memory. It imports asyncio,
aiohttp, pydantic, pluggy and sqlite3, and serves /healthz; its program is `bare`. It is started and
asked as the measured daemon is.
"""

import asyncio
import socket
import subprocess
import sys
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from benchmarks.contract import Bench
from benchmarks.daemon import pinned
from bridge.cli.stage import free_port

#: Seconds that it gets to answer.
_START: Final = 30.0
_PAUSE: Final = 0.004
_ASKED: Final = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"


@dataclass(frozen=True, slots=True)
class Bare:
    """Seconds from its start until it answered, and bytes of memory then."""

    ready_after: float
    rss: int


async def bare(bench: Bench) -> Bare:
    """Start it on `bench.cores`, wait until it answers, and end it.

    Raises:
        RuntimeError: it ended, or did not answer in time.
    """
    return await asyncio.to_thread(_bare, bench)


def _bare(bench: Bench) -> Bare:
    port, begun = free_port(), time.perf_counter()
    arguments = [sys.executable, "-m", "benchmarks.references.bare", str(port)]
    process = pinned(bench.cores, arguments, subprocess.DEVNULL)
    try:
        while not _answers(port):
            if process.poll() is not None or time.perf_counter() - begun > _START:
                raise RuntimeError(f"the bare imports do not answer; exit code {process.poll()}")
            time.sleep(_PAUSE)
        return Bare(time.perf_counter() - begun, _rss(process.pid))
    finally:
        process.kill()
        process.wait()


def _answers(port: int) -> bool:
    with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=2) as caller:
        caller.sendall(_ASKED)
        return caller.recv(64).startswith(b"HTTP/1.1 200")
    return False


def _rss(pid: int) -> int:
    for line in Path(f"/proc/{pid}/status").read_text(encoding="ascii").splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) * 1024
    raise RuntimeError("/proc tells no VmRSS; run on Linux")
