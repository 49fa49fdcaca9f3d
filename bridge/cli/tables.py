"""Tables: drawn on a terminal, aligned plain text elsewhere.

In: columns and rows. Out: lines on stdout. Apart from `printing`, which the daemon loads too:
what draws them is large.
"""

import sys
from collections.abc import Iterable, Sequence

import click
from rich.console import Console
from rich.table import Table
from rich.text import Text

from bridge.cli.printing import one_line


def print_table(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Print rows under their headings: a table on a terminal, aligned plain text elsewhere."""
    lines = [[one_line(value) for value in row] for row in rows]
    if sys.stdout.isatty():
        Console(highlight=False).print(_table(columns, lines))
        return
    widths = [max(map(_width, column)) for column in zip(columns, *lines, strict=True)]
    for line in [columns, *lines]:
        padded = (
            text + " " * (width - _width(text)) for text, width in zip(line, widths, strict=True)
        )
        click.echo("  ".join(padded).rstrip())


def _table(columns: Sequence[str], lines: Sequence[Sequence[str]]) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in columns:
        table.add_column(column, overflow="fold")
    for line in lines:
        table.add_row(*(Text(value) for value in line))
    return table


def _width(text: str) -> int:
    return Text(text).cell_len
