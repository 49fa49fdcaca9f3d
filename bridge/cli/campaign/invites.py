"""`campaign invites`: shareable links by which players link themselves."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import click
from pydantic import TypeAdapter

from bridge.campaigns.api import CampaignApi
from bridge.campaigns.schemas import Invite, InviteChange
from bridge.campaigns.schemas.invites import Keep
from bridge.cli import options
from bridge.cli.campaign.lists import page_size, paged, say_more, taken
from bridge.cli.campaign.target import Target, target
from bridge.cli.campaign.words import as_text, invite_json, new_key
from bridge.cli.printing import one_line, print_json, say
from bridge.cli.tables import print_table
from bridge.daemon import SystemClock
from bridge.settings.kinds import Duration

#: Longest URL that is shown whole: whoever copies it must get all of it.
_URL = 2000
_UNLIMITED = click.option("--unlimited", is_flag=True, help="Take the limit of uses away.")
_FOREVER = click.option("--forever", is_flag=True, help="Take the end away.")


@click.group("invites")
def invites() -> None:
    """See, make, change, pause and revoke the campaign's link invites.

    Oncade documents that they exist, with label, maxUses and expiresAt; how they are called is
    our reading.
    """


@invites.command("list")
@target
@paged
@options.as_json
def listing(where: Target, *, limit: int, offset: int, everything: bool, as_json: bool) -> None:
    """List the invites."""
    size = page_size(limit, everything=everything)
    found, more = where.ask(
        lambda api: taken(api.invites.all(offset, size), limit, everything=everything)
    )
    if as_json:
        print_json({"invites": [invite_json(each) for each in found], "more": more})
    elif found:
        print_table(("ID", "LABEL", "STATE", "USES", "UNTIL", "URL"), map(_row, found))
        say_more(len(found), offset, more=more)
    else:
        say("there are no invites; `campaign-bridge campaign invites create` makes one")


def _row(invite: Invite) -> tuple[object, ...]:
    return (
        invite.id,
        invite.label,
        invite.state,
        _uses(invite),
        invite.expires_at,
        invite.url,
    )


def _uses(invite: Invite) -> str:
    used = "?" if invite.uses is None else str(invite.uses)
    return used if invite.max_uses is None else f"{used}/{invite.max_uses}"


# -- making and changing --------------------------------------------------------------------


def _until(ctx: click.Context, param: click.Parameter, given: str | None) -> datetime | None:
    """Read a time with its timezone, or a length of time from now on."""
    if given is None:
        return None
    for read in (_from_now, _moment):
        try:
            return read(given)
        except (ValueError, OverflowError):  # pydantic's refusal is a ValueError, too
            continue
    raise click.BadParameter("write 7d, 12h or 2026-12-31T23:59:59Z")


def _from_now(given: str) -> datetime:
    span: timedelta = TypeAdapter(Duration).validate_python(given)
    return SystemClock().now() + span


def _moment(given: str) -> datetime:
    moment = datetime.fromisoformat(given)
    if moment.utcoffset() is None:
        raise ValueError("no timezone")
    return moment.astimezone(UTC)


def _limits(command: Callable[..., Any]) -> Callable[..., Any]:
    command = click.option(
        "--until", callback=_until, help="When it ends: 7d, 12h or 2026-12-31T23:59:59Z."
    )(command)
    return click.option(
        "--max-uses", type=click.IntRange(1), help="How many players may link by it."
    )(command)


@invites.command("create")
@click.option("--label", required=True, callback=as_text, help="What it is for: a channel.")
@_limits
@target
@options.as_json
def create(
    where: Target, *, label: str, max_uses: int | None, until: datetime | None, as_json: bool
) -> None:
    """Make an invite and print its URL."""
    wanted = InviteChange(label, _kept(max_uses), _kept(until))
    _print(where.ask(lambda api: api.invites.create(wanted, new_key("invite"))), as_json=as_json)


@invites.command("update")
@click.argument("invite", callback=as_text)
@click.option("--label", help="What it is for.")
@_limits
@_UNLIMITED
@_FOREVER
@target
@options.as_json
def update(
    where: Target,
    *,
    invite: str,
    label: str | None,
    max_uses: int | None,
    until: datetime | None,
    unlimited: bool,
    forever: bool,
    as_json: bool,
) -> None:
    """Change an invite's label and limits; what isn't named stays as it is."""
    if (unlimited and max_uses is not None) or (forever and until is not None):
        raise click.UsageError(
            "--max-uses and --unlimited, --until and --forever exclude each other",
            click.get_current_context(),
        )
    change = InviteChange(
        _kept(label),
        None if unlimited else _kept(max_uses),
        None if forever else _kept(until),
    )
    if not change.document:
        raise click.UsageError("say what to change", click.get_current_context())
    _print(
        where.ask(lambda api: api.invites.update(invite, change, new_key("invite"))),
        as_json=as_json,
    )


def _kept(value: Any) -> Any:
    """Return what was given, and where nothing was: keep it."""
    return Keep.IT if value is None else value


# -- deciding -------------------------------------------------------------------------------


def _deciding(command: Callable[..., Any]) -> Callable[..., Any]:
    taking = click.argument("invite", callback=as_text)
    return taking(target(options.as_json(command)))


@invites.command("pause")
@_deciding
def pause(where: Target, *, invite: str, as_json: bool) -> None:
    """Let nobody in by an invite until it is resumed."""
    _decide(where, lambda api: api.invites.pause(invite, new_key("invite")), as_json=as_json)


@invites.command("resume")
@_deciding
def resume(where: Target, *, invite: str, as_json: bool) -> None:
    """Open a paused invite again."""
    _decide(where, lambda api: api.invites.resume(invite, new_key("invite")), as_json=as_json)


@invites.command("revoke")
@_deciding
def revoke(where: Target, *, invite: str, as_json: bool) -> None:
    """Close an invite for ever; who linked by it stays linked."""
    _decide(where, lambda api: api.invites.revoke(invite, new_key("invite")), as_json=as_json)


def _decide(
    where: Target, decide: Callable[[CampaignApi], Awaitable[Invite]], *, as_json: bool
) -> None:
    _print(where.ask(decide), as_json=as_json)


def _print(invite: Invite, *, as_json: bool) -> None:
    if as_json:
        print_json(invite_json(invite))
        return
    say(f"invite      {one_line(invite.id)}")
    say(f"label       {one_line(invite.label)}")
    say(f"url         {one_line(invite.url, _URL)}")
    say(f"state       {one_line(invite.state)}")
    say(f"uses        {_uses(invite)}")
    say(f"until       {one_line(invite.expires_at)}")
