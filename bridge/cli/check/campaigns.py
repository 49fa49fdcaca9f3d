"""The campaigns themselves: read-only calls with each one's key.

In: settings and keys. Out: findings. Sends no event.
"""

from collections.abc import Iterator, Sequence
from decimal import Decimal

from bridge.campaigns.client import campaign_client
from bridge.campaigns.schemas import ConfiguredEvent, Standing
from bridge.cli.check.findings import Finding, fine, problem, refused, warning
from bridge.cli.check.rules import check_codes
from bridge.cli.init.template import EXAMPLE_CAMPAIGN
from bridge.daemon import SystemClock
from bridge.errors import CampaignError
from bridge.rules.book import Rule
from bridge.settings.models import CampaignSettings, DeliverySettings


def check_example(campaign: CampaignSettings) -> Iterator[Finding]:
    """Notice the id that `init` wrote."""
    if campaign.id == EXAMPLE_CAMPAIGN:
        yield problem(
            f"campaign {campaign.id}",
            "this is the example's id",
            "Write your campaign's id into [[campaigns]] id.",
        )


async def check_campaign(
    campaign: CampaignSettings,
    api_key: str,
    delivery: DeliverySettings,
    rules: Sequence[Rule],
    prices: dict[tuple[str, str], Decimal],
) -> list[Finding]:
    """Ask the API for the campaign and its events; note in `prices` what they pay."""
    what = f"campaign {campaign.id}"
    async with campaign_client(campaign, api_key, delivery, SystemClock()) as client:
        try:
            standing = await client.standing()
            events = await client.configured_events()
        except CampaignError as failure:
            return [refused(what, failure)]
    for event in events:
        if event.amount is not None:
            prices[campaign.id, event.code] = event.amount
    return [
        *_check_standing(campaign, standing, events),
        *check_codes(campaign.id, rules, events),
    ]


def _check_standing(
    campaign: CampaignSettings, standing: Standing, events: Sequence[ConfiguredEvent]
) -> Iterator[Finding]:
    what = f"campaign {campaign.id}"
    if standing.environment.lower() != campaign.environment:
        yield problem(
            what,
            f"the API says its environment is {standing.environment!r}, the settings say "
            f"{campaign.environment!r}",
            "Correct [[campaigns]] environment, or use the other campaign's id and key.",
        )
    if standing.active:
        yield fine(what, f"{standing.name or 'it'} is {standing.status} ({standing.environment})")
    else:
        yield warning(
            what,
            f"its status is {standing.status}: what comes in waits",
            "Fund and start the campaign.",
        )
    yield _check_balance(what, standing, events)


def _check_balance(what: str, standing: Standing, events: Sequence[ConfiguredEvent]) -> Finding:
    if standing.available is None:
        return warning(what, "the API does not say what is left to pay")
    told = f"funded {standing.funded}, paid out {standing.paid_out}, left {standing.available}"
    prices = [event.amount for event in events if event.amount is not None]
    if prices and standing.available < max(prices):
        return warning(what, f"{told}: less than its dearest event pays", "Fund the campaign.")
    return fine(what, told)
