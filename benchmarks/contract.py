"""What a goal of the benchmarks is, and what it says: figures side by side, and their ratio.

In: nothing. Out: the values that goals return and the report prints. Knows nothing of how
anything is measured.
"""

import statistics
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal


@dataclass(frozen=True, slots=True)
class Bound:
    """What a figure must reach: at least (`>=`) or at most (`<=`) `value`."""

    sense: Literal[">=", "<="]
    value: float

    def met(self, figure: float) -> bool:
        """Whether `figure` reaches it."""
        return figure >= self.value if self.sense == ">=" else figure <= self.value

    def far(self, figure: float) -> bool:
        """Whether `figure` misses it by more than a factor of two, which is no noise any more."""
        return figure < self.value / 2 if self.sense == ">=" else figure > self.value * 2


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table: what was measured in pairs A B A B, and how they compare.

    `ours` and `reference` hold one figure a run, in pairs; without a reference the figure itself
    is held to the bounds. `unit` is that of both; `note` says what a reader must know.

    `reached` is what such a row has come to where its must is not met yet: the table says that the
    must is missed, and a daily run fails only where it falls far below what was reached.
    """

    goal: int
    what: str
    ours: Sequence[float]
    unit: str
    must: Bound
    moonshot: Bound | None = None
    reference: Sequence[float] = ()
    against: str = ""
    note: str = ""
    reached: Bound | None = None

    @property
    def figures(self) -> list[float]:
        """The figures that are held to the bounds: the ratio of each pair, else ours alone."""
        if not self.reference:
            return list(self.ours)
        return [a / b for a, b in zip(self.ours, self.reference, strict=True)]

    @property
    def figure(self) -> float:
        """The median of `figures`."""
        return statistics.median(self.figures)

    @property
    def far(self) -> bool:
        """Whether each of `figures` misses the must by far; one stall of a machine spoils one."""
        return all(map(self.must.far, self.figures))

    @property
    def fallen(self) -> bool:
        """Whether each of `figures` lies far below what was reached, be it the must or less."""
        return all(map((self.reached or self.must).far, self.figures))

    @property
    def of_machine(self) -> bool:
        """Whether it is a time held against no other: a busy machine misses any such must."""
        return not self.reference and self.unit in {"s", "ms"}


@dataclass(frozen=True, slots=True)
class Missing:
    """A measurement that could not be made here; named in the table, never left out."""

    goal: int
    what: str
    why: str
    hint: str = ""


@dataclass(frozen=True, slots=True)
class Curve:
    """A line of a plot: `x` against `y`."""

    plot: str
    name: str
    x: Sequence[float]
    y: Sequence[float]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one goal has to say."""

    rows: Sequence[Row | Missing]
    curves: Sequence[Curve] = ()
    facts: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Bench:
    """Where and how the goals run: a folder on a real disk, how much, on which processors.

    `quick` asks for the daily run: all goals but the peers in two minutes. `serve` is the processor
    of what is measured, `load` that of the generator and of what stands for the API. With `free` a
    daemon may use all of those processors, as at a user's; its references stay where they are.
    """

    folder: Path
    quick: bool
    pairs: int
    serve: int = 0
    load: int = 1
    free: Sequence[int] = ()

    @property
    def cores(self) -> frozenset[int]:
        """The processors of a daemon."""
        return frozenset(self.free or (self.serve,))

    @property
    def whole(self) -> bool:
        """Whether curves, and what else is held to no bound, are wanted as well."""
        return not (self.quick or self.free)


Goal = Callable[[Bench], Awaitable[Outcome]]
