"""A campaign's first page: status, balances, and what its owner can do next.

In: forms. Out: effects as the API's calls have them; a refusal is told on the page, with its
status. Jobs that are under way are watched without JavaScript by a link, with it by themselves.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from types import MappingProxyType
from typing import Final

from aiohttp import web

from bridge.look.forms import Form
from bridge.look.page import see_other
from bridge.look.plot import Plot
from bridge.sandbox import campaigns, lifecycle
from bridge.sandbox.answers import Refused
from bridge.sandbox.books import Books
from bridge.sandbox.books.campaigns import Campaign, ConfiguredEvent
from bridge.sandbox.books.ledger import FailedPayout, Payout
from bridge.sandbox.books.users import User
from bridge.sandbox.dashboard.door import Door
from bridge.sandbox.dashboard.frame import MOVING, Effect, Frame, address
from bridge.sandbox.dashboard.payouts import paid_over_time
from bridge.sandbox.dashboard.routes import CAMPAIGN, campaign_of
from bridge.sandbox.dashboard.visits import Flash, Visit
from bridge.sandbox.hosted.forms import NO_AMOUNT
from bridge.sandbox.money import micros, units
from bridge.sandbox.payouts import PayoutReadings, accept
from bridge.sandbox.readings import StartWhenActive, Status

#: Rows of what was paid last, and users that the test event proposes.
LATEST: Final = 5
PROPOSED: Final = 50
#: What each button of a campaign's life has said once it was accepted.
_ACCEPTED: Final[Mapping[str, str]] = MappingProxyType(
    {
        "start": "The start was accepted.",
        "stop": "The stop was accepted.",
        "withdraw": "The withdrawal was accepted.",
    }
)


@dataclass(frozen=True, slots=True)
class Seen:
    """What the page shows."""

    campaign: Campaign
    events: list[ConfiguredEvent]
    users: list[User]
    counts: Mapping[str, int]
    promised: int
    latest: list[Payout]
    failed: list[FailedPayout]
    paid: Plot


@dataclass(frozen=True, slots=True)
class Typed:
    """What stands in the page's forms, and what is wrong with it."""

    amount: str = ""
    code: str = ""
    user: str = ""
    errors: Mapping[str, str] = field(default_factory=dict)


class OverviewPage:
    """The handlers."""

    def __init__(
        self,
        frame: Frame,
        door: Door,
        start_when_active: StartWhenActive,
        played: PayoutReadings,
    ) -> None:
        self._frame = frame
        self._door = door
        self._played = played
        self._effects: Mapping[str, Effect] = {
            "start": partial(lifecycle.start, when_active=start_when_active),
            "stop": lifecycle.stop,
            "withdraw": lifecycle.withdraw,
        }

    def routes(self) -> list[web.RouteDef]:
        """Return the page, the part of it that refreshes itself, and its forms."""
        posted, verbs = self._door.posted, "|".join(_ACCEPTED)
        return [
            web.get(CAMPAIGN, self._door.seen(self.show)),
            web.get(f"{CAMPAIGN}/state", self._door.seen(self.show_state)),
            web.post(f"{CAMPAIGN}/{{verb:{verbs}}}", posted(self.change)),
            web.post(f"{CAMPAIGN}/fund", posted(self.fund)),
            web.post(f"{CAMPAIGN}/event", posted(self.send_event)),
        ]

    async def show(self, request: web.Request, visit: Visit) -> web.Response:
        return await self._page(request, visit)

    async def show_state(self, request: web.Request, visit: Visit) -> web.Response:
        """Answer with what changes by itself, for htmx."""
        return await self._page(request, visit, template="dashboard/state.html")

    async def change(self, request: web.Request, visit: Visit, _: Form) -> web.Response:
        campaign_id, verb = campaign_of(request), request.match_info["verb"]
        try:
            await self._frame.effect(campaign_id, verb, self._effects[verb])
        except Refused as refused:
            return await self._refused(request, visit, refused)
        visit.say("good", _ACCEPTED[verb])
        return see_other(address(campaign_id))

    async def fund(self, request: web.Request, visit: Visit, form: Form) -> web.Response:
        campaign_id, typed = campaign_of(request), form.one("amount")
        try:
            amount = micros(typed)
        except ValueError:
            wrong = Typed(amount=typed, errors={"amount": NO_AMOUNT})
            return await self._page(request, visit, 422, wrong)
        try:
            await self._frame.keeper.write(lambda books: campaigns.fund(books, campaign_id, amount))
        except Refused as refused:
            return await self._refused(request, visit, refused, Typed(amount=typed))
        visit.say("good", "The campaign was funded.")
        return see_other(address(campaign_id))

    async def send_event(self, request: web.Request, visit: Visit, form: Form) -> web.Response:
        code, user = form.one("code"), form.one("user")
        typed = Typed(code=code, user=user)
        if not user:
            wrong = Typed(code=code, errors={"user": "Fill this in."})
            return await self._page(request, visit, 422, wrong)
        effect = partial(accept, code=code, user_ref=user, readings=self._played)
        try:
            await self._frame.effect(campaign_of(request), "event", effect)
        except Refused as refused:
            return await self._refused(request, visit, refused, typed)
        visit.say("good", "The event was accepted; its payout is a job of its own.")
        return see_other(address(campaign_of(request)))

    async def _refused(
        self, request: web.Request, visit: Visit, refused: Refused, typed: Typed | None = None
    ) -> web.Response:
        """Show the page with the API's own reason; a campaign that isn't there is no page."""
        status = refused.answer.status
        told = f"Refused with {status}: {refused}."
        return await self._page(request, visit, status, typed, ("bad", told))

    async def _page(
        self,
        request: web.Request,
        visit: Visit,
        status: int = 200,
        typed: Typed | None = None,
        say: Flash | None = None,
        template: str = "dashboard/overview.html",
    ) -> web.Response:
        seen = await self._frame.keeper.read(partial(_seen, campaign_id=campaign_of(request)))
        return self._frame.campaign_page(
            visit,
            template,
            seen.campaign,
            "Overview",
            status,
            say=say,
            seen=seen,
            promised=units(seen.promised),
            busy=seen.campaign.status in MOVING or seen.promised > 0,
            next_step=_next_step(seen.campaign),
            typed=typed or Typed(),
        )


def _seen(books: Books, campaign_id: str) -> Seen:
    campaign = campaigns.found(books, campaign_id)
    events = books.campaigns.events(campaign_id)
    keys = books.campaigns.keys(campaign_id)
    return Seen(
        campaign,
        events,
        books.users.listing(campaign_id, PROPOSED, 0),
        {
            "events": len(events),
            "users": books.users.count(campaign_id),
            "invites": books.invites.count(campaign_id),
            "keys": sum(key.revoked_at is None for key in keys),
            "payouts": books.ledger.count(campaign_id),
        },
        books.jobs.promised(campaign_id),
        books.ledger.latest(campaign_id, LATEST),
        books.ledger.failed(campaign_id, LATEST),
        paid_over_time(books, campaign_id),
    )


def _next_step(campaign: Campaign) -> str:
    """Return what the guide does next; a job under way counts as done."""
    match campaign.status:
        case Status.ACTIVE | Status.STARTING:
            return "stop"
        case Status.STOPPED | Status.STOPPING if campaign.available:
            return "withdraw"
        case _:
            return "start" if campaign.available else "fund"
