"""Goal 5: a backlog delivered with durable outcomes, against a client that promises nothing.

In: a daemon with its default settings but for `[delivery] concurrency`, a bare sink, and entries
that were accepted while the sink's campaign was stopped. Out: deliveries a second over the middle
of the run, each against a plain client's in the same run. Histories are on, as by default, so what
is delivered is also looked for; the sink tells of each payout. A run in which an event was paid
twice or not, or whose outcome is not in the outbox, is no figure but an error.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

import aiohttp

from benchmarks.contract import Bench, Bound, Curve, Outcome, Row
from benchmarks.daemon import Running, throwaway
from benchmarks.load.events import event
from benchmarks.references.client import client
from benchmarks.references.sink import Count, Sink, middle, sink
from bridge.cli.stage import until

#: Players, all linked.
PLAYERS: Final = 1000
#: Calls in flight, of the row and of the curves.
IN_FLIGHT: Final = 50
CURVE: Final = (1, 10, 50, 200)
#: Entries of the backlog, and calls of the plain client, by `bench.quick`.
_ENTRIES: Final = {True: 4_000, False: 40_000}
_CALLS: Final = {True: 4_000, False: 40_000}
#: Seconds that the delivery of a backlog may take.
_MOST: Final = 300.0
#: Lines of one stream.
_LINES: Final = 10_000
#: States of what was delivered.
_PAID: Final = ("accepted", "confirmed")


async def measure(bench: Bench) -> Outcome:
    """Deliver a backlog and call as a plain client does, in turn."""
    ours, reference, busy = [], [], []
    async with sink(bench) as api:
        for _ in range(bench.pairs):
            rate, share = await _drained(bench, api, IN_FLIGHT)
            ours.append(rate)
            busy.append(share)
            reference.append(await _called(bench, api, IN_FLIGHT))
        curves = await _curves(bench, api) if bench.whole else []
    row = Row(
        goal=5,
        what=f"deliver a backlog of {_ENTRIES[bench.quick]:,}, {IN_FLIGHT} in flight",
        ours=ours,
        unit="events/s",
        must=Bound(">=", 0.80),
        moonshot=Bound(">=", 0.93),
        reference=reference,
        against="C, a plain aiohttp client",
        note="outcomes durable, histories looked at as by default",
    )
    facts = {"the sink's processor while a backlog was delivered": f"{max(busy):.0%} busy at most"}
    return Outcome([row], curves, facts)


async def _curves(bench: Bench, api: Sink) -> list[Curve]:
    ours = [(await _drained(bench, api, n))[0] for n in CURVE]
    plain = [await _called(bench, api, n) for n in CURVE]
    plot, x = "Deliveries a second by calls in flight", [float(n) for n in CURVE]
    return [Curve(plot, "bridge", x, ours), Curve(plot, "plain aiohttp client", x, plain)]


async def _called(bench: Bench, api: Sink, in_flight: int) -> float:
    await api.reset()
    await client(bench, api.url, _CALLS[bench.quick], in_flight)
    return middle(await api.timeline())


async def _drained(bench: Bench, api: Sink, in_flight: int) -> tuple[float, float]:
    """Return the deliveries a second, and the share of its processor that the sink used."""
    entries = _ENTRIES[bench.quick]
    await api.reset()
    await api.pause()
    async with delivering(bench, api, in_flight) as bridge:
        await accept(bridge, entries)
        before = await api.count()
        await api.resume()
        after = await delivered(bridge, api, entries)
    return middle(await api.timeline()), (after.cpu - before.cpu) / (after.wall - before.wall)


# -- what other goals of delivery use, too ------------------------------------------------------


@asynccontextmanager
async def delivering(bench: Bench, api: Sink, in_flight: int) -> AsyncIterator[Running]:
    """Run a daemon that delivers to `api`, all of whose players are linked."""
    more = f'[delivery]\nconcurrency = {in_flight}\nprobe_every = "500ms"\n'
    async with throwaway(bench, linked=PLAYERS, base_url=api.url, config_more=more) as running:
        yield running


async def accept(bridge: Running, entries: int) -> None:
    """Have `entries` accepted, as streams of lines; raises `RuntimeError` if one was not."""
    headers = {"Authorization": f"Bearer {bridge.token}", "Content-Type": "application/x-ndjson"}
    async with aiohttp.ClientSession(headers=headers) as session:
        for start in range(0, entries, _LINES):
            lines = range(start, min(start + _LINES, entries))
            body = b"".join(event(number, players=PLAYERS) + b"\n" for number in lines)
            async with session.post(f"{bridge.http_url}/v1/achievements", data=body) as answer:
                told = await answer.json()
            if answer.status != 202 or told["stored"] != len(lines):
                raise RuntimeError(f"the backlog was not accepted: {answer.status} {told}")


async def delivered(bridge: Running, api: Sink, entries: int) -> Count:
    """Wait until the sink has `entries` events and the outbox their outcomes; return its count.

    Raises:
        CommandError: they were not delivered in time.
        RuntimeError: some were delivered twice, or too many.
    """

    async def _all() -> bool:
        return (await api.count()).taken >= entries

    async def _settled() -> bool:
        totals = await asyncio.to_thread(bridge.totals)
        return sum(totals.get(state, 0) for state in _PAID) == entries

    log = bridge.stage.folder / "daemon.log"
    late = f"{entries} entries were not delivered in {_MOST:.0f} s; see {log}"
    await until(_all, _MOST, late)
    count = await api.count()
    await until(_settled, 10, f"outcomes are missing in the outbox: {bridge.totals()}")
    refuse(count, entries)
    return count


def refuse(count: Count, entries: int) -> None:
    """Raise `RuntimeError` unless each of `entries` events came once."""
    if count.taken != entries or count.duplicates:
        raise RuntimeError(f"{entries} entries came as {count}: a promise is broken")
