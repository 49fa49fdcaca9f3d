"""`campaign-bridge players`: who is linked to whom."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import click

from bridge.cli import importing, options, story
from bridge.cli.desk import Counter, desk_for
from bridge.cli.knowing import doubt_of
from bridge.cli.printing import confirm, note, one_line, plural, print_json, say
from bridge.cli.tables import print_table
from bridge.control.views import Json


@click.group("players")
def command() -> None:
    """See, make and undo the links between players and userRefs.

    A PLAYER is written namespace:id, as the engine knows it: steam:76561198000000001,
    minecraft:<uuid>, name:Alice.
    """


@command.command("list")
@options.as_json
@click.pass_obj
def listing(config: Path, *, as_json: bool) -> None:
    """List every link."""

    async def ask(counter: Counter) -> Json:
        return {"players": await counter.desk.players()}

    links = _ask(config, ask, as_json=as_json)["players"]
    if as_json:
        print_json({"players": links})
    elif links:
        columns = ("PLAYER", "USERREF", "CAMPAIGN")
        print_table(
            columns, ((link["player"], link["userRef"], link["campaign"]) for link in links)
        )
    else:
        say("no player is linked; `campaign-bridge players link PLAYER USERREF` links one")


@command.command("show")
@click.argument("player")
@options.as_json
@click.pass_obj
def show(config: Path, *, player: str, as_json: bool) -> None:
    """Show all that is known of one player: links, how they came about, entries, what they lack."""
    found = _ask(config, lambda counter: counter.desk.player_story(player), as_json=as_json)
    if as_json:
        print_json(found)
        return
    for line in story.lines(found):
        say(line)


@command.command("link")
@click.argument("player")
@click.argument("userref")
@options.campaign
@options.as_json
@click.pass_obj
def link(config: Path, *, player: str, userref: str, campaign: str | None, as_json: bool) -> None:
    """Link PLAYER to USERREF; entries that were held for the lack of it are sent."""

    async def ask(counter: Counter) -> Json:
        linked = await counter.desk.link(player, userref, campaign, counter.who)
        doubt = await doubt_of(counter.loaded, campaign, userref)
        if doubt:
            note(f"! {doubt}")
        return linked

    _print(_ask(config, ask, as_json=as_json, creates=True), as_json=as_json)


@command.command("unlink")
@click.argument("player")
@options.campaign
@options.as_json
@click.pass_obj
def unlink(config: Path, *, player: str, campaign: str | None, as_json: bool) -> None:
    """Forget PLAYER's link; what is not yet sent is held until there is a new one."""

    def ask(counter: Counter) -> Awaitable[Json]:
        return counter.desk.unlink(player, campaign, counter.who)

    _print(_ask(config, ask, as_json=as_json), as_json=as_json)


@command.command("forget")
@click.argument("player")
@options.yes
@options.as_json
@click.pass_obj
def forget(config: Path, *, player: str, yes: bool, as_json: bool) -> None:
    """Unlink PLAYER everywhere and erase the addresses and codes that are kept for them.

    What they achieved stays, under its keys, so that nothing is ever paid twice; what is not sent
    yet is held.
    """
    what = f"Erase the links and addresses of {player}? They can't be brought back."
    confirm(yes=yes, what=what)

    def ask(counter: Counter) -> Awaitable[Json]:
        return counter.desk.forget(player, counter.who)

    found = _ask(config, ask, as_json=as_json)
    if as_json:
        print_json(found)
        return
    erased = f"{plural(found['forgotten'], 'link')} and all addresses erased"
    say(f"{one_line(found['player'])}: {erased}")
    say(f"  {plural(found['held'], 'entry', 'entries')} held")


command.add_command(importing.command)


def _ask(
    config: Path,
    ask: Callable[[Counter], Awaitable[Json]],
    *,
    as_json: bool,
    creates: bool = False,
) -> Json:
    async def asked() -> Json:
        async with desk_for(config, creates=creates, quiet=as_json) as counter:
            return await ask(counter)

    return asyncio.run(asked())


def _print(found: Json, *, as_json: bool) -> None:
    if as_json:
        print_json(found)
        return
    say(one_line(found["player"]))
    for known in found["links"]:
        say(f"  linked to {one_line(known['userRef'])} in {one_line(known['campaign'])}")
    if not found["links"]:
        say("  not linked")
    if found.get("released"):
        say(f"  {plural(found['released'], 'held entry', 'held entries')} released")
    say(f"  {plural(found['held'], 'entry', 'entries')} held")
