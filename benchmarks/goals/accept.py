"""Goal 1: how many single events a second are accepted, against an echo that keeps nothing (E).

In: a daemon whose players are not linked, so that its entries are held and nothing is delivered.
Out: events acknowledged a second by 64 and by 256 callers, each against the echo's requests a
second from the same generator; the curve over callers. A run whose acknowledged events are not all
in the outbox afterwards is no figure but an error.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from benchmarks.contract import Bench, Bound, Curve, Outcome, Row
from benchmarks.daemon import throwaway
from benchmarks.load.job import Job, Report, generate
from benchmarks.references.echo import echo
from benchmarks.references.trivial import trivial

#: Callers of the rows, with must and moonshot; and of the curve.
BOUNDS: Final = {64: (0.60, 0.75), 256: (0.75, 0.85)}
CURVE: Final = (1, 4, 16, 64, 256)
#: Callers that open a connection for each event: more wait in the kernel's queue.
FRESH: Final = 16
#: Seconds of one measurement, by `bench.quick`, and events a second that are made ready for it.
_SECONDS: Final = {True: 0.8, False: 4.0}
_READY: Final = 40_000
#: Events that are posted before anything is measured.
_WARM: Final = 1_000

Address = tuple[str, int]


@dataclass(slots=True)
class Run:
    """One target through its measurements: which events it has had, what was acknowledged."""

    bench: Bench
    address: Address
    token: str
    posted: int = 0
    acknowledged: int = 0

    async def post(self, callers: int, *, fresh: bool = False, events: int = 0) -> Report:
        """Post for the time of one measurement, or `events`; each event is a new one."""
        seconds = _SECONDS[self.bench.quick]
        most = int(_READY * seconds)
        job = Job(
            address=self.address,
            token=self.token,
            events=events or most,
            callers=callers,
            fresh=fresh,
            first=self.posted,
            seconds=60.0 if events else seconds,
        )
        self.posted += job.events
        report = (await generate(self.bench, job)).clean()
        self.acknowledged += report.acknowledged
        return report


async def measure(bench: Bench) -> Outcome:
    """Post to a daemon and to the echo in turn."""
    ours: dict[int, list[Report]] = {callers: [] for callers in BOUNDS}
    reference: dict[int, list[Report]] = {callers: [] for callers in BOUNDS}
    ceiling = await _ceiling(bench)
    async with echo(bench) as address:
        bare = await _warm(bench, address, "none")
        for _ in range(bench.pairs):
            async with throwaway(bench) as bridge:
                run = await _warm(bench, bridge.http, bridge.token)
                for callers in BOUNDS:
                    ours[callers].append(await run.post(callers))
                    reference[callers].append(await bare.post(callers))
                await bridge.holds(run.acknowledged)
        curves, fresh = await _curves(bench, bare) if bench.whole else ([], {})
    rows = [_row(callers, ours[callers], reference[callers]) for callers in BOUNDS]
    busy = max(
        report.cpu for reports in (*ours.values(), *reference.values()) for report in reports
    )
    facts = {
        "the generator's ceiling": f"{ceiling.per_second:,.0f} requests/s by 64 callers to a "
        "responder that reads nothing",
        "the generator's processor": f"{busy:.0%} busy at most while singles were posted",
    }
    return Outcome(rows, curves, facts | fresh)


async def _ceiling(bench: Bench) -> Report:
    """Return what the generator does when what it loads costs almost nothing."""
    async with trivial(bench) as address:
        return await (await _warm(bench, address, "none")).post(64)


async def _warm(bench: Bench, address: Address, token: str) -> Run:
    run = Run(bench, address, token)
    await run.post(16, events=_WARM)
    return run


def _row(callers: int, ours: Sequence[Report], reference: Sequence[Report]) -> Row:
    must, moonshot = BOUNDS[callers]
    return Row(
        goal=1,
        what=f"accept, one event a POST, {callers} callers",
        ours=[report.per_second for report in ours],
        unit="/s",
        must=Bound(">=", must),
        moonshot=Bound(">=", moonshot),
        reference=[report.per_second for report in reference],
        against="E, aiohttp that validates and echoes",
        note="players are not linked: entries are held and nothing is delivered",
    )


async def _curves(bench: Bench, bare: Run) -> tuple[list[Curve], dict[str, str]]:
    """Return accept against callers, and what a connection for each event costs."""
    async with throwaway(bench) as bridge:
        run = await _warm(bench, bridge.http, bridge.token)
        kept = [await run.post(callers) for callers in CURVE]
        opened = await run.post(FRESH, fresh=True)
        await bridge.holds(run.acknowledged)
    echoed = [await bare.post(callers) for callers in CURVE]
    reopened = await bare.post(FRESH, fresh=True)
    x = [float(callers) for callers in CURVE]
    curves = [
        Curve("callers", "bridge", x, [report.per_second for report in kept]),
        Curve("callers", "echo", x, [report.per_second for report in echoed]),
    ]
    said = f"{opened.per_second:,.0f}/s; the echo {reopened.per_second:,.0f}/s"
    return curves, {f"a new connection for each event, {FRESH} callers": said}
