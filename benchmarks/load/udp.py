"""The generator of datagrams: flat out, or acknowledged with a window and resends.

In: an address, a token, how many. Out: what was sent and answered, as JSON on standard output.
Datagrams are made before the clock starts. Knows nothing of how the daemon keeps them.

How far it goes by itself is seen against `Responder`, which answers at once and keeps nothing; and
`cpu`, its share of a processor, tells whether it was the bottleneck.
"""

import argparse
import asyncio
import json
import os
import select
import socket
import sys
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass, field
from typing import Final

from benchmarks.contract import Bench
from benchmarks.load.events import event

#: Seconds after which an unanswered datagram is sent again.
AGAIN: Final = 0.5
#: Seconds without any answer after which it gives up.
SILENCE: Final = 10.0
#: Answers read in one go, so that what they make room for is sent soon.
_GULP: Final = 128
_BUFFER: Final = 4 * 1024 * 1024
#: Where the number stands in an id such as `burst/0000000017`.
_DIGITS: Final = 10


@dataclass(frozen=True, slots=True)
class Flight:
    """What came of one run. `began` and `ended` are on the machine's monotonic clock.

    `refused` counts answers that hold an error; `cpu` is the generator's share of a processor.
    """

    sent: int
    answered: int
    resent: int
    refused: int
    began: float
    ended: float
    cpu: float

    @property
    def per_second(self) -> float:
        """Datagrams a second: answered ones where answers were asked for, else sent ones."""
        return (self.answered or self.sent) / (self.ended - self.began)


@dataclass(frozen=True, slots=True)
class Order:
    """What to send: `events` numbers from `first` on, of a `run` whose name has five letters.

    With a `window` each is to be acknowledged and at most so many are under way; after `seconds`
    nothing new is sent. With 0 they go out as fast as they can, and nobody listens.
    """

    port: int
    token: str
    run: str
    events: int
    first: int = 0
    players: int = 1000
    beyond: int = 0
    window: int = 0
    seconds: float = 60.0

    def datagrams(self) -> list[bytes]:
        """Return all that is to be sent."""
        more = f',"token":"{self.token}"' + (',"ack":true' if self.window else "")
        return [
            event(number, run=self.run, players=self.players, beyond=self.beyond, more=more)
            for number in range(self.first, self.first + self.events)
        ]


async def fly(bench: Bench, order: Order) -> Flight:
    """Run the generator on `bench.load` and return what came of it.

    Raises:
        RuntimeError: it ended without a word; the message has its last ones.
    """
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "benchmarks.load.udp", f"--cpu={bench.load}"),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        async with asyncio.timeout(order.seconds + order.events / 10_000 + 3 * SILENCE):
            said, complaints = await process.communicate(json.dumps(asdict(order)).encode())
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    if process.returncode:
        last = complaints.decode(errors="replace").strip()[-300:]
        raise RuntimeError(f"the generator of datagrams ended with {process.returncode}: {last}")
    return Flight(**json.loads(said))


@asynccontextmanager
async def responder(bench: Bench) -> AsyncIterator[int]:
    """Run what answers every datagram at once, on `bench.serve`; yield its port."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "benchmarks.load.udp", f"--cpu={bench.serve}", "--respond"),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    try:
        assert process.stdout is not None  # noqa: S101  # it was asked for
        async with asyncio.timeout(SILENCE):
            yield int(await process.stdout.readline())
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


# -- in its own process -------------------------------------------------------------------------


def flat_out(sock: socket.socket, datagrams: Sequence[bytes]) -> Flight:
    """Send all, as fast as they go."""
    send = sock.send
    cpu, began = time.process_time(), time.perf_counter()
    for datagram in datagrams:
        send(datagram)
    ended = time.perf_counter()
    return Flight(
        len(datagrams), 0, 0, 0, began, ended, (time.process_time() - cpu) / (ended - began)
    )


@dataclass(slots=True)
class Window:
    """Datagrams under way: at most `size`, each sent again until it is answered."""

    sock: socket.socket
    datagrams: Sequence[bytes]
    first: int
    size: int
    #: Number → when it was last sent; the longest under way come first.
    under_way: dict[int, float] = field(default_factory=dict)
    next: int = 0
    answered: int = 0
    resent: int = 0
    refused: int = 0

    def run(self, seconds: float) -> Flight:
        """Send until all are answered, or no more after `seconds`.

        Raises:
            TimeoutError: nobody answers.
        """
        poll = select.poll()
        poll.register(self.sock, select.POLLIN)
        cpu, began = time.process_time(), time.perf_counter()
        heard = ended = began
        while self.under_way or self.next < len(self.datagrams):
            if (now := time.perf_counter()) - began < seconds:
                self._send(now)
            elif not self.under_way:
                break
            before = self.answered
            if poll.poll(AGAIN * 1000 / 4):
                self._hear()
            if self.answered > before:
                heard = ended = time.perf_counter()
            elif now - heard > SILENCE:
                raise TimeoutError(f"{len(self.under_way)} datagrams were never answered")
            self._send_again(now)
        share = (time.process_time() - cpu) / (ended - began)
        return Flight(self.next, self.answered, self.resent, self.refused, began, ended, share)

    def _send(self, now: float) -> None:
        room = self.size - len(self.under_way)
        for number in range(self.next, min(self.next + room, len(self.datagrams))):
            self.sock.send(self.datagrams[number])
            self.under_way[number] = now
            self.next = number + 1

    def _hear(self) -> None:
        """Read what has come; an answer that came before, to a resent one, counts once."""
        receive, under_way = self.sock.recv, self.under_way
        for _ in range(_GULP):
            try:
                answer = receive(2048)
            except BlockingIOError:
                return
            slash = answer.index(b"/") + 1
            number = int(answer[slash : slash + _DIGITS]) - self.first
            if under_way.pop(number, None) is None:
                continue
            self.answered += 1
            if b'"error"' in answer:
                self.refused += 1

    def _send_again(self, now: float) -> None:
        while self.under_way:
            number = next(iter(self.under_way))
            if now - self.under_way[number] < AGAIN:
                return
            del self.under_way[number]  # to the end of the line
            self.sock.send(self.datagrams[number])
            self.under_way[number] = now
            self.resent += 1


def respond() -> None:
    """Answer every datagram with its id, until standard input ends; the least that anybody does."""
    sock = _socket()
    sock.bind(("127.0.0.1", 0))
    sys.stdout.write(f"{sock.getsockname()[1]}\n")
    sys.stdout.flush()
    poll = select.poll()
    poll.register(sock, select.POLLIN)
    poll.register(sys.stdin, select.POLLHUP)
    while all(ready == sock.fileno() for ready, _ in poll.poll()):
        for _ in range(_GULP):
            try:
                data, peer = sock.recvfrom(2048)
            except BlockingIOError:
                break
            at = data.index(b'"id":')
            sock.sendto(b"{%s}" % data[at : data.index(b",", at)], peer)


def _socket() -> socket.socket:
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _BUFFER)
    sock.setblocking(False)
    return sock


def main() -> None:
    """Fly the order on standard input, or respond; pinned to a processor."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--cpu", type=int, required=True)
    parser.add_argument("--respond", action="store_true")
    said = parser.parse_args()
    os.sched_setaffinity(0, {said.cpu})
    if said.respond:
        respond()
        return
    order = Order(**json.load(sys.stdin))
    datagrams = order.datagrams()
    with _socket() as sock:
        sock.connect(("127.0.0.1", order.port))
        if order.window:
            flight = Window(sock, datagrams, order.first, order.window).run(order.seconds)
        else:
            sock.setblocking(True)  # flat out: where the line is full, wait for it
            flight = flat_out(sock, datagrams)
    sys.stdout.write(json.dumps(asdict(flight)) + "\n")


if __name__ == "__main__":
    main()
