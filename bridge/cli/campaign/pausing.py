"""`campaign pause` and `resume`: the kill switch of one campaign."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import click

from bridge.cli import options
from bridge.cli.desk import Counter, desk_for
from bridge.cli.printing import one_line, print_json, say
from bridge.control.asked import campaign_of
from bridge.control.views import Json


@click.command("pause")
@options.campaign
@click.option("--why", default="", help="A word for the others, shown by `status`.")
@options.as_json
@click.pass_obj
def pause(config: Path, *, campaign: str | None, why: str, as_json: bool) -> None:
    """Send nothing of a campaign until it is resumed.

    The bridge keeps taking and storing events; nothing is lost, and the pause outlives restarts.
    The campaign itself goes on: to end it, use `campaign stop`.
    """

    def ask(counter: Counter) -> Awaitable[Json]:
        return counter.desk.pause(_chosen(counter, campaign), why, counter.who)

    paused = _ask(config, ask, as_json)
    if not as_json:
        say(f"{one_line(paused['campaign'])} is paused: nothing of it is sent until")
        say("`campaign-bridge campaign resume`; events are taken and stored as ever")


@click.command("resume")
@options.campaign
@options.as_json
@click.pass_obj
def resume(config: Path, *, campaign: str | None, as_json: bool) -> None:
    """Let a paused campaign go on."""

    def ask(counter: Counter) -> Awaitable[Json]:
        return counter.desk.resume(_chosen(counter, campaign), counter.who)

    resumed = _ask(config, ask, as_json)
    if not as_json:
        say(f"{one_line(resumed['campaign'])} goes on")


def _chosen(counter: Counter, campaign: str | None) -> str:
    """Return which campaign is meant: it may be left out where one is configured."""
    return campaign_of(campaign, counter.campaigns)


def _ask(config: Path, ask: Callable[[Counter], Awaitable[Json]], as_json: bool) -> Json:
    async def asked() -> Json:
        async with desk_for(config, quiet=as_json, creates=True) as counter:
            return await ask(counter)

    answer = asyncio.run(asked())
    if as_json:
        print_json(answer)
    return answer
