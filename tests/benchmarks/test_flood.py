"""The generator beyond capacity: what was refused comes again, what can't be sent is counted."""

import asyncio
import os
import re
from pathlib import Path

from benchmarks.contract import Bench
from benchmarks.load.flood import flood
from benchmarks.load.job import Job


class Crowded(asyncio.Protocol):
    """A server that refuses every other request, and keeps the ids of those it took."""

    taken: list[bytes]

    def __init__(self, taken: list[bytes], turns: list[int]) -> None:
        self.taken, self.turns = taken, turns

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert hasattr(transport, "write")  # uvloop's say of themselves that they are none
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        self.turns[0] += 1
        asyncio.get_running_loop().call_later(0.002, self.answer, data, self.turns[0] % 2)

    def answer(self, data: bytes, refuse: int) -> None:
        if refuse:
            self.transport.write(b"HTTP/1.1 429 No\r\nRetry-After: 1\r\nContent-Length: 0\r\n\r\n")
            return
        self.taken += re.findall(rb'"id":"([^"]+)"', data)
        self.transport.write(b'HTTP/1.1 202 Yes\r\nContent-Length: 20\r\n\r\n{"duplicate": false}')


async def test_a_flood_counts_what_it_sent_and_what_it_could_not(tmp_path: Path) -> None:
    taken: list[bytes] = []
    turns = [0]
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: Crowded(taken, turns), "127.0.0.1", 0)
    core = min(os.sched_getaffinity(0))
    bench = Bench(tmp_path, quick=True, pairs=1, serve=core, load=core)
    address = ("127.0.0.1", server.sockets[0].getsockname()[1])
    job = Job(address, "token", events=3000, callers=2, rate=5000, seconds=0.3)
    async with server:
        done = await flood(bench, job)
    accepted = done.report.statuses["202"]
    assert accepted == done.report.acknowledged == len(taken) == len(set(taken))
    assert done.refused == done.told_when > 0
    assert done.unsent > 0
    assert done.due == done.unsent + accepted + done.refused
    assert not done.others
