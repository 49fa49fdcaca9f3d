"""Goal 4: the same work by stores of other people's that also sync before they answer.

In: a daemon whose players are not linked, so that its entries are held and nothing is delivered,
and each peer, fresh in a folder of its own. Out: events acknowledged a second by both, in turn.
Events are of one size, each under a key of its own; what is acknowledged is counted afterwards, on
both sides. A peer that is not installed, or does not run here, is named. A quick run takes one pair
and nothing besides.
"""

import asyncio
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from itertools import count
from pathlib import Path
from typing import Final

from benchmarks.contract import Bench, Bound, Missing, Outcome, Row
from benchmarks.daemon import Running, throwaway
from benchmarks.load.job import Job, generate
from benchmarks.load.udp import Order, fly
from benchmarks.peers import jetstream, postgres, redis, restate, rsyslog
from benchmarks.peers.contract import Loaded, Peer
from benchmarks.peers.loading import Loading
from bridge.errors import CommandError

#: Events in flight, each waited for by a caller; as many at a peer.
CALLERS: Final = 64
#: Datagrams under way at once, and streams of lines; nobody waits for a single one of theirs.
WINDOW: Final = 1024
STREAMS: Final = 4
#: Seconds of one measurement, by `bench.quick`; events a second that are made ready for it, events
#: before it, the most of a stream, and seconds that those may take.
_SECONDS: Final = {True: 1.0, False: 5.0}
_READY: Final = 60_000
_WARM: Final = 4_000
_MOST: Final = 400_000
_LIMIT: Final = 120.0

#: One way in, measured once: events a second.
Way = Callable[[Bench], Awaitable[float]]


@dataclass(frozen=True, slots=True)
class Against:
    """One row: by which way in, and what the ratio must be."""

    by: str
    way: Way
    must: float
    moonshot: float | None = None


@dataclass(frozen=True, slots=True)
class Contest:
    """A peer with its rows. `loader` is the one that counts; `also` are told as facts."""

    peer: Peer
    loader: str
    rows: Sequence[Against]
    also: Sequence[tuple[str, int]] = ()
    note: str = ""


@dataclass(slots=True)
class Figures:
    """What one contest came to: ours a row, the peer's, and what else is to be told."""

    ours: list[list[float]]
    theirs: list[float] = field(default_factory=list)
    facts: dict[str, str] = field(default_factory=dict)


async def by_post(bench: Bench) -> float:
    """One event a POST, as many callers as at the peer."""
    seconds = _SECONDS[bench.quick]

    def job(bridge: Running, first: int, events: int) -> Job:
        limit = seconds if first else _LIMIT
        return Job(bridge.http, bridge.token, events, CALLERS, first=first, seconds=limit)

    return await _posted(bench, job, int(_READY * seconds))


async def by_lines(bench: Bench) -> float:
    """Streams of NDJSON, for about the time of a measurement."""

    def job(bridge: Running, first: int, events: int) -> Job:
        return Job(
            *(bridge.http, bridge.token, events, STREAMS),
            form="lines",
            group=-(-events // STREAMS),
            first=first,
            seconds=_LIMIT,
        )

    return await _posted(bench, job, None)


async def by_datagrams(bench: Bench) -> float:
    """Acknowledged datagrams, resent until they are."""
    seconds = _SECONDS[bench.quick]
    async with throwaway(bench) as bridge:
        order = Order(bridge.udp[1], bridge.token, "acked", _WARM, window=WINDOW)
        warm = await fly(bench, order)
        order = replace(order, events=int(_READY * seconds), first=_WARM, seconds=seconds)
        flight = await fly(bench, order)
        if warm.refused or flight.refused:
            raise RuntimeError(f"{flight.refused} of {flight.answered} datagrams were refused")
        await bridge.holds(warm.answered + flight.answered)
    return flight.per_second


async def _posted(
    bench: Bench, job: Callable[[Running, int, int], Job], events: int | None
) -> float:
    """Post `events` to a fresh daemon that is warm; without a number, so many as it takes in time.

    Peers are warm when their clock starts, too.
    """
    async with throwaway(bench) as bridge:
        warm = (await generate(bench, job(bridge, 0, _WARM))).clean()
        most = events or min(int(warm.per_second * _SECONDS[bench.quick]), _MOST)
        report = (await generate(bench, job(bridge, _WARM, most))).clean()
        await bridge.holds(warm.acknowledged + report.acknowledged)
    return report.per_second


CONTESTS: Final = (
    Contest(
        redis.PEER,
        "raw",
        (Against("acknowledged UDP", by_datagrams, 1.0), Against("NDJSON", by_lines, 1.0)),
        also=(("raw", 1), ("raw", WINDOW), ("redis-py", CALLERS)),
        note=f"Redis by a raw pipelining socket, {CALLERS} in flight; ours {WINDOW} datagrams "
        f"under way, {STREAMS} streams",
    ),
    Contest(
        restate.PEER,
        "http",
        (Against("POST", by_post, 3.0),),
        also=(("http", 1),),
        note="accepted for a month ahead, so that nothing is carried out; one partition",
    ),
    Contest(
        postgres.PEER,
        "asyncpg",
        (Against("POST", by_post, 0.9, 1.1),),
        also=(("asyncpg", 1),),
        note="asyncpg, a prepared INSERT … ON CONFLICT DO NOTHING, a connection a caller",
    ),
    Contest(
        jetstream.PEER,
        "nats-py",
        (Against("POST", by_post, 4.0),),
        also=(("nats-py", 1),),
        note="sync: always; a Nats-Msg-Id an event, known for an hour only",
    ),
    Contest(
        rsyslog.PEER,
        "relp",
        (Against("POST", by_post, 15.0),),
        also=(("relp", 1),),
        note="RELP into a synced disk queue; knows no duplicates",
    ),
)


async def measure(bench: Bench, contests: Sequence[Contest] = CONTESTS) -> Outcome:
    """Run each contest, ours and the peer's in turn."""
    rows: list[Row | Missing] = []
    facts: dict[str, str] = {}
    for contest in contests:
        if (lack := contest.peer.lacks()) is not None:
            rows += _missing(contest, lack.why, lack.hint)
            continue
        figures = Figures([[] for _ in contest.rows])
        try:
            for number in range(1 if bench.quick else bench.pairs):
                await _pair(bench, contest, figures, first=number == 0)
        except _NotRunning as error:
            rows += _missing(contest, str(error), error.hint)
        else:
            rows += _rows(contest, figures)
        facts |= figures.facts
    return Outcome(rows, facts=facts)


class _NotRunning(Exception):
    """A peer does not run here, or not as it must; ours is not to blame."""

    def __init__(self, cause: CommandError) -> None:
        super().__init__(str(cause))
        self.hint = cause.hint


async def _pair(bench: Bench, contest: Contest, figures: Figures, *, first: bool) -> None:
    for against, ours in zip(contest.rows, figures.ours, strict=True):
        ours.append(await against.way(bench))
    try:
        async with _loading(bench, contest.peer) as peer:
            loaded = await peer.load(contest.loader, CALLERS, _SECONDS[bench.quick])
            figures.theirs.append(loaded.rate)
            await peer.count()
            if first and not bench.quick:
                figures.facts |= await _facts(bench, contest, peer, loaded)
    except CommandError as error:
        raise _NotRunning(error) from error


async def _facts(bench: Bench, contest: Contest, peer: Loading, loaded: Loaded) -> dict[str, str]:
    """Tell what it says of its syncs, how many were seen, and its other figures."""
    said = [loaded.told or peer.serving.told]
    for loader, callers in contest.also:
        if loader in peer.serving.loaders:
            other = await peer.load(loader, callers, _SECONDS[bench.quick])
            said.append(f"{other.rate:,.0f}/s by {loader}, {callers} in flight")
    said.append(f"its loader's processor {loaded.cpu:.0%} busy at {CALLERS}")
    syncs = await peer.syncs(contest.loader)
    said.append(
        "syncs not counted: strace is not installed"
        if syncs is None
        else f"{syncs:.1f} syncs an event with one in flight, as strace counts"
    )
    return {peer.serving.version: "; ".join(said)}


@asynccontextmanager
async def _loading(bench: Bench, peer: Peer) -> AsyncIterator[Loading]:
    """Run `peer` in a folder that is removed afterwards; after an error it stays, with its log."""
    folder = _fresh(bench.folder, peer.name)
    async with peer.serve(bench, folder) as serving:
        yield Loading(bench, serving)
    await asyncio.to_thread(shutil.rmtree, folder)


def _fresh(folder: Path, name: str) -> Path:
    names = (folder / f"{name.lower().replace(' ', '-')}-{number}" for number in count())
    return next(path for path in names if not path.exists())


def _rows(contest: Contest, figures: Figures) -> list[Row | Missing]:
    return [
        Row(
            goal=4,
            what=f"accept by {against.by}, against {contest.peer.name}",
            ours=ours,
            unit="/s",
            must=Bound(">=", against.must),
            moonshot=None if against.moonshot is None else Bound(">=", against.moonshot),
            reference=figures.theirs,
            against=f"{contest.peer.name}, {CALLERS} in flight",
            note=contest.note,
        )
        for against, ours in zip(contest.rows, figures.ours, strict=True)
    ]


def _missing(contest: Contest, why: str, hint: str) -> list[Row | Missing]:
    return [
        Missing(4, f"accept by {against.by}, against {contest.peer.name}", why, hint)
        for against in contest.rows
    ]
