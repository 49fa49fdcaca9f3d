"""A generator of HTTP load that is cheaper than what it loads: bare sockets, one epoll, no parser.

In: a `Job` as JSON. Out: a `Report` as JSON. Requests are bytes before the clock starts; of an
answer only the status, the length and the counts are read. Knows nothing of what answers.

`python -m benchmarks.load.http --cpu=1 JOB`; without `--cpu` it is not pinned.
"""

import gc
import json
import os
import re
import select
import socket
import sys
import time
from collections import Counter, deque
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import Final

from benchmarks.load.job import Job, Report, quantiles
from benchmarks.load.requests import requests

#: Seconds that answers may take once the last request went out.
_LAST_ANSWERS: Final = 20.0
_READ: Final = 256 * 1024
_IN, _OUT = select.EPOLLIN, select.EPOLLOUT

_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
_COUNTS = {
    name: re.compile(rb'"%s": *(\d+)' % name.encode())
    for name in ("stored", "duplicates", "rejected")
}


class Caller:
    """One connection, and the request that is in flight on it while it is busy."""

    __slots__ = ("busy", "due", "free_since", "got", "rest", "sock", "waits")

    def __init__(self) -> None:
        self.sock: socket.socket | None = None
        self.busy = False
        self.got = b""
        self.rest: memoryview | None = None
        self.waits = False  # for room to send
        self.due = 0.0
        self.free_since = 0.0


class Load:
    """One run of a job."""

    def __init__(self, job: Job) -> None:
        self.job = job
        self.left = deque(requests(job))
        self.epoll = select.epoll()
        self.callers: dict[int, Caller] = {}  # by socket
        self.idle = [Caller() for _ in range(job.callers)]
        self.busy = 0
        self.statuses: Counter[str] = Counter()
        self.counts = dict.fromkeys(_COUNTS, 0)
        self.latencies: list[float] = []
        self.refusals: list[float] = []
        self.late: list[float] = []
        if not job.fresh:
            for caller in self.idle:
                self._open(caller)

    def run(self) -> Report:
        """Post everything and wait for the answers, as long as the job may last."""
        gc.collect()
        gc.disable()  # a pause of ours is no latency of theirs
        cpu, begun = time.process_time(), time.perf_counter()
        over = begun + self.job.seconds
        step = 1 / self.job.rate if self.job.rate else 0.0
        sent, now = 0, begun
        while now < over and (self.left or self.busy):
            while self.left and self.idle and (due := begun + sent * step) <= now:
                self._begin(self.idle.pop(), due if step else now, now)
                sent += 1
            waiting = bool(step and self.left and self.idle)
            now = self._answers(begun + sent * step - now if waiting else min(1.0, over - now))
        if self.left:
            now = self._last_answers()
        if self.busy:
            self.statuses["0"] += self.busy
        wall = now - begun
        return self._report(wall, (time.process_time() - cpu) / wall)

    def _last_answers(self) -> float:
        """Post no more, and wait for what is in flight."""
        now = time.perf_counter()
        over = now + _LAST_ANSWERS
        while self.busy and now < over:
            now = self._answers(min(1.0, over - now))
        return now

    def _answers(self, seconds: float) -> float:
        """Take the answers that come within `seconds`; return the time."""
        if self.job.rate:  # epoll's own wait counts in milliseconds, select's in microseconds
            select.select([self.epoll], (), (), max(seconds, 0.0))
            seconds = 0.0
        for handle, what in self.epoll.poll(seconds):
            caller = self.callers[handle]
            if what & _OUT:
                self._send(caller)
            if what & ~_OUT:
                self._read(caller) if caller.busy else self._close(caller)
        return time.perf_counter()

    def _begin(self, caller: Caller, due: float, now: float) -> None:
        if self.job.rate:
            self.late.append(now - max(due, caller.free_since))
        caller.due = due
        if caller.sock is None:
            self._open(caller)
        self.busy += 1
        caller.busy, caller.rest = True, memoryview(self.left.popleft())
        self._send(caller)

    def _open(self, caller: Caller) -> None:
        caller.sock = sock = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        sock.setblocking(False)
        sock.connect_ex(self.job.address)
        self.epoll.register(sock.fileno(), _IN)
        self.callers[sock.fileno()] = caller

    def _send(self, caller: Caller) -> None:
        """Send as much as goes; the rest when there is room, or when it is connected."""
        sock, rest = caller.sock, caller.rest
        if sock is None or rest is None:
            return
        try:
            sent = sock.send(rest)
        except BlockingIOError:
            sent = 0
        except OSError:
            self._broken(caller)
            return
        waits = sent < len(rest)
        caller.rest = rest[sent:] if waits else None
        if waits != caller.waits:
            caller.waits = waits
            self.epoll.modify(sock.fileno(), _IN | _OUT if waits else _IN)

    def _read(self, caller: Caller) -> None:
        sock = caller.sock
        if sock is None:
            return
        try:
            data = sock.recv(_READ)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if not data:
            self._broken(caller)
            return
        data = caller.got + data if caller.got else data
        end = data.find(b"\r\n\r\n")
        length = _LENGTH.search(data, 0, end + 2) if end > 0 else None
        if end > 0 and length is None:
            raise ValueError(f"an answer without a length: {data[:200]!r}")
        if length is None or len(data) < end + 4 + int(length[1]):
            caller.got = data
            return
        caller.got = b""
        self._take(caller, data, end)

    def _take(self, caller: Caller, data: bytes, end: int) -> None:
        """Note one whole answer; its caller is free."""
        now = time.perf_counter()
        status = data[9:12]
        self.statuses[status.decode()] += 1
        if status[:1] == b"2":
            self.latencies.append(now - caller.due)
            self._count(data)
        else:
            self.refusals.append(now - caller.due)
        self._free(caller, now)
        if self.job.fresh or data.find(b"\r\nConnection: close", 0, end) > 0:
            self._close(caller)

    def _count(self, data: bytes) -> None:
        counts = self.counts
        if self.job.form == "single":
            counts["duplicates" if b'"duplicate":true' in data else "stored"] += 1
            return
        for name, pattern in _COUNTS.items():
            if found := pattern.search(data):
                counts[name] += int(found[1])

    def _free(self, caller: Caller, now: float) -> None:
        self.busy -= 1
        caller.busy, caller.free_since, caller.rest = False, now, None
        self.idle.append(caller)

    def _broken(self, caller: Caller) -> None:
        """Give a connection up; what became of its request is not known."""
        self.statuses["0"] += 1
        caller.got = b""
        self._free(caller, time.perf_counter())
        self._close(caller)

    def _close(self, caller: Caller) -> None:
        if caller.sock is not None:
            self.epoll.unregister(caller.sock.fileno())
            del self.callers[caller.sock.fileno()]
            caller.sock.close()
        caller.sock, caller.waits = None, False

    def _report(self, wall: float, cpu: float) -> Report:
        late = sorted(self.late)
        return Report(
            acknowledged=self.counts["stored"],
            duplicates=self.counts["duplicates"],
            rejected=self.counts["rejected"],
            seconds=wall,
            cpu=cpu,
            late=late[int(len(late) * 0.99)] if late else 0.0,
            statuses=dict(self.statuses),
            latencies=quantiles(self.latencies),
            refusals=quantiles(self.refusals),
        )


def main(arguments: list[str]) -> int:
    """Run the job of the command line and print its report."""
    if arguments and arguments[0].startswith("--cpu="):
        os.sched_setaffinity(0, {int(arguments.pop(0).partition("=")[2])})
    if len(arguments) != 1:
        sys.stderr.write("usage: [--cpu=N] JOB (JSON, see benchmarks.load.job)\n")
        return 2
    members = json.loads(arguments[0])
    with suppress(OSError):  # wake up when told, not 50 microseconds later
        Path("/proc/self/timerslack_ns").write_text("1000", encoding="ascii")
    report = Load(Job(**{**members, "address": tuple(members["address"])})).run()
    sys.stdout.write(json.dumps(asdict(report)) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
