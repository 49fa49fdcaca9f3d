"""`outbox export`: every entry with its receipt, as JSON lines."""

import json
import os
import sys
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from bridge.cli.keeping.place import place_of
from bridge.cli.printing import note, plural
from bridge.daemon import SystemClock
from bridge.errors import CommandError, StoreUnavailable
from bridge.events import State
from bridge.outbox.archive.exporting import Which
from bridge.outbox.archive.exporting import export as exported
from bridge.players.canonical import canonical_player
from bridge.settings.kinds import duration_of


@click.command("export")
@click.option("--campaign", help="Only this campaign's.")
@click.option("--state", type=click.Choice([state.value for state in State]), help="Only these.")
@click.option("--player", help="Only this player's.")
@click.option("--since", help="Changed since then: 7d, or a time such as 2026-11-23T18:00:00Z.")
@click.option(
    "--output",
    type=click.Path(path_type=Path, dir_okay=False),
    help="A new file, for its owner only; without it stdout.",
)
@click.pass_obj
def export(
    config: Path,
    *,
    campaign: str | None,
    state: str | None,
    player: str | None,
    since: str | None,
    output: Path | None,
) -> None:
    """Print entries with their receipts as JSON lines, oldest first.

    The fields are in docs/keeping.md. It reads the file beside the daemon, and needs the same
    memory for a million entries as for one. What was pruned is null.
    """
    place = place_of(config)
    if not place.outbox.exists():
        raise CommandError(f"there is no outbox at {place.outbox}")
    which = Which(
        campaign,
        None if player is None else canonical_player(player),
        state,
        None if since is None else _moment(since),
    )
    found = exported(place.outbox, which)
    number = _to_stdout(found) if output is None else _to_file(found, output)
    note(f"{plural(number, 'entry', 'entries')} of {place.outbox}")


def _moment(text: str) -> datetime:
    try:
        return SystemClock().now() - duration_of(text)
    except ValueError:
        pass
    try:
        at = datetime.fromisoformat(text)
    except ValueError as bad:
        raise click.BadParameter("write 7d, or 2026-11-23T18:00:00Z", param_hint="--since") from bad
    return at if at.tzinfo is not None else at.replace(tzinfo=UTC)


def _to_stdout(found: Iterable[dict[str, Any]]) -> int:
    number = 0
    try:
        for line in found:
            sys.stdout.write(json.dumps(line) + "\n")
            number += 1
        sys.stdout.flush()
    except BrokenPipeError:  # whoever read it has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return number


def _to_file(found: Iterable[dict[str, Any]], output: Path) -> int:
    number = 0
    try:
        opened = os.open(output, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
        with os.fdopen(opened, "w", encoding="utf-8") as file:
            for line in found:
                file.write(json.dumps(line) + "\n")
                number += 1
    except FileExistsError as taken:
        raise CommandError(f"{output} is there already", hint="Name a new file.") from taken
    except OSError as failure:
        raise StoreUnavailable(
            f"{output} can't be written: {failure.strerror}",
            hint="Name a file that this user may write, on a disk with room.",
        ) from failure
    return number
