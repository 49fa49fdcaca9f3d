"""`campaign show`, `events` and `user`: what the API says, in one call."""

from collections.abc import Iterator

import click

from bridge.campaigns.schemas import Standing
from bridge.cli import options
from bridge.cli.campaign.target import Target, target
from bridge.cli.campaign.words import as_text, event_json, money, standing_json, user_json
from bridge.cli.printing import one_line, print_json, say
from bridge.cli.tables import print_table


@click.command("show")
@target
@options.as_json
def show(where: Target, *, as_json: bool) -> None:
    """Show the campaign: its status, environment and balances."""
    standing = where.ask(lambda api: api.details.standing())
    if as_json:
        print_json(standing_json(where.campaign, standing))
        return
    for line in _lines(where, standing):
        say(line)


def _lines(where: Target, standing: Standing) -> Iterator[str]:
    yield f"campaign    {one_line(where.campaign)}"
    yield f"name        {one_line(standing.name)}"
    yield f"environment {one_line(standing.environment)}"
    yield f"status      {one_line(standing.status)}" + (
        "" if standing.active else ": events are not paid"
    )
    yield f"funded      {one_line(money(standing.funded))}"
    yield f"paid out    {one_line(money(standing.paid_out))}"
    yield f"available   {one_line(money(standing.available))}"
    if standing.address:
        yield f"address     {one_line(standing.address)} ({one_line(standing.chain)})"
    if standing.updated_at:
        yield f"updated     {one_line(standing.updated_at)}"


@click.command("events")
@target
@options.as_json
def events(where: Target, *, as_json: bool) -> None:
    """List the events that the campaign pays for, and what each pays."""
    found = where.ask(lambda api: api.details.configured_events())
    if as_json:
        print_json({"events": [event_json(event) for event in found]})
    elif found:
        rows = ((event.code, event.name, money(event.amount)) for event in found)
        print_table(("CODE", "NAME", "PAYS"), rows)
    else:
        say("the campaign pays for no event")


@click.command("user")
@click.argument("userref", callback=as_text)
@target
@options.as_json
def user(where: Target, *, userref: str, as_json: bool) -> None:
    """Show how one user stands in the campaign."""
    found = where.ask(lambda api: api.users.standing(userref))
    if as_json:
        print_json(user_json(found))
        return
    say(f"user        {one_line(found.user_ref)}")
    say(f"status      {one_line(found.status)}")
    say(f"environment {one_line(found.environment)}")
