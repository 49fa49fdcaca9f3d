"""A campaign's own calls: details, configured events, events, start, stop, withdraw.

In: requests. Out: answers. Source: API reference, "Campaigns".
"""

from functools import partial

from aiohttp import web

from bridge.sandbox.answers import Answer
from bridge.sandbox.api import shapes
from bridge.sandbox.api.calls import Calls, Effect
from bridge.sandbox.api.operation import Handler, Operation
from bridge.sandbox.books import Books
from bridge.sandbox.books.campaigns import Campaign
from bridge.sandbox.lifecycle import Accepted, start, stop, withdraw
from bridge.sandbox.money import units
from bridge.sandbox.payouts import PayoutReadings, accept
from bridge.sandbox.readings import BUSINESS_ID, CHAIN, StartWhenActive

CAMPAIGN = "/api/v1/campaign/{campaign_id}"
#: What every call with a campaign's key can be refused with.
REFUSALS = (400, 401, 403, 404, 503)
TAG = "Campaign"


class CampaignCalls:
    """The handlers."""

    def __init__(
        self, calls: Calls, start_when_active: StartWhenActive, readings: PayoutReadings
    ) -> None:
        self._calls = calls
        self._start_when_active = start_when_active
        self._readings = readings

    def operations(self) -> list[Operation]:
        """Return the calls."""
        return [
            Operation(
                "GET",
                CAMPAIGN,
                self.details,
                "Details, status and balances",
                TAG,
                {200: shapes.CampaignTold},
                REFUSALS,
            ),
            _enqueued("PUT", f"{CAMPAIGN}/start", self.start, "Start"),
            _enqueued("PUT", f"{CAMPAIGN}/stop", self.stop, "Stop (freeze)"),
            _enqueued("POST", f"{CAMPAIGN}/withdraw", self.withdraw, "Withdraw what remains"),
            _enqueued(
                "POST",
                f"{CAMPAIGN}/events",
                self.event,
                "Enqueue a payout event",
                shapes.NewEvent,
            ),
            Operation(
                "GET",
                f"{CAMPAIGN}/events",
                self.configured_events,
                "Configured events: the catalogue, not a history",
                TAG,
                {200: shapes.EventsTold},
                REFUSALS,
            ),
        ]

    async def details(self, request: web.Request) -> web.Response:
        return await self._calls.told(request, _details)

    async def configured_events(self, request: web.Request) -> web.Response:
        return await self._calls.told(request, _catalogue)

    async def event(self, request: web.Request) -> web.Response:
        body = await request.read()

        def effect(books: Books, campaign: Campaign, key: str | None) -> Accepted:
            asked = shapes.read_body(shapes.NewEvent, body)
            return accept(books, campaign, key, asked.event_code, asked.user_ref, self._readings)

        return (await self._calls.carried_out(request, effect)).response()

    async def start(self, request: web.Request) -> web.Response:
        return await self._lifecycle(request, partial(start, when_active=self._start_when_active))

    async def stop(self, request: web.Request) -> web.Response:
        return await self._lifecycle(request, stop)

    async def withdraw(self, request: web.Request) -> web.Response:
        return await self._lifecycle(request, withdraw)

    async def _lifecycle(self, request: web.Request, effect: Effect) -> web.Response:
        body = await request.read()

        def without_fields(books: Books, campaign: Campaign, key: str | None) -> Accepted:
            shapes.read_body(shapes.Nothing, body, optional=True)
            return effect(books, campaign, key)

        return (await self._calls.carried_out(request, without_fields)).response()


def _enqueued(
    method: str,
    path: str,
    handler: Handler,
    summary: str,
    body: type[shapes.Shape] = shapes.Nothing,
) -> Operation:
    return Operation(
        method,
        path,
        handler,
        summary,
        TAG,
        {202: shapes.Enqueued},
        (*REFUSALS, 409),
        body,
        body_required=body is not shapes.Nothing,
        idempotent=True,
    )


def fields(campaign: Campaign) -> shapes.CampaignFields:
    """Return a campaign as the API tells it."""
    return shapes.CampaignFields(
        id=campaign.id,
        name=campaign.name,
        environment=campaign.environment,
        status=campaign.status.value,
        business_id=BUSINESS_ID,
        address=campaign.address,
        chain=CHAIN,
        created_at=campaign.created_at,
        updated_at=campaign.updated_at,
        total_amount_funded=units(campaign.funded),
        total_amount_paid_out=units(campaign.paid_out),
        available_to_withdraw=units(campaign.available),
    )


def _details(_: Books, campaign: Campaign) -> Answer:
    return shapes.CampaignTold(success=True, campaign=fields(campaign)).answer()


def _catalogue(books: Books, campaign: Campaign) -> Answer:
    events = [
        shapes.EventFields(code=event.code, name=event.name, payout_amount=event.amount)
        for event in books.campaigns.events(campaign.id)
    ]
    return shapes.EventsTold(success=True, events=events).answer()
