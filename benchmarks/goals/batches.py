"""Goal 2: events accepted in arrays and as streams of lines, against raw SQLite (S1000).

In: a daemon whose players are not linked, so that its entries are held and nothing is delivered.
Out: events a second in arrays of 100 and as NDJSON, each against rows that bare SQLite makes
durable a second in groups of 1,000. A run whose acknowledged events are not all in the outbox
afterwards is no figure but an error.
"""

from collections.abc import Callable, Sequence
from typing import Final

from benchmarks.contract import Bench, Bound, Outcome, Row
from benchmarks.daemon import Running, throwaway
from benchmarks.load.job import Job, Report, generate
from benchmarks.references.rows import measured_rows

#: Callers that post arrays, each one at a time, and events in an array.
CALLERS: Final = 8
ARRAY: Final = 100
#: Streams at once.
STREAMS: Final = 4
#: The ratio that both ways have come to by 2026-11-28, short of their musts: an event costs some
#: 20 microseconds of one core, and a row of raw SQLite six.
REACHED: Final = 0.25
#: The group of the reference.
GROUP: Final = 1000
#: Seconds that a measurement shall take about, by `bench.quick`, and the most events of one.
_SECONDS: Final = {True: 0.8, False: 4.0}
_MOST: Final = 400_000
#: Events that are posted before anything is measured; they also tell how many make a measurement.
_WARM: Final = 1_600
#: Seconds that one may take.
_LIMIT: Final = 120.0

#: What makes the job of a measurement: a daemon, the first event's number, how many.
Form = Callable[[Running, int, int], Job]


async def measure(bench: Bench) -> Outcome:
    """Post arrays, then lines, to a daemon, in turn with the reference."""
    arrays: list[Report] = []
    streams: list[Report] = []
    reference: list[float] = []
    for _ in range(bench.pairs):
        async with throwaway(bench) as bridge:
            arrays.append(await _measured(bench, bridge, _arrays))
        reference.append(await measured_rows(bench, GROUP))
        async with throwaway(bench) as bridge:
            streams.append(await _measured(bench, bridge, _streams))
    rows = [
        _row(f"accept in arrays of {ARRAY}, {CALLERS} callers", arrays, reference, 0.50, 0.80),
        _row(f"accept as NDJSON, {STREAMS} streams", streams, reference, 0.75, 1.0),
    ]
    busy = max(report.cpu for report in (*arrays, *streams))
    return Outcome(rows, facts={"the generator's processor, batches": f"{busy:.0%} busy at most"})


async def _measured(bench: Bench, bridge: Running, form: Form) -> Report:
    """Post as many events as take about the time of a measurement, after a few to tell by."""
    warm = (await generate(bench, form(bridge, 0, _WARM))).clean()
    events = round(warm.per_second * _SECONDS[bench.quick] / _WARM) or 1
    job = form(bridge, _WARM, min(events * _WARM, _MOST))
    report = (await generate(bench, job)).clean()
    await bridge.holds(warm.acknowledged + report.acknowledged)
    return report


def _arrays(bridge: Running, first: int, events: int) -> Job:
    return Job(
        bridge.http, bridge.token, events, CALLERS, "array", ARRAY, first=first, seconds=_LIMIT
    )


def _streams(bridge: Running, first: int, events: int) -> Job:
    lines = -(-events // STREAMS)
    return Job(
        bridge.http, bridge.token, events, STREAMS, "lines", lines, first=first, seconds=_LIMIT
    )


def _row(
    what: str, ours: Sequence[Report], reference: Sequence[float], must: float, moonshot: float
) -> Row:
    return Row(
        goal=2,
        what=what,
        ours=[report.per_second for report in ours],
        unit="/s",
        must=Bound(">=", must),
        moonshot=Bound(">=", moonshot),
        reference=reference,
        against="S1000, raw SQLite",
        note="players are not linked: entries are held and nothing is delivered",
        reached=Bound(">=", REACHED),
    )
