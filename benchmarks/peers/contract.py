"""What a peer is: a store of somebody else's that syncs an event before it acknowledges it.

In: nothing. Out: the values that each peer's file fills and the goal reads. Knows no peer.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from pathlib import Path

from benchmarks.contract import Bench


@dataclass(frozen=True, slots=True)
class Lack:
    """What a peer needs and this machine has not, and the command that installs it."""

    why: str
    hint: str


@dataclass(frozen=True, slots=True)
class Loaded:
    """What one run of a loader came to.

    `accepted` were acknowledged within `seconds`; `acknowledged` were in all, with the warm-up.
    `cpu` is the loader's own share of its processor: near 1 it is the loader that was measured.
    `kept` is what the peer says it holds of them, `None` where it is counted by other means.
    `told` is what the peer itself says of its syncs.
    """

    accepted: int
    seconds: float
    acknowledged: int
    cpu: float
    kept: int | None = None
    told: str = ""

    @property
    def rate(self) -> float:
        """Events a second."""
        return self.accepted / self.seconds


@dataclass(frozen=True, slots=True)
class Serving:
    """A peer that runs: `loaders` are the modules that load it, by name, and their arguments.

    `kept` counts what it holds, for a peer whose loader can't ask.
    """

    version: str
    pid: int
    told: str
    loaders: Mapping[str, Sequence[str]]
    kept: Callable[[], Awaitable[int]] | None = None


@dataclass(frozen=True, slots=True)
class Peer:
    """A peer: `lacks` says what is not installed, `serve` runs it in a folder of its own.

    `serve` raises `CommandError` where it does not start, or does not sync before it answers.
    """

    name: str
    lacks: Callable[[], Lack | None]
    serve: Callable[[Bench, Path], AbstractAsyncContextManager[Serving]]
