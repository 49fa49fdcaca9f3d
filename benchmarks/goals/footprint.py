"""Goal 8: what the daemon takes: memory, time to ready, and what idling costs.

In: a `Bench`. Out: resident memory when idle, with a backlog on top and at its highest under load;
the time to ready against a process that only imports the same libraries and serves; processor time
and disk writes of an idle daemon whose campaign's API answers. All from /proc.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from benchmarks.contract import Bench, Bound, Outcome, Row
from benchmarks.daemon import Running, throwaway
from benchmarks.grown import grown, resume
from benchmarks.load.job import Job, generate
from benchmarks.load.udp import Order, fly
from benchmarks.references.imports import Bare, bare
from benchmarks.references.sink import sink

_MIB: Final = 1024 * 1024
#: Entries of the backlog; seconds of each load, of settling and of watching an idle daemon, by
#: `bench.quick`.
_BACKLOG: Final = {True: 50_000, False: 1_000_000}
_LOAD: Final = {True: 0.6, False: 4.0}
_SETTLE: Final = {True: 1.0, False: 3.0}
_IDLE: Final = {True: 3.0, False: 20.0}
#: Datagrams of the burst that comes after the other loads.
_BURST: Final = 50_000
_MOST: Final = 40_000


@dataclass(frozen=True, slots=True)
class Idle:
    """One idle daemon: MiB, share of a processor, bytes written a second."""

    memory: float
    cpu: float
    written: float


@dataclass(frozen=True, slots=True)
class Loaded:
    """The most MiB that a daemon ever had: after HTTP in all its forms, and a burst beside."""

    http: float
    burst: float


async def measure(bench: Bench) -> Outcome:
    """Measure goal 8."""
    pairs = 1 if bench.quick else bench.pairs
    idle, ready, imported = [], [], []
    for _ in range(pairs):
        one, starts = await _idle(bench)
        idle.append(one)
        for start in starts:
            ready.append(start)
            imported.append(await bare(bench))
    queued = [await _queued(bench) for _ in range(1 if bench.quick else min(pairs, 3))]
    loaded = [await _loaded(bench) for _ in range(1 if bench.quick else min(pairs, 3))]
    rows = (
        *_memory(bench, idle, queued, loaded),
        _ready(ready, imported),
        *_idling(bench, idle),
    )
    burst = max(one.burst for one in loaded)
    facts = {
        "memory of the bare imports": f"{min(one.rss for one in imported) / _MIB:.1f} MiB",
        f"the most memory with a burst of {_BURST:,} datagrams on top": f"{burst:.1f} MiB",
    }
    return Outcome(rows, facts=facts)


# -- rows ---------------------------------------------------------------------------------------


def _memory(
    bench: Bench, idle: Sequence[Idle], queued: Sequence[float], loaded: Sequence[Loaded]
) -> tuple[Row, ...]:
    alone = sum(one.memory for one in idle) / len(idle)
    million = bench.quick and f"only {_BACKLOG[True]:,} in a quick run"
    return (
        _row("memory, idle", [one.memory for one in idle], "MiB", 64, 50),
        _row(
            "memory, 1 M queued on top of idle",
            [max(0.0, memory - alone) for memory in queued],
            "MiB",
            16,
            2,
            million or "due, and its lane claims",
        ),
        _row(
            "memory, the most under full load",
            [one.http for one in loaded],
            "MiB",
            120,
            75,
            "256 callers, then arrays of 100, then streams of lines",
        ),
    )


def _ready(ours: Sequence[float], imported: Sequence[Bare]) -> Row:
    return Row(
        8,
        "ready after its start",
        list(ours),
        "s",
        Bound("<=", 1.8),
        Bound("<=", 1.3),
        [one.ready_after for one in imported],
        "bare imports that serve",
        "with an outbox that is there",
    )


def _idling(bench: Bench, idle: Sequence[Idle]) -> tuple[Row, ...]:
    note = f"over {_IDLE[bench.quick]:.0f} s; its campaign's API answers"
    return (
        _row("idle: share of a processor", [100 * one.cpu for one in idle], "%", 1, 0.2, note),
        _row("idle: disk writes", [one.written for one in idle], "B/s", 4096, 0, note),
    )


def _row(
    what: str, ours: Sequence[float], unit: str, must: float, moonshot: float, note: str = ""
) -> Row:
    return Row(8, what, ours, unit, Bound("<=", must), Bound("<=", moonshot), note=note)


# -- measuring ----------------------------------------------------------------------------------


async def _idle(bench: Bench) -> tuple[Idle, list[float]]:
    """Let a daemon idle; also return how long its starts took, once its outbox was there."""
    async with sink(bench) as api, throwaway(bench, linked=10, base_url=api.url) as running:
        starts = []
        for _ in range(2 if bench.quick else 3):
            await running.stop()
            await running.start()
            starts.append(running.ready_after)
        await asyncio.sleep(_SETTLE[bench.quick])
        cpu, written = running.cpu(), running.written()
        await asyncio.sleep(_IDLE[bench.quick])
        seconds = _IDLE[bench.quick]
        used, wrote = running.cpu() - cpu, running.written() - written
        return Idle(running.rss() / _MIB, used / seconds, wrote / seconds), starts


async def _queued(bench: Bench) -> float:
    """Return the MiB of a daemon that has a backlog and can't reach its campaign's API."""
    async with grown(bench, _BACKLOG[bench.quick], linked=True) as running:
        await resume(running)
        await asyncio.sleep(_SETTLE[bench.quick])
        return running.rss() / _MIB


async def _loaded(bench: Bench) -> Loaded:
    """Load a daemon in every form over HTTP, then with a burst of datagrams."""
    async with throwaway(bench) as running:
        for job in _jobs(bench, running):
            (await generate(bench, job)).clean()
        http = running.most_rss() / _MIB
        await fly(bench, Order(running.udp[1], running.token, "burst", _BURST))
        await asyncio.sleep(_SETTLE[bench.quick])
        return Loaded(http, running.most_rss() / _MIB)


def _jobs(bench: Bench, running: Running) -> tuple[Job, ...]:
    seconds = _LOAD[bench.quick]
    events = int(_MOST * seconds)
    at, token = running.http, running.token
    return (
        Job(at, token, events, callers=256, seconds=seconds, run="ones_"),
        Job(at, token, events, callers=8, form="array", group=100, seconds=seconds, run="many_"),
        Job(at, token, events // 4, callers=4, form="lines", group=events // 16, run="lines"),
    )
