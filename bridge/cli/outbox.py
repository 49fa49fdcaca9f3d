"""`campaign-bridge outbox`: what is kept, what became of it, what an operator decides."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import TypeVar

import click

from bridge.cli import options
from bridge.cli.desk import Counter, desk_for
from bridge.cli.keeping.backup import backup
from bridge.cli.keeping.checking import check
from bridge.cli.keeping.export import export
from bridge.cli.keeping.prune import prune
from bridge.cli.keeping.restore import restore
from bridge.cli.keeping.salvage import salvage
from bridge.cli.letting_go import expire, forget, release
from bridge.cli.printing import confirm, print_error, print_json, say, since
from bridge.cli.receipt import lines
from bridge.cli.tables import print_table
from bridge.cli.words import note_lane
from bridge.control.views import Json
from bridge.errors import BridgeError
from bridge.events import State
from bridge.outbox.values import Decision

T = TypeVar("T")

_COLUMNS = ("KEY", "STATE", "SINCE", "PLAYER", "EVENT", "TRIES", "WHY")

_RISK = """\
Whether this payout was made is unknown. Sending it again uses the same Idempotency-Key and the
same bytes: while the API remembers the key nothing can be paid twice; once it has forgotten it,
the player may be paid a second time."""


@click.group("outbox")
def command() -> None:
    """Look into the outbox, decide about entries, and keep its file."""


@command.command("list")
@click.option("--campaign", help="Only this campaign's.")
@click.option("--player", help="Only this player's.")
@click.option("--state", type=click.Choice([state.value for state in State]), help="Only these.")
@click.option("--reason", help="Only held for this reason, such as over_cap or shadow.")
@click.option("--limit", type=click.IntRange(1, 10_000), default=50, show_default=True)
@options.as_json
@click.pass_obj
def listing(
    config: Path,
    *,
    campaign: str | None,
    player: str | None,
    state: str | None,
    reason: str | None,
    limit: int,
    as_json: bool,
) -> None:
    """List entries, newest first."""

    def ask(counter: Counter) -> Awaitable[list[Json]]:
        return counter.desk.entries(campaign, player, state, limit, reason)

    found = _ask(config, ask, as_json=as_json)
    if as_json:
        print_json({"entries": found})
    elif found:
        print_table(_COLUMNS, map(_row, found))
        if len(found) == limit:
            say(f"… the newest {limit}; --limit shows more")
    else:
        say("no entries")


def _row(entry: Json) -> Sequence[object]:
    return (
        entry["key"],
        entry["entry_state"],
        since(entry["updated_at"]),
        entry["player"],
        entry["event_code"],
        entry["attempts"],
        "fenced" if entry["fenced"] else entry["reason"],
    )


@command.command("show")
@click.argument("key")
@options.as_json
@click.pass_obj
def show(config: Path, *, key: str, as_json: bool) -> None:
    """Show everything that is known of one entry, as a story in time.

    KEY is an entry's key, or its first eight characters or more, or any Idempotency-Key that it was
    sent under.
    """
    receipt = _ask(config, lambda counter: counter.desk.receipt(key), as_json=as_json)
    if as_json:
        print_json(receipt)
        return
    for line in lines(receipt):
        say(line)


# -- decisions ------------------------------------------------------------------------------


@command.command("retry")
@click.argument("keys", metavar="KEY...", nargs=-1, required=True)
@options.as_json
@click.pass_obj
def retry(config: Path, *, keys: tuple[str, ...], as_json: bool) -> int:
    """Make held and dead entries due now; the first eight characters of a key will do."""
    return _decide(config, keys, Decision.RETRY, as_json=as_json)


@command.command("resolve")
@click.argument("key")
@click.option("--paid", "decision", flag_value="paid", help="It was paid: close it as accepted.")
@click.option("--unpaid", "decision", flag_value="unpaid", help="It was not: send it afresh.")
@click.option("--resend", "decision", flag_value="resend", help="Send the same bytes again.")
@options.yes
@options.as_json
@click.pass_obj
def resolve(config: Path, *, key: str, decision: str | None, yes: bool, as_json: bool) -> int:
    """Settle an uncertain entry: was it paid?

    Look the payout up in the campaign's history first. --paid says that it is there, --unpaid
    that it is not: it is then sent as if for the first time. --resend sends it again without
    knowing, under the same Idempotency-Key: safe while the API remembers the key, after that the
    player may be paid twice.
    """
    if decision is None:
        raise click.UsageError("say what is true of it: --paid, --unpaid or --resend")
    if decision == "resend":
        click.echo(_RISK, err=True)
    confirm(yes=yes, what=f"Resolve {key} as {decision}?")
    return _decide(config, [key], Decision(decision), as_json=as_json)


@command.command("discard")
@click.argument("keys", metavar="KEY...", nargs=-1, required=True)
@options.yes
@options.as_json
@click.pass_obj
def discard(config: Path, *, keys: tuple[str, ...], yes: bool, as_json: bool) -> int:
    """Never pay these entries; their keys stay known, so that the feats can't come back.

    The first eight characters of a key will do.
    """
    confirm(yes=yes, what=f"Discard {len(keys)}? They are never paid.")
    return _decide(config, keys, Decision.DISCARD, as_json=as_json)


def _decide(config: Path, keys: Sequence[str], decision: Decision, *, as_json: bool) -> int:
    """Decide about each key; one that is refused stops no other. Return the exit code."""

    async def ask(counter: Counter) -> list[tuple[str, Json | BridgeError]]:
        return [(key, await _decided(counter, key, decision)) for key in keys]

    results = _ask(config, ask, as_json=as_json)
    if as_json:
        print_json({"results": [_result(key, result) for key, result in results]})
    for _, result in results:
        if isinstance(result, BridgeError):
            print_error(result)
        elif not as_json:
            say(f"{result['key']}  {result['entry_state']}")
            note_lane(result["lane"])
    return 1 if any(isinstance(result, BridgeError) for _, result in results) else 0


async def _decided(counter: Counter, key: str, decision: Decision) -> Json | BridgeError:
    try:
        return await counter.desk.decide(key, decision.value, counter.who)
    except BridgeError as refused:
        return refused


def _result(key: str, result: Json | BridgeError) -> Json:
    if not isinstance(result, BridgeError):
        return result
    return {"key": key, "error": {"code": result.code, "detail": str(result), "hint": result.hint}}


def _ask(config: Path, ask: Callable[[Counter], Awaitable[T]], *, as_json: bool) -> T:
    async def asked() -> T:
        async with desk_for(config, quiet=as_json) as counter:
            return await ask(counter)

    return asyncio.run(asked())


for each in (release, forget, expire, backup, restore, check, salvage, export, prune):
    command.add_command(each)
