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
from benchmarks.goals.deliver import IN_FLIGHT, PLAYERS, delivered, delivering
from benchmarks.load.job import Job, generate
from benchmarks.references.echo import echo
from benchmarks.references.sink import Sink, sink

#: Callers, as many as the echo is measured with.
CALLERS: Final = 64
#: Events of one run, ours and the echo's, by `bench.quick`.
_EVENTS: Final = {True: 5_000, False: 60_000}
_ECHOED: Final = {True: 15_000, False: 100_000}
#: Part of the figure at which delivery must keep up with an open loop, and for how many seconds.
_PART: Final = 0.9
_SECONDS: Final = 8.0
_MOST: Final = 300.0


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
    events = _EVENTS[bench.quick]
    await api.reset()
    async with delivering(bench, api, IN_FLIGHT) as bridge:
        job = _job(bridge, events)
        report = (await generate(bench, job)).clean(events)
        ended = time.perf_counter()
        left = events - (await api.count()).taken
        await delivered(bridge, api, events)
        return events / (report.seconds + time.perf_counter() - ended), left / events


async def _echoed(bench: Bench) -> float:
    events = _ECHOED[bench.quick]
    async with echo(bench) as address:
        job = Job(address, "none", events, callers=CALLERS, seconds=_MOST)
        return (await generate(bench, job)).clean(events).per_second


async def _kept_up(bench: Bench, api: Sink, rate: float) -> dict[str, str]:
    """Post at a fixed rate, and tell how far delivery was behind at the end."""
    events = int(rate * _SECONDS)
    await api.reset()
    async with delivering(bench, api, IN_FLIGHT) as bridge:
        (await generate(bench, _job(bridge, events, rate))).clean(events)
        left = events - (await api.count()).taken
        await delivered(bridge, api, events)
    return {
        f"open loop at {_PART:.0%} of it, {rate:,.0f}/s for {_SECONDS:.0f} s": (
            f"{left:,} events or {1000 * left / rate:.0f} ms behind at the end"
        )
    }


def _job(bridge: Running, events: int, rate: float = 0.0) -> Job:
    return Job(
        bridge.http,
        bridge.token,
        events,
        callers=CALLERS,
        rate=rate,
        players=PLAYERS,
        seconds=_MOST,
    )
