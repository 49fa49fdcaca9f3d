"""Goal 9: accept, deliver and mark at once on one core, against an echo that keeps nothing.

In: a daemon that delivers to a bare sink, all of its players linked, and callers that post one
event each as soon as the last was answered. Out: events a second, counted until the last one was
delivered and its outcome on disk: what delivery fell behind is paid for. `facts` has how much that
was. An event that was not delivered once is no figure but an error.
"""

import time
from typing import Final

from benchmarks.contract import Bench, Bound, Outcome, Row
from benchmarks.daemon import Running
from benchmarks.goals.deliver import IN_FLIGHT, PLAYERS, accept, delivered, delivering
from benchmarks.load.job import Job, generate
from benchmarks.references.echo import echo
from benchmarks.references.sink import Sink, sink

#: Callers, as many as the echo is measured with.
CALLERS: Final = 64
#: Seconds of one measurement, by `bench.quick`, and events a second that are made ready for it.
_SECONDS: Final = {True: 1.0, False: 6.0}
_READY: Final = 40_000
#: Events before anything is measured: connections are open then, and the lane has its window.
_WARM: Final = 1_000
#: Part of the figure at which delivery must keep up with an open loop.
_PART: Final = 0.9


async def measure(bench: Bench) -> Outcome:
    """Accept and deliver, and echo, in turn; then see that delivery keeps up a little below."""
    ours, reference, behind = [], [], []
    async with sink(bench) as api:
        for _ in range(bench.pairs):
            rate, left = await _accepted_and_delivered(bench, api)
            ours.append(rate)
            behind.append(left)
            reference.append(await _echoed(bench))
        facts = {
            "still to be delivered when the last event was accepted": f"{max(behind):.0%} at most"
        }
        if not bench.quick:
            facts |= await _kept_up(bench, api, _PART * min(ours))
    row = Row(
        goal=9,
        what=f"accept, deliver and mark at once, {CALLERS} callers, {IN_FLIGHT} in flight",
        ours=ours,
        unit="events/s",
        must=Bound(">=", 0.30),
        moonshot=Bound(">=", 0.45),
        reference=reference,
        against="E, an aiohttp echo",
        note="until the last outcome is on disk; histories looked at as by default",
    )
    return Outcome([row], facts=facts)


async def _accepted_and_delivered(bench: Bench, api: Sink) -> tuple[float, float]:
    """Return events a second, and the part that was still to be delivered at the last post."""
    await api.reset()
    async with delivering(bench, api, IN_FLIGHT) as bridge:
        await _warm(bridge, api)
        report = (await generate(bench, _job(bench, bridge))).clean()
        ended = time.perf_counter()
        events = _WARM + report.acknowledged
        left = events - (await api.count()).taken
        await delivered(bridge, api, events)
        seconds = report.seconds + time.perf_counter() - ended
    return report.acknowledged / seconds, left / report.acknowledged


async def _echoed(bench: Bench) -> float:
    async with echo(bench) as address:
        warm = Job(address, "none", _WARM, callers=CALLERS)
        (await generate(bench, warm)).clean()
        seconds = _SECONDS[bench.quick]
        job = Job(address, "none", int(_READY * seconds), callers=CALLERS, seconds=seconds)
        return (await generate(bench, job)).clean().per_second


async def _kept_up(bench: Bench, api: Sink, rate: float) -> dict[str, str]:
    """Post at a fixed rate, and tell how far delivery was behind at the end."""
    await api.reset()
    async with delivering(bench, api, IN_FLIGHT) as bridge:
        await _warm(bridge, api)
        report = (await generate(bench, _job(bench, bridge, rate))).clean()
        events = _WARM + report.acknowledged
        left = events - (await api.count()).taken
        await delivered(bridge, api, events)
    return {
        f"open loop at {_PART:.0%} of it, {rate:,.0f}/s for {report.seconds:.0f} s": (
            f"{left:,} events or {1000 * left / rate:.0f} ms behind at the end"
        )
    }


async def _warm(bridge: Running, api: Sink) -> None:
    await accept(bridge, _WARM)
    await delivered(bridge, api, _WARM)


def _job(bench: Bench, bridge: Running, rate: float = 0.0) -> Job:
    """Return a closed loop for the time of one measurement, or an open one at `rate`."""
    seconds = _SECONDS[bench.quick]
    return Job(
        bridge.http,
        bridge.token,
        events=int((rate or _READY) * seconds),
        callers=CALLERS,
        rate=rate,
        first=_WARM,
        players=PLAYERS,
        seconds=10 * seconds if rate else seconds,
    )
