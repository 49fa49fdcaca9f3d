"""`outbox prune`: what is old and settled gives back its room."""

import asyncio
from pathlib import Path

import click

from bridge.cli import options
from bridge.cli.desk import desk_for
from bridge.cli.keeping.words import in_bytes
from bridge.cli.printing import plural, print_json, say
from bridge.control.views import Json
from bridge.errors import CommandError


@click.command("prune")
@click.option("--dry-run", is_flag=True, help="Only count what would go.")
@options.as_json
@click.pass_obj
def prune(config: Path, *, dry_run: bool, as_json: bool) -> None:
    """Let go what is older than [outbox] keep_… says; the daemon does it daily by itself.

    Bytes, messages and attempts of settled entries go, and bodies of webhooks. Keys, message ids
    and counters stay for ever: what was paid once is never paid again.
    """

    async def ask() -> Json:
        async with desk_for(config, quiet=as_json) as counter:
            if not counter.exists:
                raise CommandError("there is no outbox yet, so there is nothing to prune")
            return await counter.desk.prune(dry_run=dry_run)

    answer = asyncio.run(ask())
    if as_json:
        print_json(answer)
        return
    word = "would go" if dry_run else "gone"
    say(f"{word}: {_told(answer)}")
    if not dry_run:
        say(f"the file is {in_bytes(answer['shrunk_bytes'])} smaller")
    say(f"free in it: {in_bytes(answer['free_bytes'])}")


def _told(answer: Json) -> str:
    return ", ".join(
        [
            f"the bytes of {plural(answer['bodies'], 'entry', 'entries')}",
            plural(answer["attempts"], "attempt"),
            f"the bodies of {plural(answer['inbox'], 'webhook')}",
            plural(answer["journal"], "line of the journal", "lines of the journal"),
            plural(answer["changes"], "change"),
        ]
    )
