"""A campaign in a running sandbox, funded and started, with two users to pay.

In: the sandbox's URL and admin token. Out: what a configuration needs to work at once.
"""

from collections.abc import Mapping
from dataclasses import field
from decimal import Decimal

import aiohttp

from bridge.cli.stage import until
from bridge.errors import CommandError
from bridge.record import record
from bridge.sandbox.admin import CreatedCampaign, EventDefinition, SandboxAdmin

#: What the new campaign pays.
EVENTS: Mapping[str, Decimal] = {
    "first_blood": Decimal("1.50"),
    "match_won": Decimal("2.00"),
    "flag_capture": Decimal("0.10"),
    "kill_streak_5": Decimal("0.25"),
    "comeback": Decimal("0.50"),
    "frag": Decimal("0.01"),
}
FUNDS = Decimal(1000)
USERS = ("usr_alice", "usr_bob")
_START = 10.0


@record
class Trial:
    """A campaign to try things with."""

    campaign: str
    api_key: str = field(repr=False)
    base_url: str
    users: tuple[str, ...]


async def new_trial(url: str, admin_token: str) -> Trial:
    """Make the campaign.

    Raises:
        SandboxError: the sandbox does not answer, or refuses.
        CommandError: the campaign does not start.
    """
    url = url.rstrip("/").removesuffix("/api")
    async with SandboxAdmin(url, admin_token) as admin:
        events = [EventDefinition(code, price) for code, price in EVENTS.items()]
        campaign = await admin.create_campaign("Trial", events)
        await admin.fund(campaign.id, FUNDS)
        users = tuple([await admin.add_user(campaign.id, name) for name in USERS])
        await _start(url, admin, campaign)
    return Trial(campaign.id, campaign.api_key, f"{url}/api", users)


async def _start(url: str, admin: SandboxAdmin, campaign: CreatedCampaign) -> None:
    headers = {"Authorization": f"Bearer {campaign.api_key}", "X-Campaign-Id": campaign.id}
    call = f"{url}/api/v1/campaign/{campaign.id}/start"
    try:
        async with (
            aiohttp.ClientSession(headers=headers) as session,
            session.put(call) as answer,
        ):
            if answer.status != 202:
                raise CommandError(f"the sandbox did not start the campaign: {answer.status}")
    except (aiohttp.ClientError, TimeoutError, OSError) as failure:
        raise CommandError(f"the sandbox did not start the campaign: {failure}") from failure

    async def active() -> bool:
        return any(
            found.id == campaign.id and found.status == "Active"
            for found in await admin.campaigns()
        )

    await until(active, _START, "the sandbox's campaign does not become active")
