"""`outbox backup`: a copy that can be put back, made while the daemon goes on."""

from pathlib import Path
from time import monotonic

import click

from bridge.cli import options
from bridge.cli.keeping.place import place_of
from bridge.cli.keeping.words import in_bytes, states
from bridge.cli.printing import note, one_line, plural, print_json, say, span
from bridge.daemon import SystemClock
from bridge.outbox.archive.backup import Backup, back_up, back_up_into


@click.command("backup")
@click.argument("file", required=False, type=click.Path(path_type=Path, dir_okay=False))
@click.option(
    "--dir",
    "folder",
    type=click.Path(path_type=Path, file_okay=False),
    help="Folder in which the copy is named by its time.",
)
@click.option(
    "--keep", type=click.IntRange(1), help="With --dir: drop all but so many, once it is made."
)
@options.as_json
@click.pass_obj
def backup(
    config: Path, *, file: Path | None, folder: Path | None, keep: int | None, as_json: bool
) -> None:
    """Copy the outbox to FILE, or into a folder, while the daemon goes on.

    The copy is of one moment, is read from end to end before it gets its name, and never takes
    another file's place. It is marked: an outbox that begins with it sends nothing until somebody
    has looked what was paid since. Run it as the daemon's user, or as root.
    """
    if (file is None) is (folder is None):
        raise click.UsageError("name a FILE, or a folder with --dir")
    if keep is not None and folder is None:
        raise click.UsageError("--keep belongs to --dir")
    place = place_of(config)
    if not as_json:
        note(place.told)
    began = monotonic()
    if folder is not None:
        made = back_up_into(place.outbox, folder.absolute(), SystemClock().now(), keep)
    else:
        assert file is not None  # noqa: S101  # one of the two is given
        made = back_up(place.outbox, file.absolute())
    _tell(made, monotonic() - began, as_json=as_json)


def _tell(made: Backup, seconds: float, *, as_json: bool) -> None:
    if as_json:
        print_json(
            {
                "file": str(made.path),
                "bytes": made.size,
                "entries": made.entries,
                "states": dict(made.states),
                "rows": dict(made.rows),
                "schema": made.schema,
                "seconds": round(seconds, 3),
                "dropped": [str(path) for path in made.dropped],
            }
        )
        return
    say(f"backup    {one_line(made.path, 4000)}")
    say(f"size      {in_bytes(made.size)}, schema {made.schema}, made in {span(seconds)}")
    say(f"entries   {made.entries}{states(made.states)}")
    say("verified  read from end to end, as many rows as the outbox had")
    if made.dropped:
        say(f"dropped   {plural(len(made.dropped), 'older backup')}")
