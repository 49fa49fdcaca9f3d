"""Goal 3: a burst of datagrams, flat out, with none lost; acknowledged ones, sustained.

In: a `Bench`. Out: the largest burst of which nothing is lost, how long one of 50,000 takes until
it is on disk, and acknowledged datagrams a second against SQLite alone in groups of 100. All
players are unlinked: what comes is held, so that no delivery runs beside it.
"""

import asyncio
import statistics
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from benchmarks.contract import Bench, Bound, Curve, Missing, Outcome, Row
from benchmarks.daemon import Running, throwaway
from benchmarks.load.udp import Flight, Order, fly, responder
from benchmarks.references.rows import measured_rows

#: What must survive, and what would be a moonshot.
BURST: Final = 50_000
LARGE: Final = 200_000
#: Datagrams under way at once, and events of one acknowledged run.
WINDOW: Final = 1024
_EVENTS, _QUICK_EVENTS = 200_000, 30_000
_SECONDS, _QUICK_SECONDS = 10.0, 1.0
#: Seconds without a new entry after which the rest of a burst is lost.
_SILENCE: Final = 2.0
_LOOK: Final = 0.02
_BUFFER: Final = 4 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Burst:
    """One burst: how many were sent and kept, and when the last was on disk after the first."""

    sent: int
    kept: int
    durable_after: float
    sent_in: float
    #: Seconds since the first was sent → entries on disk.
    course: list[tuple[float, int]] = field(default_factory=list)


async def measure(bench: Bench) -> Outcome:
    """Measure goal 3."""
    sizes = (BURST,) if bench.quick else (BURST, LARGE)
    bursts = [[await burst(bench, size) for size in sizes] for _ in range(bench.pairs)]
    flights, alone = [], []
    for _ in range(bench.pairs):
        flights.append(await acknowledged(bench))
        alone.append(await measured_rows(bench, 100))
    first = [one[0] for one in bursts]
    rows = (_largest(bursts, quick=bench.quick), _durable(first), _sustained(flights, alone))
    return Outcome(rows, [_course(first[0])], await _facts(bench, first, flights))


def _largest(bursts: Sequence[Sequence[Burst]], *, quick: bool) -> Row:
    """Return the largest burst of which nothing was lost; of none, what was kept of the smallest.

    So one datagram in 50,000 misses the must, and half of them by far.
    """
    lost = "; ".join(f"{b.sent - b.kept:,} of {b.sent:,} lost" for one in bursts for b in one)
    return Row(
        3,
        "UDP flat out, nothing lost: the largest burst",
        [max((b.sent for b in one if b.kept == b.sent), default=one[0].kept) for one in bursts],
        "datagrams",
        Bound(">=", BURST),
        Bound(">=", LARGE),
        note=f"{lost}; {LARGE:,} are tried in full runs only" if quick else lost,
    )


def _durable(bursts: Sequence[Burst]) -> Row | Missing:
    what = f"UDP flat out: {BURST:,} on disk, since the first was sent"
    whole = [one.durable_after for one in bursts if one.kept == one.sent]
    if not whole:
        return Missing(3, what, "some were lost in every burst, so that they never all were")
    return Row(3, what, whole, "s", Bound("<=", 1.5), note="players unlinked")


def _sustained(flights: Sequence[Flight], alone: Sequence[float]) -> Row:
    again = sum(flight.resent for flight in flights)
    return Row(
        3,
        "UDP acknowledged, sustained",
        [flight.per_second for flight in flights],
        "events/s",
        Bound(">=", 0.5),
        Bound(">=", 0.9),
        alone,
        "S100",
        f"{WINDOW} under way; {again} sent again; players unlinked",
    )


async def burst(bench: Bench, size: int) -> Burst:
    """Send `size` datagrams flat out to a fresh daemon and wait until they are on disk."""
    async with throwaway(bench) as running:
        order = Order(running.udp[1], running.token, "burst", size)
        flying = asyncio.create_task(fly(bench, order))
        course = await _watched(running, size, flying)
        flight = await flying
        await running.stop()
        last = course[-1][0] - flight.began
        relative = [(moment - flight.began, kept) for moment, kept in course]
        return Burst(size, running.kept(), last, flight.ended - flight.began, relative)


async def acknowledged(bench: Bench, window: int = WINDOW) -> Flight:
    """Send acknowledged datagrams to a fresh daemon; all that were acknowledged must be on disk.

    Raises:
        CommandError, RuntimeError: they are not, or were refused.
    """
    events, seconds = (_QUICK_EVENTS, _QUICK_SECONDS) if bench.quick else (_EVENTS, _SECONDS)
    async with throwaway(bench) as running:
        port = running.udp[1]
        order = Order(port, running.token, "acked", events, window=window, seconds=seconds)
        flight = await fly(bench, order)
        if flight.refused:
            raise RuntimeError(f"{flight.refused} of {flight.answered} answers hold an error")
        await running.holds(flight.answered)
        return flight


async def _watched(
    running: Running, size: int, flying: "asyncio.Task[Flight]"
) -> list[tuple[float, int]]:
    """Look how many are on disk until all are, or nothing has come for a while after the last."""
    course = [(time.perf_counter(), 0)]
    quiet_since = course[0][0]
    while course[-1][1] < size:
        await asyncio.sleep(_LOOK)
        kept = sum((await asyncio.to_thread(running.totals)).values())
        now = time.perf_counter()
        if kept > course[-1][1]:
            course.append((now, kept))
        if kept > course[-1][1] or not flying.done():
            quiet_since = now
        if now - max(quiet_since, course[-1][0]) > _SILENCE:
            break
    return course


def _course(one: Burst) -> Curve:
    x, y = zip(*one.course, strict=True)
    return Curve("a burst of datagrams, on disk", f"{one.sent} flat out", x, y)


async def _facts(
    bench: Bench, bursts: Sequence[Burst], flights: Sequence[Flight]
) -> dict[str, str]:
    """Say how far the generator goes by itself, and what the kernel allows without privileges."""
    async with responder(bench) as port:
        events = _QUICK_EVENTS if bench.quick else _EVENTS
        alone = await fly(bench, Order(port, "x" * 32, "alone", events, window=WINDOW))
    flat = statistics.median(one.sent / one.sent_in for one in bursts)
    cpu = statistics.median(flight.cpu for flight in flights)
    return {
        "UDP generator, flat out": f"{flat:,.0f}/s",
        "UDP generator, acknowledged by a bare responder": f"{alone.per_second:,.0f}/s",
        "UDP generator, its share of a processor while acknowledged": f"{cpu:.0%}",
        "UDP receive buffer": _buffer(),
    }


def _buffer() -> str:
    most = int(Path("/proc/sys/net/core/rmem_max").read_text(encoding="ascii"))
    given = "so much is given to anybody" if most >= _BUFFER else "the daemon must be privileged"
    return f"4 MiB asked for, net.core.rmem_max {most:,}: {given}"
