"""Whether a probe may be made, what it will cost, and how it is begun or gone on with.

In: a campaign of the settings, what is wanted, time. Out: the probe, as far as it came. Events are
sent only where the settings and the API both say that the campaign is a test.
"""

import uuid
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from decimal import Decimal
from typing import Final

import click

from bridge.campaigns.api import CampaignApi, campaign_api
from bridge.campaigns.client import CampaignClient, campaign_client
from bridge.campaigns.schemas import Standing, event_body
from bridge.cli.campaign.words import money
from bridge.cli.printing import confirm, note, one_line, plural
from bridge.cli.probe.kept import Shelf
from bridge.cli.probe.moments import Sleep, Time
from bridge.cli.probe.prober import Manner, Prober
from bridge.cli.probe.trials import Probe, fresh
from bridge.cli.probe.wire import Patience, Wire
from bridge.cli.probe.words import Telling, length
from bridge.errors import CommandError
from bridge.events import Clock
from bridge.record import record
from bridge.settings.files import read_secret
from bridge.settings.models import CampaignSettings, DeliverySettings

#: Seconds for which --once tries a host that is away.
_ONCE: Final = 60.0
_TEST: Final = "test"


@record
class Site:
    """Where a probe is made, and where it is kept."""

    campaign: CampaignSettings
    delivery: DeliverySettings
    shelf: Shelf


@record
class Wanted:
    """What is probed and how. `planned` says that the gaps were given, not taken by default."""

    user: str | None
    event: str | None
    gaps: tuple[float, ...]
    planned: bool
    manner: Manner
    yes: bool


async def probed(site: Site, wanted: Wanted, clock: Clock, sleep: Sleep) -> Probe:
    """Begin the probe or go on with it; return it as far as it came.

    Raises:
        CommandError: it may not be made, or not as it is wanted.
        CampaignError: the API refuses, in a way that does not pass by itself.
    """
    _refuse_unless_test(site.campaign.environment, "the settings say")
    probe, time = site.shelf.read(), Time(clock, sleep)
    if probe is not None:
        _refuse_another(probe, wanted)
        if probe.done:
            note("this probe is done; --forget makes room for another one")
            return probe
    async with _opened(site, clock) as (api, client):

        def wire(patience: Patience) -> Wire:
            return Wire(api, client, site.delivery, time, patience)

        if probe is None:
            # Nothing is lost yet: a host that is away now is no reason to wait.
            probe = await _begun(site, wanted, api, wire(Patience(0.0, lambda _: None)))
            site.shelf.write(probe)
        note("it may be stopped at any time: the same command goes on")
        with Telling() as tells:
            calls = wire(Patience(_ONCE if wanted.manner.once else None, tells.waits))
            _refuse_unless_test((await calls.standing()).environment, "the API says")
            prober = Prober(probe, site.shelf.write, calls, time, tells, wanted.manner)
            return await prober.run(_before_each(calls, probe.price))


@asynccontextmanager
async def _opened(site: Site, clock: Clock) -> AsyncIterator[tuple[CampaignApi, CampaignClient]]:
    campaign, delivery = site.campaign, site.delivery
    key = read_secret(campaign.api_key_file, "API key file")
    async with (
        campaign_api(campaign.base_url, campaign.id, key, delivery) as api,
        campaign_client(campaign, key, delivery, clock) as client,
    ):
        yield api, client


# -- beginning ------------------------------------------------------------------------------


async def _begun(site: Site, wanted: Wanted, api: CampaignApi, wire: Wire) -> Probe:
    """Return a probe of which nothing was sent yet, once the operator has agreed."""
    user, event = wanted.user, wanted.event
    if user is None or event is None:
        raise click.UsageError(
            "no probe is under way; --user and --event begin one",
            click.get_current_context(silent=True),
        )
    standing = await wire.standing()
    configured = {each.code: each.amount for each in await api.details.configured_events()}
    if event not in configured:
        raise CommandError(
            f"the campaign pays for no event {event!r}; it pays for: "
            f"{', '.join(sorted(configured)) or 'none'}",
            hint="Take one of these, the cheapest.",
        )
    most, price = 2 * len(wanted.gaps), configured[event]
    _refuse_unless_payable(standing, None if price is None else most * price)
    count = await wire.count(user, event)
    confirm(yes=wanted.yes, what=_what_happens(site, wanted, standing, price))
    return Probe(
        base_url=site.campaign.base_url,
        campaign=site.campaign.id,
        user_ref=user,
        event_code=event,
        body=event_body(event, user).decode(),
        price=price,
        base=count,
        trials=fresh([uuid.uuid4() for _ in wanted.gaps], wanted.gaps),
    )


def _what_happens(site: Site, wanted: Wanted, standing: Standing, price: Decimal | None) -> str:
    named = " · ".join(filter(None, (site.campaign.id, standing.name, standing.environment)))
    most = 2 * len(wanted.gaps)
    each = "" if price is None else f" of {money(price)}, {money(most * price)} together"
    what = (
        f"{named}: {plural(len(wanted.gaps), 'gap')} from {length(wanted.gaps[0])} to "
        f"{length(wanted.gaps[-1])}, at most {most} payouts{each}, of test money to {wanted.user}. "
        "Begin?"
    )
    if wanted.yes:
        note(what.removesuffix(" Begin?"))
    return what


# -- what must be so ------------------------------------------------------------------------


def _refuse_unless_test(environment: str, who: str) -> None:
    if environment.lower() != _TEST:
        raise CommandError(
            f"{who} that this campaign is {one_line(environment)}, not test: nothing was sent",
            hint="A probe pays on purpose more than was earned: make it in a test campaign.",
        )


def _refuse_another(probe: Probe, wanted: Wanted) -> None:
    gaps = tuple(trial.gap for trial in probe.trials)
    if (
        wanted.user in {None, probe.user_ref}
        and wanted.event in {None, probe.event_code}
        and (not wanted.planned or wanted.gaps == gaps)
    ):
        return
    raise CommandError(
        f"a probe of {probe.event_code} for {probe.user_ref}, {plural(len(gaps), 'gap')} from "
        f"{length(gaps[0])} to {length(gaps[-1])}, is here already",
        hint="Without --user, --event and gaps the command goes on with it; --forget removes it.",
    )


def _refuse_unless_payable(standing: Standing, cost: Decimal | None) -> None:
    """Refuse what could not be paid: a payout that fails looks like a key that is remembered."""
    _refuse_unless_test(standing.environment, "the API says")
    if not standing.active:
        raise CommandError(
            f"the campaign is {one_line(standing.status)}, not Active: nothing was sent",
            hint="Start it with `campaign-bridge campaign start`, and run this command again.",
        )
    if cost is not None and standing.available is not None and standing.available < cost:
        raise CommandError(
            f"the campaign has {money(standing.available)} left, and {money(cost)} may be needed: "
            "nothing was sent",
            hint="Fund it, or take a cheaper event or fewer gaps.",
        )


def _before_each(wire: Wire, price: Decimal | None) -> Callable[[], Awaitable[None]]:
    """Return what is asked of the campaign before a key is sent again."""

    async def allowed() -> None:
        _refuse_unless_payable(await wire.standing(), price)

    return allowed
