"""Goal 10: beyond capacity: what is accepted keeps its latency, the rest is refused early.

In: a daemon whose players are not linked, so that entries are held and delivery does not run.
Out: latency of what is accepted at twice and ten times the capacity measured just before, against
that at capacity; how much is still accepted; how much memory it takes at most. An event that was
acknowledged and is not in the outbox is no figure but an error.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Literal

from benchmarks.contract import Bench, Bound, Outcome, Row
from benchmarks.daemon import Running, throwaway
from benchmarks.load.flood import Flood, flood
from benchmarks.load.job import Job, Report, generate

#: Callers when capacity is measured, and beyond it, of single events and of arrays. At capacity as
#: much waits as may, 4,096 events, or as many as there are callers beyond it: with fewer callers
#: each waited less for that alone, and no refusal would bring the latency back.
AT_CAPACITY: Final = {"single": 1024, "array": 40}
BEYOND: Final = {"single": 1024, "array": 256}
#: Events of one array.
GROUP: Final = 100
#: Times the capacity.
TIMES: Final = (2, 10)
#: Seconds of one run, by `bench.quick`.
_SECONDS: Final = {True: 0.6, False: 8.0}
#: Events a second that nothing takes: as many are made for the run that finds out the capacity.
_MOST: Final = {"single": 30_000, "array": 120_000}
_MIB: Final = 1024 * 1024

Form = Literal["single", "array"]


@dataclass(slots=True)
class Pair:
    """One daemon at its capacity and beyond it, in one form."""

    form: Form
    capacity: Report
    beyond: dict[int, Flood] = field(default_factory=dict)


async def measure(bench: Bench) -> Outcome:
    """Measure capacity, then twice and ten times that, with one event a POST and with arrays."""
    forms: tuple[Form, ...] = ("single", "array")
    pairs: dict[Form, list[Pair]] = {form: [] for form in forms}
    peaks = []
    for _ in range(bench.pairs):
        async with throwaway(bench) as bridge:
            for form in forms:
                pairs[form].append(await _pair(bench, bridge, form))
            peaks.append(bridge.most_rss() / _MIB)
            await asyncio.to_thread(_verify, bridge, [pairs[form][-1] for form in forms])
    rows = [row for form in forms for times in TIMES for row in _latency(pairs[form], times)]
    rows += [_taken(pairs[form]) for form in forms]
    rows.append(_memory(peaks))
    facts = {
        f"{times} times capacity, {_NAMES[form]}": _told(pairs[form][-1].beyond[times])
        for form in forms
        for times in TIMES
    }
    return Outcome(rows, facts=facts)


async def _pair(bench: Bench, bridge: Running, form: Form) -> Pair:
    capacity = await generate(bench, _job(bench, bridge, form, 1))
    pair = Pair(form, capacity)
    for times in TIMES:
        job = _job(bench, bridge, form, times, times * capacity.per_second)
        pair.beyond[times] = await flood(bench, job)
    return pair


def _job(bench: Bench, bridge: Running, form: Form, times: int, rate: float = 0.0) -> Job:
    """Return the job of one run at `times` the capacity; `rate` is in events, 0: a closed loop."""
    group, seconds = (GROUP if form == "array" else 1), _SECONDS[bench.quick]
    return Job(
        bridge.http,
        bridge.token,
        events=int(_MOST[form] * seconds),
        callers=BEYOND[form] if rate else AT_CAPACITY[form],
        form=form,
        group=group,
        rate=rate / group,
        run=f"{form[0]}{times:04}",
        seconds=seconds,
    )


def _verify(bridge: Running, pairs: list[Pair]) -> None:
    """Raise `RuntimeError` where something acknowledged is lost, or a refusal doesn't say when."""
    reports = [pair.capacity for pair in pairs]
    reports += [done.report for pair in pairs for done in pair.beyond.values()]
    acknowledged, kept = sum(report.acknowledged for report in reports), bridge.kept()
    unknown = sum(report.statuses.get("0", 0) for report in reports) * GROUP
    if not acknowledged <= kept <= acknowledged + unknown:
        raise RuntimeError(
            f"{acknowledged} events were acknowledged and {kept} are in the outbox "
            f"({unknown} were not answered): a promise is broken"
        )
    floods = [done for pair in pairs for done in pair.beyond.values()]
    refused, told_when = (sum(getattr(f, n) for f in floods) for n in ("refused", "told_when"))
    if told_when < refused:
        raise RuntimeError(f"{refused - told_when} of {refused} refusals had no Retry-After")


# -- what it says -------------------------------------------------------------------------------

_NAMES: Final[Mapping[Form, str]] = {"single": "one event a POST", "array": f"arrays of {GROUP}"}


def _latency(pairs: list[Pair], times: int) -> list[Row]:
    """Return p99 of what was accepted; no row where nothing was, which `_taken` shows."""
    if not all(pair.beyond[times].report.latencies for pair in pairs):
        return []
    form = pairs[0].form
    return [
        Row(
            goal=10,
            what=f"p99 of what is accepted at {times} times capacity, {_NAMES[form]}",
            ours=[1000 * pair.beyond[times].report.latency(0.99) for pair in pairs],
            unit="ms",
            must=Bound("<=", 2.0),
            moonshot=Bound("<=", 1.25),
            reference=[1000 * pair.capacity.latency(0.99) for pair in pairs],
            against=f"p99 at capacity, {AT_CAPACITY[form]} callers",
            note=f"{BEYOND[form]} callers",
        )
    ]


def _taken(pairs: list[Pair]) -> Row:
    form, most = pairs[0].form, max(TIMES)
    return Row(
        goal=10,
        what=f"accepted at {most} times capacity, {_NAMES[form]}",
        ours=[pair.beyond[most].report.per_second for pair in pairs],
        unit="events/s",
        must=Bound(">=", 0.5),
        moonshot=Bound(">=", 0.8),
        reference=[pair.capacity.per_second for pair in pairs],
        against="capacity",
        note="players not linked: nothing is delivered meanwhile",
    )


def _memory(peaks: list[float]) -> Row:
    return Row(
        goal=10,
        what="most memory beyond capacity",
        ours=peaks,
        unit="MiB",
        must=Bound("<=", 120.0),
        moonshot=Bound("<=", 75.0),
        note="the bounds of goal 8 under full load",
    )


def _told(done: Flood) -> str:
    report = done.report
    parts = [
        f"{done.due} requests due",
        f"{done.unsent} not sent, no caller was free",
        f"{report.statuses.get('202', 0)} accepted",
        f"{done.refused} refused with Retry-After",
    ]
    if report.refusals:
        parts[-1] += f" in p99 {1000 * report.refusals[-8]:.1f} ms"
    if done.others:
        parts.append(f"others {done.others}")
    return "; ".join([*parts, f"generator {report.cpu:.0%} busy"])
