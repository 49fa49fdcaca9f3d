"""`campaign users` and `history`: lists that may be long.

In: where to begin and how much to show. Out: rows of as many pages as it takes.
"""

from collections.abc import AsyncIterator, Callable
from typing import Any, TypeVar

import click

from bridge.campaigns.readings import PAGE
from bridge.cli import options
from bridge.cli.campaign.target import Target, target
from bridge.cli.campaign.words import as_text, linked_json, money, transaction_json
from bridge.cli.printing import plural, print_json, say
from bridge.cli.tables import print_table

T = TypeVar("T")
Command = TypeVar("Command", bound=Callable[..., Any])


def paged(command: Command) -> Command:
    """Add `--limit`, `--offset` and `--all`."""
    for option in (
        click.option("--all", "everything", is_flag=True, help="Show all, however many."),
        click.option(
            "--offset",
            type=click.IntRange(0),
            default=0,
            show_default=True,
            help="Leave out the first ones.",
        ),
        click.option(
            "--limit",
            type=click.IntRange(1, 10_000),
            default=50,
            show_default=True,
            help="Show so many at most.",
        ),
    ):
        command = option(command)
    return command


def page_size(limit: int, *, everything: bool) -> int:
    """Return how many rows to ask for at once: one more than shown says whether there are more."""
    return PAGE if everything else min(limit + 1, PAGE)


async def taken(rows: AsyncIterator[T], limit: int, *, everything: bool) -> tuple[list[T], bool]:
    """Return the first rows, and whether there are more."""
    found: list[T] = []
    async for row in rows:
        if len(found) == limit and not everything:
            return found, True
        found.append(row)
    return found, False


def say_more(shown: int, offset: int, *, more: bool) -> None:
    """Say that a list was cut, and how to see the rest."""
    if more:
        say(f"… {plural(shown, 'row')} from {offset} on; --all shows all")


@click.command("users")
@target
@paged
@options.as_json
def users(where: Target, *, limit: int, offset: int, everything: bool, as_json: bool) -> None:
    """List the users that are linked to the campaign."""
    size = page_size(limit, everything=everything)
    found, more = where.ask(
        lambda api: taken(api.users.all_linked(offset, size), limit, everything=everything)
    )
    if as_json:
        print_json({"users": [linked_json(each) for each in found], "more": more})
    elif found:
        rows = ((each.user_ref, each.status, each.linked_at) for each in found)
        print_table(("USERREF", "STATUS", "LINKED"), rows)
        say_more(len(found), offset, more=more)
    else:
        say("no user is linked")


@click.command("history")
@click.argument("userref", callback=as_text)
@target
@paged
@options.as_json
def history(
    where: Target, *, userref: str, limit: int, offset: int, everything: bool, as_json: bool
) -> None:
    """List what one user was paid. What is accepted and not yet paid is not in it."""
    size = page_size(limit, everything=everything)
    found, more = where.ask(
        lambda api: taken(
            api.users.whole_history(userref, offset, size), limit, everything=everything
        )
    )
    if as_json:
        print_json({"transactions": [transaction_json(row) for row in found], "more": more})
    elif found:
        rows = (
            (row.created_at, row.event_code, money(row.amount), row.id, row.hash) for row in found
        )
        print_table(("TIME", "EVENT", "PAID", "ID", "TRANSACTION"), rows)
        say_more(len(found), offset, more=more)
    else:
        say("nothing was paid to this user")
