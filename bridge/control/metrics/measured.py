"""What only a running daemon can measure: for the numbers, beside what `status` tells.

In: nothing. Out: values that the daemon fills in at each scrape.
"""

from collections.abc import Callable, Mapping
from dataclasses import field

from bridge.record import record
from bridge.sqlite.space import Room
from bridge.timing import Histogram


@record
class Store:
    """The outbox's file and its writer; `busy` is how long it has been at one commit (seconds).

    `room` asks the disk, and is called beside the loop.
    """

    commits: Histogram
    failures: int
    queued: int
    arrivals: int
    busy: float
    room: Callable[[], Room]


@record
class Buffer:
    """A UDP socket in the kernel: bytes of its buffer, bytes that the settings ask for, datagrams
    that the kernel dropped; None where it doesn't tell."""

    given: int | None
    asked: int
    dropped: int | None


@record
class Measured:
    """One moment of a running daemon.

    `attempts` and `rounds` are by campaign: how long attempts took, and for how many seconds its
    worker has been at one round. `ahead` is how far the ledger's clock is ahead of the wall clock.
    """

    version: str
    now: float
    ahead: float
    store: Store
    attempts: Mapping[str, Histogram] = field(default_factory=dict)
    rounds: Mapping[str, float] = field(default_factory=dict)
    buffers: Mapping[str, Buffer] = field(default_factory=dict)
    confirmed_by_webhook: Mapping[str, int] = field(default_factory=dict)
    passed_over: Mapping[str, int] = field(default_factory=dict)
