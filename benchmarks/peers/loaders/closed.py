"""A closed loop: so many callers, each sends its next event when its last is acknowledged.

In: a call that sends one event and returns when it is acknowledged. Out: how many were, in which
time, as a line of JSON. Knows no peer; its events are as long as ours, each under a key of its own.
"""

import argparse
import asyncio
import json
import os
import random
import sys
import time
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import asdict, dataclass, field
from itertools import count
from typing import Final

from benchmarks.load.events import event
from benchmarks.peers.contract import Loaded

#: Seconds in which a loop runs and nothing counts.
WARM: Final = 0.5
#: Seconds that one acknowledgement may take; a peer that is slower than this is broken.
PATIENCE: Final = 30.0

Send = Callable[[str, bytes], Awaitable[None]]


class NotAcknowledged(Exception):
    """The peer answered something else than that it keeps the event."""


@dataclass(frozen=True, slots=True)
class Orders:
    """What a loader is told on its command line."""

    port: int
    callers: int
    seconds: float

    @classmethod
    def read(cls) -> "Orders":
        """Take them from the command line, and stay on the processor that it names."""
        parser = argparse.ArgumentParser()
        parser.add_argument("--cpu", type=int)
        parser.add_argument("--port", type=int, required=True)
        parser.add_argument("--callers", type=int, default=64)
        parser.add_argument("--seconds", type=float, default=5.0)
        told = parser.parse_args()
        if told.cpu is not None:
            os.sched_setaffinity(0, {told.cpu})
        return cls(told.port, told.callers, told.seconds)


def events() -> Iterator[tuple[str, bytes]]:
    """Yield events without end: our own, each under a random key of 128 bits, in hex."""
    bits = random.Random().getrandbits
    for number in count():
        yield f"{bits(128):032x}", event(number)


@dataclass(slots=True)
class Book:
    """The clock of one run: what is acknowledged after the warm-up counts, until time is up."""

    seconds: float
    acknowledged: int = 0
    _warm: int = -1
    _from: float = 0.0
    _cpu: float = 0.0
    _begun: float = field(default_factory=time.perf_counter)

    def more(self, acknowledged: int = 1) -> bool:
        """Count acknowledgements; whether the run goes on."""
        now = time.perf_counter()
        self.acknowledged += acknowledged
        if self._warm < 0 and now - self._begun >= WARM:
            self._warm, self._from, self._cpu = self.acknowledged, now, time.process_time()
        return now - self._begun < WARM + self.seconds

    def loaded(self, kept: int | None = None, told: str = "") -> Loaded:
        """Close the books; raises `NotAcknowledged` where nothing came after the warm-up."""
        if self._warm < 0 or self.acknowledged == self._warm:
            raise NotAcknowledged("nothing was acknowledged after the warm-up")
        taken = time.perf_counter() - self._from
        cpu = (time.process_time() - self._cpu) / taken
        return Loaded(
            self.acknowledged - self._warm, taken, self.acknowledged, round(cpu, 3), kept, told
        )


async def closed(orders: Orders, sends: list[Send]) -> Book:
    """Run one caller for each of `sends` until time is up; the last event of each is waited for."""
    book, more = Book(orders.seconds), events()

    async def caller(send: Send) -> None:
        going = True
        while going:
            await send(*next(more))
            going = book.more()

    async with asyncio.timeout(WARM + orders.seconds + PATIENCE):
        await asyncio.gather(*map(caller, sends))
    return book


def say(loaded: Loaded) -> None:
    """Print the result, as the goal reads it."""
    sys.stdout.write(json.dumps(asdict(loaded)) + "\n")
