"""Goal 6: how long a caller waits, under a steady load and alone.

In: a daemon with linked players that delivers to a bare sink while it accepts, SQLite checkpoints
when it likes; and one that nobody else loads. Out: p99 and p99.9 of an open loop of 2,000 events a
second, counted from the time at which each was due, so that a pause is felt by all who were due in
it; the median of one caller alone, against one bare sync and one echo. A request that was refused
or never went out has waited for the whole run. A run whose acknowledged events are not all in the
outbox is no figure but an error.
"""

import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from benchmarks.contract import Bench, Bound, Curve, Outcome, Row
from benchmarks.daemon import throwaway
from benchmarks.load.job import QUANTILES, Job, Report, generate
from benchmarks.references.echo import echo
from benchmarks.references.rows import measured_syncs
from benchmarks.references.sink import sink

RATE: Final = 2_000.0
#: Players, all linked, and deliveries in flight, as in the goal of deliveries.
PLAYERS: Final = 1_000
IN_FLIGHT: Final = 50
#: Connections of the open loop: one that is not free is as good as a refusal, so there are many.
CALLERS: Final = 256
#: Seconds of the open loop, and of one caller alone, by `bench.quick`.
_OPEN: Final = {True: 2.0, False: 30.0}
_ALONE: Final = {True: 0.5, False: 3.0}
#: Events before anything is measured.
_WARM: Final = 500
_ALONE_MOST: Final = 8_000


@dataclass(frozen=True, slots=True)
class Alone:
    """Medians in milliseconds: of one caller to the bridge, to the echo, and of a bare sync."""

    bridge: Report
    echo: Report
    sync: float

    @property
    def ours(self) -> float:
        """The bridge's median."""
        return self.bridge.latency(0.5) * 1e3

    @property
    def reference(self) -> float:
        """What it can't be without: a sync and an echo."""
        return self.sync + self.echo.latency(0.5) * 1e3


@dataclass(frozen=True, slots=True)
class Open:
    """One open loop: its report, and how many events the sink had by its end."""

    report: Report
    events: int
    delivered: int

    def waited(self, quantile: float) -> float:
        """Return the milliseconds that `quantile` of all that were due waited at most."""
        accepted = self.report.acknowledged / self.events
        among = [q for q in QUANTILES if q * accepted >= quantile]
        seconds = self.report.latency(among[0]) if among else self.report.seconds
        return seconds * 1e3


async def measure(bench: Bench) -> Outcome:
    """Run the open loop, then one caller alone and what it is held against, in turn."""
    opened, alone = [], []
    for _ in range(bench.pairs):
        opened.append(await _opened(bench))
        alone.append(await _alone(bench))
    rows = [
        _row("p99", [run.waited(0.99) for run in opened], 3.0, 1.5, opened),
        _row("p99.9", [run.waited(0.999) for run in opened], 12.0, 5.0, opened),
        Row(
            goal=6,
            what="latency of one caller alone, p50",
            ours=[run.ours for run in alone],
            unit="ms",
            must=Bound("<=", 2.0),
            moonshot=Bound("<=", 1.3),
            reference=[run.reference for run in alone],
            against="a sync and an echo",
        ),
    ]
    return Outcome(rows, _curves(opened[-1], alone[-1]), _facts(opened))


async def _opened(bench: Bench) -> Open:
    events = int(RATE * _OPEN[bench.quick])
    more = f"[delivery]\nconcurrency = {IN_FLIGHT}\n"
    async with (
        sink(bench) as api,
        throwaway(bench, linked=PLAYERS, base_url=api.url, config_more=more) as bridge,
    ):
        warm = await generate(bench, Job(bridge.http, bridge.token, _WARM, 4))
        warm.clean()
        before = (await api.count()).taken
        job = Job(
            address=bridge.http,
            token=bridge.token,
            events=events,
            callers=CALLERS,
            rate=RATE,
            first=_WARM,
            players=PLAYERS,
            seconds=2 * _OPEN[bench.quick] + 10,
        )
        report = await generate(bench, job)
        delivered = (await api.count()).taken - before
        if not delivered:
            raise RuntimeError("nothing was delivered meanwhile: see the daemon's log")
        await bridge.holds(warm.acknowledged + report.acknowledged)
    return Open(report, events, delivered)


async def _alone(bench: Bench) -> Alone:
    seconds = _ALONE[bench.quick]
    async with throwaway(bench) as bridge:
        await generate(bench, Job(bridge.http, bridge.token, _WARM))
        job = Job(
            bridge.http, bridge.token, _ALONE_MOST, first=_WARM, seconds=seconds, beyond=PLAYERS
        )
        ours = (await generate(bench, job)).clean()
        await bridge.holds(_WARM + ours.acknowledged)
    sync = 1e3 / await measured_syncs(bench)
    async with echo(bench) as address:
        await generate(bench, Job(address, "none", _WARM))
        echoed = (await generate(bench, Job(address, "none", _ALONE_MOST, seconds=seconds))).clean()
    return Alone(ours, echoed, sync)


def _row(
    quantile: str, ours: Sequence[float], must: float, moonshot: float, runs: Sequence[Open]
) -> Row:
    missed = sum(run.events - run.report.acknowledged for run in runs)
    posted = sum(run.events for run in runs)
    return Row(
        goal=6,
        what=f"latency at {RATE:,.0f}/s while delivering, {quantile}",
        ours=ours,
        unit="ms",
        must=Bound("<=", must),
        moonshot=Bound("<=", moonshot),
        note=f"{missed:,} of {posted:,} were not accepted in time" if missed else "",
    )


def _facts(runs: Sequence[Open]) -> dict[str, str]:
    delivered = sum(run.delivered for run in runs) / sum(run.events for run in runs)
    late = statistics.median(run.report.late for run in runs) * 1e6
    busy = max(run.report.cpu for run in runs)
    return {
        "delivered while the open loop ran": f"{delivered:.0%} of what was posted",
        "the open loop's generator": f"99% of its requests less than {late:,.0f} microseconds "
        f"late, its processor {busy:.0%} busy at most",
    }


def _curves(opened: Open, alone: Alone) -> list[Curve]:
    return [
        _curve(f"bridge, {RATE:,.0f}/s while delivering", opened.report),
        _curve("bridge, one caller", alone.bridge),
        _curve("echo, one caller", alone.echo),
    ]


def _curve(name: str, report: Report) -> Curve:
    points = list(zip(report.latencies, QUANTILES, strict=True))
    x = [max(seconds * 1e3, 0.001) for seconds, _ in points]
    return Curve("latency", name, x, [100 * quantile for _, quantile in points])
