"""`campaign-bridge players import`: links from a file.

In: a CSV file. Out: links, through the desk, in batches; a report of the rows that made none.
"""

import asyncio
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import Any, Final

import click
from rich.console import Console
from rich.progress import Progress

from bridge.cli import options
from bridge.cli.desk import desk_for
from bridge.cli.printing import note, one_line, plural, print_json, say
from bridge.cli.rows import BadRow, Row, Sheet, read_sheet
from bridge.control.views import Json
from bridge.errors import CommandError

#: Links of one call; the desk commits them together.
_BATCH: Final = 500
#: Bad rows that are printed; `--json` has them all.
_TOLD: Final = 50


@click.command("import")
@click.argument("file", type=click.Path(dir_okay=False, allow_dash=True, path_type=Path))
@options.campaign
@click.option("--dry-run", is_flag=True, help="Read and check the file, link nobody.")
@options.as_json
@click.pass_obj
def command(config: Path, *, file: Path, campaign: str | None, dry_run: bool, as_json: bool) -> int:
    """Link the players of a CSV FILE; `-` reads it from stdin.

    The first line names the columns player and userRef, in any order, and campaign if you like;
    others are ignored. A row that can't be used is reported with its line and stops no other.
    Importing a file again changes nothing. Exit code 1 where a row made no link.
    """
    sheet, told = asyncio.run(
        _import(config, _bytes(file), campaign, dry_run=dry_run, quiet=as_json)
    )
    if as_json:
        bad = [{"line": row.line, "error": row.error} for row in sheet.bad]
        print_json({**told, "bad": bad, "dry_run": dry_run})
    else:
        for line in _lines(sheet, told, dry_run=dry_run):
            say(line)
    return 1 if sheet.bad else 0


def _bytes(file: Path) -> bytes:
    if str(file) == "-":
        return sys.stdin.buffer.read()
    try:
        return file.read_bytes()
    except OSError as failure:
        raise CommandError(
            f"{file} can't be read: {failure.strerror}", hint="Name a CSV file, or - for stdin."
        ) from failure


async def _import(
    config: Path, data: bytes, campaign: str | None, *, dry_run: bool, quiet: bool
) -> tuple[Sheet, Json]:
    async with desk_for(config, creates=not dry_run, quiet=quiet) as counter:
        sheet = read_sheet(data, counter.campaigns, campaign)
        told = {"rows": len(sheet.rows) + len(sheet.bad), "linked": 0, "released": 0}
        if sheet.ignored and not quiet:
            names = ", ".join(one_line(name) for name in sheet.ignored[:10])
            note(f"ignored columns: {names}")
        if dry_run:
            return sheet, {**told, "linked": len(sheet.rows)}
        with _progress(len(sheet.rows), quiet=quiet) as advance:
            for batch in _batches(sheet.rows):
                results = await counter.desk.link_many([row.body for row in batch], counter.who)
                _take_in(sheet, told, batch, results)
                advance(len(batch))
        sheet.bad.sort(key=lambda bad: bad.line)
        return sheet, told


def _take_in(sheet: Sheet, told: Json, batch: Sequence[Row], results: Sequence[Json]) -> None:
    for row, result in zip(batch, results, strict=True):
        if "error" in result:
            sheet.bad.append(BadRow(row.line, str(result["error"])))
        else:
            told["linked"] += 1
            told["released"] += result["released"]


def _batches(rows: Sequence[Row]) -> Iterator[list[Row]]:
    left = iter(rows)
    while batch := list(islice(left, _BATCH)):
        yield batch


@contextmanager
def _progress(total: int, *, quiet: bool) -> Iterator[Any]:
    """Return what advances: a bar on a terminal, seldom a line in a log."""
    console, done = Console(stderr=True), 0
    if quiet or not console.is_terminal:
        step = max(_BATCH, total // 10)

        def line(n: int) -> None:
            nonlocal done
            done += n
            if not quiet and done // step != (done - n) // step and done < total:
                note(f"{done} of {total} rows")

        yield line
        return
    with Progress(console=console, transient=True) as bar:
        task = bar.add_task("linking", total=total)
        yield lambda n: bar.advance(task, n)


def _lines(sheet: Sheet, told: Json, *, dry_run: bool) -> Iterator[str]:
    for bad in sheet.bad[:_TOLD]:
        yield f"line {bad.line}: {one_line(bad.error, 200)}"
    if len(sheet.bad) > _TOLD:
        yield f"and {plural(len(sheet.bad) - _TOLD, 'more bad row')}; --json has them all"
    if dry_run:
        yield f"{plural(told['linked'], 'player')} would be linked; nothing was changed"
    else:
        released = plural(told["released"], "held entry", "held entries")
        yield f"{plural(told['linked'], 'player')} linked, {released} released"
    if sheet.bad:
        yield f"{plural(len(sheet.bad), 'row')} made no link"
