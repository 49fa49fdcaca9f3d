"""Tiny goals for the tests of the report: they measure nothing and say what they are told to."""

import asyncio
from collections.abc import Sequence
from io import StringIO

from rich.console import Console

from benchmarks.catalog import Listed
from benchmarks.contract import Bench, Bound, Curve, Goal, Missing, Outcome, Row
from benchmarks.record import Place, Record, Result
from benchmarks.run import Load

PLACE = Place({"cpu": "a fast one", "cores": "2"}, {"Python": "3.11.2"}, "abcdef012345")
LISTED = (
    Listed(1, "one", "What one measures.", "How it does."),
    Listed(2, "two", "What two measures.", "How it does."),
)


def row(goal: int = 1, ratio: float = 0.7, what: str = "64 callers", **more: object) -> Row:
    """Return a row whose ratio is `ratio`, with a must of 0.6 and a moonshot of 0.75."""
    given: dict[str, object] = {
        "ours": [1000 * ratio, 1100 * ratio, 900 * ratio],
        "reference": [1000.0, 1000.0, 1000.0],
        "unit": "/s",
        "against": "E",
        "must": Bound(">=", 0.6),
        "moonshot": Bound(">=", 0.75),
    }
    return Row(goal, what, **(given | more))  # type: ignore[arg-type]


def says(*rows: Row | Missing, curves: Sequence[Curve] = (), **facts: str) -> Goal:
    """Return a goal that says this at once."""

    async def measure(bench: Bench) -> Outcome:
        assert list(bench.folder.iterdir()) == []
        (bench.folder / "written").touch()
        return Outcome(rows, curves, facts)

    return measure


def raises(error: Exception) -> Goal:
    """Return a goal that fails."""

    async def measure(_: Bench) -> Outcome:
        raise error

    return measure


async def hangs(_: Bench) -> Outcome:
    """Never be done."""
    await asyncio.Event().wait()
    raise AssertionError


def of(**goals: Goal) -> Load:
    """Return what loads these goals by their names."""

    def load(listed: Listed) -> Goal:
        return goals[listed.name]

    return load


def result(*rows: Row | Missing, number: int = 1, curves: Sequence[Curve] = ()) -> Result:
    """Return the result of a goal."""
    return Result(number, LISTED[number - 1].name, 1.5, Outcome(rows, curves))


def record(
    *results: Result, begun: str = "2026-11-28T10:00:00Z", quick: bool = False, place: Place = PLACE
) -> Record:
    """Return the record of a run."""
    return Record(begun, quick, 3, place, results)


def paper() -> tuple[Console, StringIO]:
    """Return a console, and what it wrote."""
    written = StringIO()
    return Console(file=written, width=150, highlight=False), written
