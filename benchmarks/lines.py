"""The lines of the table, as texts: of one run, or of several with what lies between them.

In: records. Out: lines that the terminal and the page show alike. Knows nothing of either.
"""

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from benchmarks.contract import Bound, Missing, Row
from benchmarks.record import Record

Verdict = Literal["moonshot", "yes", "no", "far", "missing", "failed"]
#: What the column says; `far` is a must that each pair missed by more than a factor of two.
WORDS: Final[Mapping[Verdict, str]] = {
    "moonshot": "moonshot",
    "yes": "yes",
    "no": "no",
    "far": "no, by far",
    "missing": "missing",
    "failed": "failed",
}
HEADINGS: Final = ("goal", "what", "ours", "reference", "ratio", "must", "moonshot", "met")
_NONE: Final = "-"
_TO: Final = "\N{EN DASH}"


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the table; `notes` is what a reader must know of it, sentence by sentence."""

    goal: int
    what: str
    verdict: Verdict
    ours: str = ""
    reference: str = ""
    ratio: str = ""
    must: str = ""
    moonshot: str = ""
    notes: tuple[str, ...] = ()

    @property
    def cells(self) -> tuple[str, ...]:
        """Its texts, one a heading."""
        bounds = (self.must, self.moonshot, WORDS[self.verdict])
        return (str(self.goal), self.what, self.ours, self.reference, self.ratio, *bounds)


def lines(records: Sequence[Record]) -> list[Line]:
    """Return the lines of `records`, the newest of which comes first, in the order of the goals.

    Of one run a line says the median of its pairs and the least and the most of them; of several
    the median of the runs and the least and the most of those, and it is met where each run met
    it. What is missing or failed in one run only is a note of its line.
    """
    measured: dict[tuple[int, str], list[Row]] = {}
    missing: dict[tuple[int, str], Missing] = {}
    failed: dict[int, tuple[str, str]] = {}
    for record in records:
        for result in record.results:
            if result.error:
                failed.setdefault(result.number, (result.name, result.error))
            for row in result.outcome.rows if result.outcome else ():
                if isinstance(row, Row):
                    measured.setdefault((row.goal, row.what), []).append(row)
                else:
                    missing.setdefault((row.goal, row.what), row)
    found = [
        *(_measured(rows, len(records)) for rows in measured.values()),
        *(_missing(row) for at, row in missing.items() if at not in measured),
        *(
            Line(goal, name, "failed", notes=(f"failed: {error}",))
            for goal, (name, error) in failed.items()
        ),
    ]
    return sorted(found, key=lambda line: line.goal)


def facts(records: Sequence[Record]) -> list[tuple[int, str, str]]:
    """Return what the goals of the newest record tell besides their figures, by their numbers."""
    return [
        (result.number, name, said)
        for record in records[:1]
        for result in record.results
        if result.outcome
        for name, said in result.outcome.facts.items()
    ]


def said(row: Row) -> str:
    """Return a row in a few words, held to nothing."""
    line = _measured([row], 1)
    return f"{line.ours} against {line.reference}: {line.ratio}" if row.reference else line.ours


def figure(value: float, unit: str = "") -> str:
    """Return a number with as many digits as noise leaves a meaning."""
    size = abs(value)
    digits = 0 if size >= 100 or value == 0 else 1 if size >= 10 else 2 if size >= 1 else 3
    return f"{value:,.{digits}f}{_with(unit)}"


def bound(held: Bound | None, unit: str = "") -> str:
    """Return a bound as the table says it."""
    if held is None:
        return _NONE
    sign = "≥" if held.sense == ">=" else "≤"
    return f"{sign} {held.value:,.10g}{_with(unit)}"


def _with(unit: str) -> str:
    return unit if unit.startswith("/") or not unit else f" {unit}"


def _measured(rows: Sequence[Row], runs: int) -> Line:
    first = rows[0]
    spread = [row.figure for row in rows] if len(rows) > 1 else first.figures
    unit = "" if first.reference else first.unit
    compared = _spread([row.figure for row in rows], spread, unit)
    ours, reference, ratio = compared, _NONE, _NONE
    if first.reference:
        ours = _median([row.ours for row in rows], first.unit)
        reference = _median([row.reference for row in rows], f"{first.unit} {first.against}")
        ratio = compared
    bounds = (bound(first.must, unit), bound(first.moonshot, unit))
    return Line(
        first.goal, first.what, _verdict(rows), ours, reference, ratio, *bounds, _notes(rows, runs)
    )


def _missing(row: Missing) -> Line:
    hint = f"; {row.hint}" if row.hint else ""
    return Line(row.goal, row.what, "missing", notes=(f"missing: {row.why}{hint}",))


def _notes(rows: Sequence[Row], runs: int) -> tuple[str, ...]:
    said = dict.fromkeys(row.note for row in rows if row.note)
    if len(rows) < runs:
        return (*said, f"measured in {len(rows)} of {runs} runs")
    return tuple(said)


def _spread(figures: Sequence[float], spread: Sequence[float], unit: str) -> str:
    middle = statistics.median(figures)
    if len(spread) < 2:
        return figure(middle, unit)
    return f"{figure(middle, unit)} ({figure(min(spread))}{_TO}{figure(max(spread))})"


def _median(runs: Sequence[Sequence[float]], unit: str) -> str:
    return figure(statistics.median(map(statistics.median, runs)), unit.strip())


def _verdict(rows: Sequence[Row]) -> Verdict:
    """Return what every run reached."""
    if any(row.far for row in rows):
        return "far"
    if not all(row.must.met(row.figure) for row in rows):
        return "no"
    high = all(row.moonshot is not None and row.moonshot.met(row.figure) for row in rows)
    return "moonshot" if high else "yes"
