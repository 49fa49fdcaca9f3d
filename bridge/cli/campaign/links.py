"""`campaign link` and `unlink`: a player's link begun, followed, ended."""

import click

from bridge.campaigns.api import CampaignApi
from bridge.campaigns.failures import CallFailed
from bridge.campaigns.schemas import LinkDetails, LinkSession
from bridge.cli import options
from bridge.cli.campaign.target import Target, target
from bridge.cli.campaign.waiting import follow, waits
from bridge.cli.campaign.words import as_text, new_key
from bridge.cli.printing import error_json, one_line, print_json, say
from bridge.errors import BridgeError, CommandError


def _email(ctx: click.Context, param: click.Parameter, given: str) -> str:
    name, at, host = as_text(ctx, param, given).strip().rpartition("@")
    if not (name and at and host):
        raise click.BadParameter("write an address such as player@example.com")
    return given


@click.command("link")
@click.argument("email", callback=_email)
@target
@waits("the player has approved")
@options.as_json
def link(where: Target, *, email: str, wait: bool, timeout: float, as_json: bool) -> None:
    """Begin a link session for EMAIL and print where the player approves it.

    With --wait the userRef is printed once they have.
    """
    session = where.ask(lambda api: api.links.initiate(email, new_key("link")))
    if not as_json:
        say(f"url         {one_line(session.url, 2000)}")
        say(f"session     {one_line(session.session)}")
        say("state       " + ("begun" if session.created else "it was begun before"))
    user_ref, failed = _waited(where, session, timeout) if wait else (None, None)
    if as_json:
        told = {"url": session.url, "sessionKey": session.session, "created": session.created}
        ended = {} if failed is None else error_json(failed)
        print_json({**told, "userRef": user_ref, **ended})
    elif user_ref is not None:
        say(f"linked      {one_line(user_ref)}")
    if failed is not None:
        raise failed


def _waited(
    where: Target, session: LinkSession, timeout: float
) -> tuple[str | None, BridgeError | None]:
    try:
        found = where.ask(
            lambda api: follow(
                _Looking(api, session.session).look,
                lambda seen: seen.linked or seen.ended,
                lambda seen: f"not approved yet{seen.status and f': {seen.status}'}",
                seconds=timeout,
                late="the player has not approved",
                hint="The session may still be approved: give them the URL, and wait again with "
                "the same command.",
            )
        )
    except BridgeError as failure:
        return None, failure
    if found.linked:
        return found.user_ref, None
    return None, CommandError(
        f"the player will not link through this session: it is {found.status}",
        hint="Begin a new one with the same command.",
    )


class _Looking:
    """Looks at a session in the documented form; in the other one for its status, while that is
    there.
    """

    def __init__(self, api: CampaignApi, session: str) -> None:
        self._links = api.links
        self._session = session
        self._has_status = True

    async def look(self) -> LinkDetails:
        """Return what is known of the session."""
        found = await self._links.details(self._session)
        if found.linked or not self._has_status:
            return found
        try:
            return await self._links.details_in_campaign(self._session)
        except CallFailed as failure:
            self._has_status = failure.passing
            return found


@click.command("unlink")
@click.argument("userref", callback=as_text)
@target
@options.as_json
def unlink(where: Target, *, userref: str, as_json: bool) -> None:
    """End a player's link to the campaign at the API: events for USERREF are then refused.

    What the bridge itself knows of its players is changed by `campaign-bridge players`.
    """
    where.ask(lambda api: api.links.remove(userref, new_key("unlink")))
    if as_json:
        print_json({"userRef": userref, "removed": True})
    else:
        say(f"{one_line(userref)} is no longer linked")
