"""What a generator of HTTP load is asked, and what it reports; how it is run.

In: a `Job`. Out: a `Report`, from a process of its own, pinned. Knows nothing of sockets.
"""

import asyncio
import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Final, Literal

from benchmarks.contract import Bench

#: Seconds beyond a job's own limit after which its process is ended.
_GRACE: Final = 30.0
#: The quantiles of latency that are reported, of 1.
QUANTILES: Final = (
    *(n / 50 for n in range(50)),
    *(0.99, 0.992, 0.995, 0.997, 0.999, 0.9995, 0.9999, 1.0),
)


@dataclass(frozen=True, slots=True)
class Job:
    """Post `events` events to `address`, from number `first` on, each one once.

    `form`: one event a request, arrays of `group`, or streams of lines of `group` each.
    `callers` keep one connection each, with one request in flight; with `fresh` they open one for
    each request. With `rate` the loop is open: request n is due at n / `rate` seconds, whatever
    became of those before, and its latency counts from there; else each caller posts as soon as
    the last was answered. It ends after `seconds` at the latest. Players are `players` many after
    `beyond`.
    """

    address: tuple[str, int]
    token: str
    events: int
    callers: int = 1
    form: Literal["single", "array", "lines"] = "single"
    group: int = 1
    rate: float = 0.0
    fresh: bool = False
    first: int = 0
    run: str = "bench"
    players: int = 1000
    beyond: int = 0
    seconds: float = 60.0
    path: str = "/v1/achievements"


@dataclass(frozen=True, slots=True)
class Report:
    """What became of a job.

    `acknowledged` events were answered 2xx, as stored ones; `duplicates` and `rejected` are those
    that the answers to arrays and streams name besides, and singles that were answered as known.
    `statuses` counts requests by status, 0 for a connection that broke. `cpu` is the generator's
    share of its processor: near 1 it is the bottleneck, and the figure is a lower bound. `late` is
    the 99th percentile of how long after its time a request went out although a caller was free.
    `latencies` (of accepted requests) and `refusals` (of others) are seconds at `QUANTILES`.
    """

    acknowledged: int
    duplicates: int
    rejected: int
    seconds: float
    cpu: float
    late: float = 0.0
    statuses: Mapping[str, int] = field(default_factory=dict)
    latencies: Sequence[float] = ()
    refusals: Sequence[float] = ()

    @property
    def per_second(self) -> float:
        """Events acknowledged a second."""
        return self.acknowledged / self.seconds

    def latency(self, quantile: float) -> float:
        """Return the latency in seconds that `quantile` (one of `QUANTILES`) stayed below."""
        return self.latencies[QUANTILES.index(quantile)]

    def clean(self) -> "Report":
        """Return self; raises `RuntimeError` unless all that was posted was accepted as new."""
        bad = sum(n for status, n in self.statuses.items() if not status.startswith("2"))
        if bad or self.duplicates or self.rejected or not self.acknowledged:
            raise RuntimeError(
                f"{self.acknowledged} events were acknowledged as new, {self.duplicates} as known, "
                f"{self.rejected} rejected; requests by status: {dict(self.statuses)}: the figure "
                "means nothing; see the log of what was measured"
            )
        return self


async def generate(bench: Bench, job: Job) -> Report:
    """Run `job` in a process of its own on processor `bench.load`.

    Raises:
        RuntimeError: it failed; its last words are told.
    """
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "benchmarks.load.http", f"--cpu={bench.load}", json.dumps(asdict(job))),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        async with asyncio.timeout(job.seconds + _GRACE):
            said, complaints = await process.communicate()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    if process.returncode:
        last = complaints.decode(errors="replace").strip()[-300:]
        raise RuntimeError(f"the generator ended with {process.returncode}: {last}")
    return Report(**json.loads(said))


def quantiles(values: Sequence[float]) -> list[float]:
    """Return `values` at `QUANTILES`; nothing where there are none."""
    if not values:
        return []
    ordered = sorted(values)
    return [ordered[min(len(ordered) - 1, int(q * len(ordered)))] for q in QUANTILES]
