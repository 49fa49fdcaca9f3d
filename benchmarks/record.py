"""What a run leaves behind: everything that was measured, where, on what and of which commit.

In: results, and the machine's description. Out: JSON files, and records read back from them.
Knows nothing of how anything is shown.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from pydantic import TypeAdapter, ValidationError

from benchmarks.contract import Outcome, Row


class UnreadableRecord(Exception):
    """A file of a run can't be read."""


@dataclass(frozen=True, slots=True)
class Result:
    """What came of one goal: its outcome, or the error that ended it."""

    number: int
    name: str
    seconds: float
    outcome: Outcome | None = None
    error: str = ""

    @property
    def rows(self) -> list[Row]:
        """What was measured, without what is missing."""
        lines = self.outcome.rows if self.outcome else ()
        return [row for row in lines if isinstance(row, Row)]


@dataclass(frozen=True, slots=True)
class Place:
    """Where a run was made, and of what: what must be equal before two runs are compared."""

    machine: Mapping[str, str]
    versions: Mapping[str, str]
    commit: str


@dataclass(frozen=True, slots=True)
class Record:
    """One run. `begun` is an instant in UTC, `pairs` how often each pair was taken."""

    begun: str
    quick: bool
    pairs: int
    place: Place
    results: Sequence[Result] = ()

    @property
    def name(self) -> str:
        """The name of its files; those of later runs sort behind those of earlier ones."""
        stamp = self.begun.replace("-", "").replace(":", "")
        return f"{stamp}-{'quick' if self.quick else 'full'}"


_RECORD: Final = TypeAdapter(Record)


def write(record: Record, path: Path) -> None:
    """Write it as JSON, replacing what was there."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(_RECORD.dump_json(record, indent=1) + b"\n")


def read(path: Path) -> Record:
    """Read what `write` wrote.

    Raises:
        UnreadableRecord: it is not such a file.
    """
    try:
        return _RECORD.validate_json(path.read_bytes())
    except ValidationError as wrong:
        where = wrong.errors()[0]
        raise UnreadableRecord(
            f"{path} is not a record of a run ({where['loc']}: {where['msg']}); remove it, or "
            "make it anew with `make bench`"
        ) from wrong


def wrong(record: Record) -> list[str]:
    """Return why a run has failed: goals that ended with an error, and musts that were missed.

    In a quick run only those that each pair missed by more than a factor of two, and no times that
    are held against no other: machines are noisy, and so are a few seconds of one.
    """
    by = ", by more than a factor of two in each pair" if record.quick else ""
    found = []
    for result in record.results:
        if result.error:
            found.append(f"goal {result.number} ({result.name}) failed: {result.error}")
        found += [
            f"goal {row.goal}, {row.what}: {row.figure:.3g} misses its must, "
            f"{row.must.sense} {row.must.value:g}{by}"
            for row in result.rows
            if _fails(row, quick=record.quick)
        ]
    return found


def _fails(row: Row, *, quick: bool) -> bool:
    return row.fallen and not row.of_machine if quick else not row.must.met(row.figure)
