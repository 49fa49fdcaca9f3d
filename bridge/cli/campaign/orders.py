"""`campaign start`, `stop` and `withdraw`: asked about, given, followed to their end.

In: an order. Out: the API's word that it is accepted, and with --wait that it is done.
"""

import os
import sys
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import click

from bridge.campaigns.lifecycle import Verb
from bridge.cli import options
from bridge.cli.campaign.giving import Given, Order, give
from bridge.cli.campaign.keys import Drawer
from bridge.cli.campaign.target import Target, target
from bridge.cli.campaign.waiting import follow, waits
from bridge.cli.campaign.words import standing_json, told
from bridge.cli.desk import refuse_strangers_files
from bridge.cli.printing import error_json, one_line, print_json, say
from bridge.errors import BridgeError
from bridge.settings.files import state_dir

#: Below the state dir: the keys of orders that were not answered.
FOLDER = "campaign-orders"

# -- commands -------------------------------------------------------------------------------


def _ordering(until: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Add what the three commands share."""

    def add(command: Callable[..., Any]) -> Callable[..., Any]:
        command = options.as_json(command)
        command = waits(until)(command)
        text = "Don't use the kept key of an earlier attempt that was not answered."
        command = click.option("--new-key", is_flag=True, help=text)(command)
        return target(options.yes(command))

    return add


@click.command("start")
@_ordering("the campaign is Active")
def start(where: Target, **given: Any) -> None:
    """Start the campaign: from then on its events are paid.

    The Idempotency-Key is kept until the API has answered; after a timeout or a crash the next
    `start` uses it again, so that nothing is done twice.
    """
    _carry_out(where, Verb.START, **given)


@click.command("stop")
@_ordering("the campaign has stopped")
def stop(where: Target, **given: Any) -> None:
    """Stop the campaign: its events are no longer paid, until it is started again.

    The Idempotency-Key is kept as for `start`.
    """
    _carry_out(where, Verb.STOP, **given)


@click.command("withdraw")
@_ordering("nothing is left to withdraw")
def withdraw(where: Target, **given: Any) -> None:
    """Withdraw all that remains in a stopped campaign.

    The Idempotency-Key is kept as for `start`.
    """
    _carry_out(where, Verb.WITHDRAW, **given)


def _carry_out(
    where: Target,
    verb: Verb,
    *,
    yes: bool,
    new_key: bool,
    wait: bool,
    timeout: float,
    as_json: bool,
) -> None:
    if not (yes or sys.stdin.isatty()):
        raise click.UsageError(
            f"nobody is there to confirm the {verb}; --yes goes ahead without asking",
            click.get_current_context(),
        )
    order = Order(verb, yes, new_key, timeout if wait else None)
    folder = state_dir() / FOLDER
    refuse_strangers_files(folder, os.geteuid() if os.name == "posix" else -1)
    drawer = Drawer(folder, where.base_url, where.campaign)
    with drawer.held():
        given = where.ask(lambda api: give(api, where, order, drawer))
    if not as_json:
        say(f"{verb} accepted: {one_line(given.words)}")
    late = None
    if order.wait is not None:
        given, late = _waited(where, order, given, order.wait)
    _print(where, verb, given, late, as_json=as_json)
    if late is not None:
        raise late


def _print(
    where: Target, verb: Verb, given: Given, late: BridgeError | None, *, as_json: bool
) -> None:
    seen = given.standing
    if as_json:
        print_json(
            {
                "campaign": where.campaign,
                "order": verb.value,
                "message": given.words,
                "idempotencyKey": given.key,
                "repeated": given.repeated,
                "standing": None if seen is None else standing_json(where.campaign, seen),
                **({} if late is None else error_json(late)),
            }
        )
    elif seen is not None:
        say(f"{verb} done: {told(seen)}")


def _waited(
    where: Target, order: Order, given: Given, seconds: float
) -> tuple[Given, BridgeError | None]:
    again = "; if it was repeated after other changes, --new-key" if given.repeated else ""
    try:
        seen = where.ask(
            lambda api: follow(
                api.details.standing,
                order.verb.done,
                told,
                seconds=seconds,
                late=f"the {order.verb} is not done",
                hint="It was accepted and may still be carried out: `campaign-bridge campaign show`"
                f" says{again}.",
            )
        )
    except BridgeError as failure:
        return given, failure
    return replace(given, standing=seen), None
