"""What a run prints: one table, what a reader must know of its lines, and why it failed.

In: a record. Out: text on a console. Knows nothing of how anything was measured.
"""

from collections.abc import Mapping
from typing import Final

from rich.console import Console
from rich.table import Table
from rich.text import Text

from benchmarks.lines import HEADINGS, Line, Verdict, facts, lines
from benchmarks.record import Record, Result, wrong

#: The table needs so many columns; a log has no width of its own.
_WIDTH: Final = 150
_COLOURS: Final[Mapping[Verdict, str]] = {
    "moonshot": "bold green",
    "yes": "green",
    "no": "red",
    "far": "bold red",
    "missing": "yellow",
    "failed": "bold red",
}


def console() -> Console:
    """Return a console on stdout that is wide enough where it is no terminal."""
    out = Console(highlight=False)
    return out if out.is_terminal else Console(highlight=False, width=_WIDTH)


def show(record: Record, out: Console) -> None:
    """Print the table, the notes to it, what the goals tell besides, and why the run failed."""
    found = lines([record])
    out.print(_table(found))
    for line in found:
        for note in line.notes:
            out.print(Text(f"goal {line.goal}, {line.what}: {note}"))
    for goal, name, said in facts([record]):
        out.print(Text(f"goal {goal}: {name}: {said}"))
    out.print(Text(" · ".join(said_of(record))))
    for reason in wrong(record):
        out.print(Text(f"error: {reason}", style="red"))


def said_of(record: Record) -> list[str]:
    """Return where, when and of what a run was made, in short."""
    place = record.place
    return [
        "quick run" if record.quick else "full run",
        record.begun,
        f"{record.pairs} pairs",
        f"{sum(result.seconds for result in record.results):.0f} s",
        *(f"{name} {value}" for name, value in place.machine.items()),
        *(f"{name} {value}" for name, value in place.versions.items()),
        f"commit {place.commit}",
    ]


def done(result: Result, out: Console) -> None:
    """Say that a goal is done."""
    how = f"failed: {result.error}" if result.error else "done"
    out.print(Text(f"goal {result.number} {result.name}: {how}, {result.seconds:.1f} s"))


def _table(found: list[Line]) -> Table:
    table = Table(box=None, pad_edge=False)
    for heading in HEADINGS:
        numbers = heading in {"goal", "ours", "reference", "ratio"}
        table.add_column(
            heading,
            justify="right" if numbers else "left",
            no_wrap=heading not in {"what", "reference"},
            overflow="fold",
        )
    for line in found:
        *cells, met = line.cells
        table.add_row(*map(Text, cells), Text(met, style=_COLOURS[line.verdict]))
    return table
