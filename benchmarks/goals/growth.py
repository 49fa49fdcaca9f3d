"""Goal 7: what millions of kept keys cost: accepting, starting after SIGKILL, looking, delivering.

In: a `Bench`. Out: events accepted a second beside a backlog against an empty outbox, in arrays and
as singles; the start with a backlog after SIGKILL in mid-write against an empty one's; how long
`outbox list` and the status take to answer; file size an entry; deliveries a second while a part of
the backlog is drained. The backlog is due and its campaign paused until it is drained; what is
posted is of players who are not linked. A run that does not hold what it acknowledged is an error.
"""

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from itertools import count
from typing import Final

import aiohttp

from benchmarks.commands import command
from benchmarks.contract import Bench, Bound, Curve, Missing, Outcome, Row
from benchmarks.daemon import Running, throwaway
from benchmarks.grown import PLAYERS, grown, resume
from benchmarks.load.job import Job, Report, generate
from benchmarks.references.sink import Sink, sink
from bridge.errors import CommandError

#: Entries of the backlogs, by `bench.quick`: the second is only in the curve.
SIZES: Final = {True: (50_000,), False: (1_000_000, 100_000, 10_000_000)}
#: Kept keys → must and moonshot against empty; a quick run's backlog is held to the first.
BOUNDS: Final = {1_000_000: (0.75, 0.92), 10_000_000: (0.50, 0.85)}
#: Whose start is held to that of an empty one.
RESTART: Final = 1_000_000
#: Seconds of each load and of draining, by `bench.quick`; events a second made ready for it.
_LOAD: Final = {True: 0.5, False: 4.0}
_DRAIN: Final = {True: 1.0, False: 10.0}
_READY: Final = 60_000
_WARM: Final = 2_000
#: Questions of each kind to a daemon with a backlog.
_ASKED: Final = 7
_FIRST: Final = 60.0
_LOOK: Final = 0.01

#: Only a fact: nobody waits for it.
_METRICS: Final = "the metrics"
_LOOKS: Final = {
    "`outbox list`": "/v1/operator/entries?limit=50",
    "`outbox list --state held`": "/v1/operator/entries?limit=50&state=held",
    "the status": "/v1/operator/status",
    _METRICS: "/metrics",
}


class Broken(Exception):
    """An outbox does not hold what was acknowledged: no figure counts any more."""


@dataclass(frozen=True, slots=True)
class Pair:
    """The same load on a daemon with a backlog and on one that began empty: events a second."""

    full: float
    empty: float


@dataclass(slots=True)
class Grown:
    """All that was measured of one backlog."""

    size: int
    built_in: float
    bytes_each: float
    arrays: list[Pair] = field(default_factory=list)
    singles: list[Pair] = field(default_factory=list)
    starts: list[Pair] = field(default_factory=list)
    #: What was looked at → milliseconds of each answer.
    looks: dict[str, list[float]] = field(default_factory=dict)
    listed_by_command: float = 0.0
    drained: float = 0.0
    first_delivery: float = 0.0


async def measure(bench: Bench) -> Outcome:
    """Measure goal 7; a backlog that can't be measured is named, and the others go on.

    Raises:
        RuntimeError: none could be measured.
        Broken: one does not hold what it acknowledged.
    """
    found: list[Grown] = []
    missing: list[Missing] = []
    async with sink(bench) as api:
        for size in (RESTART,) if bench.free else SIZES[bench.quick]:
            try:
                found.append(await _measured(bench, api, size))
            except (CommandError, RuntimeError, TimeoutError) as failure:
                what = f"a backlog of {size:,}"
                missing.append(Missing(7, what, str(failure) or "it took too long"))
    if not found:
        raise RuntimeError("; ".join(f"{one.what}: {one.why}" for one in missing))
    found.sort(key=lambda one: one.size)
    rows = [row for one in found for row in _rows(one, quick=bench.quick)]
    return Outcome([*rows, *missing], _curves(found), _facts(found))


# -- what is said of it -------------------------------------------------------------------------


def _rows(one: Grown, *, quick: bool) -> list[Row]:
    if one.size not in BOUNDS and not quick:
        return []
    must, moonshot = BOUNDS.get(one.size, BOUNDS[RESTART])
    said = f"{one.size:,} kept"
    note = "quick: a smaller backlog" if quick else "delivery paused; what is posted is held"
    accepts = (("arrays of 100", one.arrays), ("singles, 64 callers", one.singles))
    rows = [
        _against(f"accept at {said}, {form}", pairs, "/s", Bound(">=", must), Bound(">=", moonshot))
        for form, pairs in accepts
    ]
    if one.size == RESTART or quick:
        what = f"start after SIGKILL with {said}"
        rows.append(_against(what, one.starts, "s", Bound("<=", 2.0), Bound("<=", 1.5)))
    rows += [
        Row(7, f"{what} at {said}", took, "ms", Bound("<=", 100))
        for what, took in one.looks.items()
        if what != _METRICS
    ]
    return [replace(row, note=note) for row in rows]


def _against(
    what: str, pairs: Sequence[Pair], unit: str, must: Bound, moonshot: Bound | None
) -> Row:
    ours, reference = [pair.full for pair in pairs], [pair.empty for pair in pairs]
    return Row(7, what, ours, unit, must, moonshot, reference, "an empty outbox")


def _curves(found: Sequence[Grown]) -> list[Curve]:
    if not found:
        return []
    x = [0.0, *(float(one.size) for one in found)]
    curves = [
        Curve("backlog", name, x, [_middle(empty), *(_middle(full) for full in fulls)])
        for name, empty, fulls in (
            (
                "arrays of 100",
                [pair.empty for one in found for pair in one.arrays],
                [[pair.full for pair in one.arrays] for one in found],
            ),
            (
                "singles, 64 callers",
                [pair.empty for one in found for pair in one.singles],
                [[pair.full for pair in one.singles] for one in found],
            ),
        )
    ]
    drained = Curve("backlog", "delivered", x[1:], [one.drained for one in found])
    return [*curves, drained, Curve("size", "bridge", x[1:], [one.bytes_each for one in found])]


def _middle(figures: Sequence[float]) -> float:
    return sorted(figures)[len(figures) // 2]


def _facts(found: Sequence[Grown]) -> dict[str, str]:
    return {
        f"a backlog of {one.size:,}": f"{one.bytes_each:,.0f} bytes an entry, built in "
        f"{one.built_in:,.0f} s; starts in {_middle([pair.full for pair in one.starts]):.2f} s, "
        f"first delivery {one.first_delivery:.2f} s after a start; {one.drained:,.0f} delivered/s; "
        f"the metrics answer in {_middle(one.looks[_METRICS]):.0f} ms, the command "
        f"`outbox list` in {1000 * one.listed_by_command:.0f} ms with Python's own start"
        for one in found
    }


# -- measuring ----------------------------------------------------------------------------------


async def _measured(bench: Bench, api: Sink, size: int) -> Grown:
    begun = time.perf_counter()
    await api.reset()
    async with grown(bench, size, linked=True, base_url=api.url) as full:
        one = Grown(size, time.perf_counter() - begun, full.outbox.stat().st_size / size)
        beside = Beside(bench, full, size)
        await beside.post(_WARM, "array")
        for _ in range(bench.pairs):
            await beside.pairs(one)
        one.looks = {what: await _asked(full, path) for what, path in _LOOKS.items()}
        said = await command(full.stage, "outbox", "list")
        one.listed_by_command = said.seconds
        await _drain(bench, full, api, one)
        await full.stop()
        kept = await asyncio.to_thread(full.kept)
        if not size + beside.certain <= kept <= size + beside.posted:
            raise Broken(
                f"{size} entries and {beside.certain} acknowledged ones, {kept} are in the outbox"
            )
    return one


@dataclass(slots=True)
class Beside:
    """A daemon to post to, and what was acknowledged; `posted` also what a kill cut short."""

    bench: Bench
    running: Running
    size: int
    blocks: "count[int]" = field(default_factory=count)
    certain: int = 0
    posted: int = 0

    async def pairs(self, one: Grown) -> None:
        """Load it and a fresh one in turn, then kill and start both."""
        async with throwaway(self.bench) as running:
            empty = Beside(self.bench, running, 0)
            await empty.post(_WARM, "array")
            for form, pairs in (("array", one.arrays), ("single", one.singles)):
                full = await self.post(0, form)
                pairs.append(Pair(full.per_second, (await empty.post(0, form)).per_second))
            one.starts.append(Pair(await self.restarted(), await empty.restarted()))

    async def post(self, events: int, form: str) -> Report:
        """Post `events`, or as many as go in the time of one load; all must be accepted."""
        report = (await generate(self.bench, self._job(events, form))).clean()
        self.certain += report.acknowledged
        self.posted += report.acknowledged
        return report

    async def restarted(self) -> float:
        """Kill it while it writes and start it; return the seconds until it answers."""
        job = self._job(0, "array")
        writing = asyncio.create_task(generate(self.bench, replace(job, callers=1)))
        await asyncio.sleep(self._seconds / 2 + 0.3)
        await self.running.kill()
        report = await writing
        self.certain += report.acknowledged
        self.posted += report.acknowledged + job.group  # the last array may have been committed
        await self.running.start()
        return self.running.ready_after

    @property
    def _seconds(self) -> float:
        return _LOAD[self.bench.quick]

    def _job(self, events: int, form: str) -> Job:
        ready = int(_READY * self._seconds)
        job = Job(
            self.running.http,
            self.running.token,
            events or ready,
            first=next(self.blocks) * ready,
            run="after",
            beyond=PLAYERS,  # of whom nobody is linked
            seconds=60.0 if events else self._seconds,
        )
        if form == "single":
            return replace(job, callers=64)
        return replace(job, callers=8, form="array", group=100)


async def _asked(running: Running, path: str) -> list[float]:
    """Return the milliseconds of each answer, the first one too."""
    took = []
    headers = {"Authorization": f"Bearer {running.stage.secret('operator-token')}"}
    async with aiohttp.ClientSession(headers=headers) as session:
        for _ in range(_ASKED):
            begun = time.perf_counter()
            async with session.get(running.http_url + path) as answer:
                answer.raise_for_status()
                await answer.read()
            took.append(1000 * (time.perf_counter() - begun))
    return took


async def _drain(bench: Bench, full: Running, api: Sink, one: Grown) -> None:
    """Deliver a part of the backlog, kill the daemon in the middle of it, and start it again."""
    await resume(full)
    await _delivery_since(api, 0)
    before, began = (await api.count()).taken, time.perf_counter()
    await asyncio.sleep(_DRAIN[bench.quick])
    one.drained = ((await api.count()).taken - before) / (time.perf_counter() - began)
    await full.kill()
    heard = await _heard(api)
    begun = time.perf_counter()
    await full.start()
    await _delivery_since(api, heard)
    one.first_delivery = time.perf_counter() - begun


async def _heard(api: Sink) -> int:
    told = await api.count()
    return told.taken + told.duplicates


async def _delivery_since(api: Sink, heard: int) -> None:
    """Wait for one more event at the sink, also one that it knows; raises `TimeoutError`."""
    async with asyncio.timeout(_FIRST):
        while await _heard(api) <= heard:  # noqa: ASYNC110  # another process tells nobody
            await asyncio.sleep(_LOOK)
