"""How long things took, in buckets: cheap enough for every commit and every attempt.

In: seconds. Out: how many took up to how long. Knows nothing of what took so long.

One thread observes, any may read: a reader that comes in the middle sees one observation less in
the sum than in the counts, and never a bucket that shrinks.
"""

from bisect import bisect_left
from collections.abc import Sequence
from typing import Final

#: Upper bounds in seconds: of a commit, whose sync takes milliseconds on a good disk; and of a call
#: over the internet, which is given up after ten.
COMMITS: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0)
CALLS: Final = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 20.0)


class Histogram:
    """Counts of durations by upper bound (inclusive, in seconds); the last one has none."""

    __slots__ = ("bounds", "counts", "sum")

    def __init__(self, bounds: Sequence[float]) -> None:
        self.bounds = tuple(bounds)
        self.counts = [0] * (len(self.bounds) + 1)
        self.sum = 0.0

    def observe(self, seconds: float) -> None:
        """Count one duration."""
        self.counts[bisect_left(self.bounds, seconds)] += 1
        self.sum += seconds

    def cumulative(self) -> list[tuple[str, int]]:
        """Return how many took at most each bound, as Prometheus wants them."""
        found, below = [], 0
        for bound, count in zip((*map(str, self.bounds), "+Inf"), list(self.counts), strict=True):
            below += count
            found.append((bound, below))
        return found
