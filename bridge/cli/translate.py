"""`campaign-bridge translate`: what an adapter would make of a file; nothing is stored or sent."""

import json
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import click
from pydantic import JsonValue

from bridge.adapters.preview import Record, translate_lines, translate_whole
from bridge.cli.adapters import plugins_folder, registry
from bridge.cli.options import values
from bridge.cli.printing import complain, harmless, note, one_line, plural
from bridge.errors import CommandError
from bridge.players.canonical import canonical_player


@click.command("translate")
@click.argument("adapter")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False, allow_dash=True))
@click.option("--whole", is_flag=True, help="Take the file as one message, not as lines.")
@click.option(
    "--option", "given", multiple=True, callback=values, help="KEY=VALUE for the adapter."
)
@click.option("--source", default="translate", show_default=True, help="Name of the source.")
@click.pass_obj
def command(
    config: Path,
    *,
    adapter: str,
    file: Path,
    whole: bool,
    given: dict[str, JsonValue],
    source: str,
) -> int:
    """Print the game events that ADAPTER reads in FILE (- is stdin), as JSON lines.

    Nothing is stored and nothing is sent. Lines that are refused are named on stderr, and events
    whose player nobody could pay; exit code 1 where there was one. As in the daemon, a line may
    take one second.
    """
    found = registry(plugins_folder(config))
    spec, built = found.spec(adapter), found.build(adapter, given)
    translate = translate_whole if whole else translate_lines
    records = translate(
        spec,
        built,
        _read(file),
        source=source,
        received_at=datetime.now(UTC),
        canonical=canonical_player,
    )
    events, refused = _print(records)
    note(f"{plural(events, 'event')}, {refused} refused")
    return 1 if refused else 0


def _read(file: Path) -> bytes:
    try:
        return sys.stdin.buffer.read() if str(file) == "-" else file.read_bytes()
    except OSError as failure:
        raise CommandError(
            f"{file} can't be read: {failure.strerror}",
            hint="Name a file that this user may read, or - for stdin.",
        ) from failure


def _print(records: Iterator[Record]) -> tuple[int, int]:
    events = refused = 0
    for record in records:
        if "error" in record:
            refused += 1
            _complain(record)
        else:
            events += 1
            click.echo(json.dumps(record))
    return events, refused


def _complain(record: Record) -> None:
    place = f"line {record['line']}: " if "line" in record else ""
    told = harmless(str(record["error"]))
    problems = record.get("errors")
    for problem in problems if isinstance(problems, list) else []:
        if isinstance(problem, dict) and str(problem["detail"]) not in told:
            told += f"\n  {one_line(problem['pointer'])}: {one_line(problem['detail'])}"
    complain(place + told)
