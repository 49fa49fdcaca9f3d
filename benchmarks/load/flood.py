"""A generator of more HTTP load than can be taken: what no caller is free for is not sent.

In: a `Job` with a rate, as JSON. Out: a `Flood` as JSON. Each caller is a game server with one
request in flight; what falls due while all of them wait is not sent, so no queue of ours is taken
for one of theirs, and latencies count from when a request was due and a caller free. What was
refused is sent again, as a game does, but at once, which a game should not.

`python -m benchmarks.load.flood CPU JOB`.
"""

import asyncio
import gc
import json
import os
import sys
import time
from dataclasses import asdict, dataclass
from typing import Final

from benchmarks.contract import Bench
from benchmarks.load.http import Caller, Load
from benchmarks.load.job import Job, Report

#: Seconds beyond a job's own limit after which its process is ended: connecting, last answers.
_GRACE: Final = 60.0


@dataclass(frozen=True, slots=True)
class Flood:
    """What became of it: the report, and requests that were due and not sent, for want of a caller.

    `told_when` are the refusals that carried a Retry-After.
    """

    report: Report
    due: int
    unsent: int
    told_when: int

    @property
    def refused(self) -> int:
        """Requests answered 429 or 503."""
        return sum(self.report.statuses.get(status, 0) for status in ("429", "503"))

    @property
    def others(self) -> dict[str, int]:
        """Requests that were answered otherwise, or broke off, by status."""
        known = {"202", "429", "503"}
        return {s: n for s, n in self.report.statuses.items() if n and s not in known}


class Flooding(Load):
    """One run beyond capacity."""

    def __init__(self, job: Job) -> None:
        super().__init__(job)
        self.due = self.unsent = self.told_when = 0
        self.out: dict[Caller, bytes] = {}

    def run(self) -> Report:
        """Send what is due and can be sent, for as long as the job says; wait for the answers."""
        gc.collect()
        gc.disable()
        step = 1 / self.job.rate
        cpu, begun = time.process_time(), time.perf_counter()
        over, now = begun + self.job.seconds, begun
        while now < over and self.left:
            due = int((now - begun) / step) + 1
            for number in range(self.due, due):
                self._fall_due(begun + number * step, now)
            self.due = due
            now = self._answers(begun + due * step - now)
        load = (time.process_time() - cpu) / (now - begun)
        now = self._last_answers()
        self.statuses["0"] += self.busy
        return self._report(now - begun, load)

    def _fall_due(self, due: float, now: float) -> None:
        if not self.idle or not self.left:
            self.unsent += 1
            return
        caller = self.idle.pop()
        self.out[caller] = self.left[0]
        self._begin(caller, max(due, caller.free_since), now)

    def _take(self, caller: Caller, data: bytes, end: int) -> None:
        if data[9:10] != b"2":
            self.told_when += data.lower().find(b"\r\nretry-after:", 0, end) > 0
            self.left.append(self.out[caller])
        super()._take(caller, data, end)


async def flood(bench: Bench, job: Job) -> Flood:
    """Run `job` in a process of its own on processor `bench.load`.

    Raises:
        RuntimeError: it failed; its standard error says why.
    """
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "benchmarks.load.flood", str(bench.load), json.dumps(asdict(job))),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
    )
    try:
        async with asyncio.timeout(job.seconds + _GRACE):
            said, _ = await process.communicate()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    if process.returncode:
        raise RuntimeError(f"the flood ended with code {process.returncode}; see standard error")
    told = json.loads(said)
    return Flood(Report(**told.pop("report")), **told)


def main(cpu: str, job: str) -> None:
    """Run the job and print its flood."""
    os.sched_setaffinity(0, {int(cpu)})
    members = json.loads(job)
    flooding = Flooding(Job(**{**members, "address": tuple(members["address"])}))
    report = flooding.run()
    done = Flood(report, flooding.due, flooding.unsent, flooding.told_when)
    sys.stdout.write(json.dumps(asdict(done)) + "\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
