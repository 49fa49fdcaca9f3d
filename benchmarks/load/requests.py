"""The requests of a job as bytes, made before the clock starts.

In: a `Job`. Out: whole HTTP requests. Knows nothing of sockets and answers.
"""

from collections.abc import Iterator
from typing import Final

from benchmarks.load.events import event
from benchmarks.load.job import Job

#: How much of a stream goes into one chunk.
_CHUNK: Final = 32 * 1024

_KINDS: Final = {
    "single": "application/json",
    "array": "application/json",
    "lines": "application/x-ndjson",
}


def requests(job: Job) -> list[bytes]:
    """Return all requests of `job`, in order."""
    return [_request(job, group) for group in _groups(job)]


def _groups(job: Job) -> Iterator[list[bytes]]:
    group = 1 if job.form == "single" else job.group
    end = job.first + job.events
    for start in range(job.first, end, group):
        numbers = range(start, min(start + group, end))
        yield [event(n, run=job.run, players=job.players, beyond=job.beyond) for n in numbers]


def _request(job: Job, events: list[bytes]) -> bytes:
    host, port = job.address
    head = (
        f"POST {job.path} HTTP/1.1\r\nHost: {host}:{port}\r\nAuthorization: Bearer {job.token}\r\n"
        f"Content-Type: {_KINDS[job.form]}\r\n{'Connection: close' if job.fresh else 'Accept: */*'}"
    )
    if job.form == "lines":
        return b"%s\r\nTransfer-Encoding: chunked\r\n\r\n%s" % (head.encode(), _chunked(events))
    body = events[0] if job.form == "single" else b"[%s]" % b",".join(events)
    return b"%s\r\nContent-Length: %d\r\n\r\n%s" % (head.encode(), len(body), body)


def _chunked(events: list[bytes]) -> bytes:
    stream = b"".join(line + b"\n" for line in events)
    pieces = (stream[at : at + _CHUNK] for at in range(0, len(stream), _CHUNK))
    return b"".join(b"%x\r\n%s\r\n" % (len(piece), piece) for piece in pieces) + b"0\r\n\r\n"
