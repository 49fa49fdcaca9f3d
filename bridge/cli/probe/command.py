"""The command: its options, and what is printed."""

import asyncio
import os
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any, Final

import click
from click.core import ParameterSource

from bridge.cli import options
from bridge.cli.campaign.words import as_text
from bridge.cli.desk import refuse_strangers_files
from bridge.cli.printing import confirm, print_json, say
from bridge.cli.probe.begin import Site, Wanted, probed
from bridge.cli.probe.kept import FOLDER, Shelf
from bridge.cli.probe.learned import learned
from bridge.cli.probe.prober import Manner
from bridge.cli.probe.trials import Probe, gaps
from bridge.cli.probe.words import probe_json, show
from bridge.daemon import SystemClock
from bridge.errors import CommandError
from bridge.settings.files import load_settings, state_dir
from bridge.settings.kinds import duration_of
from bridge.settings.models import CampaignSettings, Settings

#: Gaps of one probe; each costs two payouts.
MOST_GAPS: Final = 50
_PLAN: Final = ("longest", "first", "factor")


def _seconds(ctx: click.Context, param: click.Parameter, given: str) -> float:
    try:
        return duration_of(given).total_seconds()
    except ValueError as wrong:
        raise click.BadParameter(str(wrong)) from wrong


def _duration(name: str, default: str, meaning: str) -> Callable[..., Any]:
    return click.option(
        name, default=default, show_default=True, metavar="TIME", callback=_seconds, help=meaning
    )


def _text(ctx: click.Context, param: click.Parameter, given: str | None) -> str | None:
    return None if given is None else as_text(ctx, param, given)


@click.command("probe-idempotency")
@options.campaign
@click.option("--user", metavar="USERREF", callback=_text, help="A linked user whom nobody pays.")
@click.option("--event", metavar="CODE", callback=_text, help="The event to send; a cheap one.")
@_duration("--longest", "48h", "The longest gap.")
@_duration("--first", "1m", "The shortest gap.")
@click.option(
    "--factor",
    type=click.FloatRange(min=1.1, max=1000),
    default=2.0,
    show_default=True,
    help="How much longer each gap is than the last.",
)
@_duration("--settle", "1m", "How long a count of payouts must stand still to be believed.")
@click.option("--once", is_flag=True, help="Do what is due now and end, as from cron.")
@click.option("--status", is_flag=True, help="Show the probe that is here; call nobody.")
@click.option("--forget", is_flag=True, help="Remove the probe, so that a new one can begin.")
@options.yes
@options.as_json
@click.pass_context
def command(ctx: click.Context, /, **given: Any) -> int:
    """Learn how long the API remembers an Idempotency-Key; in a test campaign only.

    For each of several growing gaps a key of its own is sent once, at the beginning, and once more
    when the gap is over. The payouts of the user are then counted: none more, the key was still
    remembered; one more, it was forgotten. Each gap costs two payouts at most. From the longest
    gap that was remembered a `key_horizon` is proposed. Two forgotten keys end the probe.

    It may be stopped at any time: what was done is kept in the state directory, and the same
    command goes on. No ledger knows these payouts: take a campaign that no daemon serves.
    """
    wanted = _wanted(ctx, given)
    settings = load_settings(ctx.obj)
    campaign = _campaign(settings, given["campaign"])
    folder = state_dir() / FOLDER
    shelf = Shelf(folder, campaign.base_url, campaign.id)
    horizon, as_json = settings.delivery.key_horizon, given["as_json"]
    if given["status"]:
        return _status(shelf, horizon, as_json=as_json)
    refuse_strangers_files(folder, os.geteuid() if os.name == "posix" else -1)
    with shelf.held():
        if given["forget"]:
            return _forget(shelf, yes=wanted.yes, as_json=as_json)
        site = Site(campaign, settings.delivery, shelf)
        probe = asyncio.run(probed(site, wanted, SystemClock(), asyncio.sleep))
    return _end(probe, horizon, as_json=as_json)


def _wanted(ctx: click.Context, given: Mapping[str, Any]) -> Wanted:
    """Return what is asked for; raises `click.UsageError` where it can't be meant."""
    if given["first"] > given["longest"]:
        raise click.UsageError("--first is longer than --longest", ctx)
    wanted = gaps(given["first"], given["factor"], given["longest"])
    if len(wanted) > MOST_GAPS:
        raise click.UsageError(
            f"these are {len(wanted)} gaps, more than {MOST_GAPS}; take a larger --factor", ctx
        )
    if given["once"] + given["status"] + given["forget"] > 1:
        raise click.UsageError("--once, --status and --forget exclude each other", ctx)
    planned = any(ctx.get_parameter_source(name) != ParameterSource.DEFAULT for name in _PLAN)
    manner = Manner(given["settle"], given["once"])
    return Wanted(given["user"], given["event"], tuple(wanted), planned, manner, given["yes"])


def _campaign(settings: Settings, wanted: str | None) -> CampaignSettings:
    known = {each.id: each for each in settings.campaigns}
    if wanted is None and len(known) == 1:
        (wanted,) = known
    if wanted not in known:
        what = "say which campaign" if wanted is None else f"no campaign {wanted!r} is configured"
        raise CommandError(
            f"{what}; configured are: {', '.join(known) or 'none'}",
            hint="Name one of these with --campaign.",
        )
    return known[wanted]


def _status(shelf: Shelf, horizon: timedelta, *, as_json: bool) -> int:
    probe = shelf.read()
    if probe is None:
        raise CommandError(
            "no probe of this campaign is here", hint="--user and --event begin one."
        )
    _print(probe, horizon, as_json=as_json)
    return 0


def _forget(shelf: Shelf, *, yes: bool, as_json: bool) -> int:
    confirm(yes=yes, what="Remove the probe? What it has paid stays paid.")
    shelf.forget()
    if as_json:
        print_json({"forgotten": True})
    else:
        say("the probe is forgotten")
    return 0


def _end(probe: Probe, horizon: timedelta, *, as_json: bool) -> int:
    _print(probe, horizon, as_json=as_json)
    if probe.done and not learned(probe).anything:
        raise CommandError(
            "no gap could be judged",
            hint="Somebody else pays this user, too: --forget, then take a user of its own.",
        )
    return 0


def _print(probe: Probe, horizon: timedelta, *, as_json: bool) -> None:
    if as_json:
        print_json(probe_json(probe, horizon))
    else:
        show(probe, horizon)
