"""Where webhooks go, their secrets, their log: by call instead of by dashboard.

In: requests with the admin token. Out: secrets (told once), deliveries.
"""

from aiohttp import web

from bridge.sandbox import campaigns
from bridge.sandbox.api import shapes
from bridge.sandbox.api.operation import Operation
from bridge.sandbox.bookkeeper import Bookkeeper
from bridge.sandbox.books import Books
from bridge.sandbox.oracle.admission import CAMPAIGN, Admins
from bridge.sandbox.oracle.shapes import (
    DeliveryLog,
    LoggedAttempt,
    LoggedDelivery,
    NewSecret,
    Sent,
    WebhookSet,
    WebhookToBe,
)
from bridge.sandbox.webhooks import endpoints

WEBHOOK = f"{CAMPAIGN}/webhook"
DELIVERIES = f"{WEBHOOK}/deliveries"


class WebhookOracle:
    """The handlers."""

    def __init__(self, keeper: Bookkeeper, secret_overlap: float) -> None:
        self._keeper = keeper
        self._overlap = secret_overlap

    def operations(self, admins: Admins) -> list[Operation]:
        """Return the calls."""
        call, sent = admins.call, {202: Sent}
        return [
            call(f"PUT {WEBHOOK}", self.set_webhook, "Set", {200: WebhookSet}, WebhookToBe),
            call(f"POST {WEBHOOK}/rotate", self.rotate, "Use a new secret", {200: NewSecret}),
            call(f"POST {WEBHOOK}/test", self.test, "Send Webhook.Test", sent),
            call(
                f"GET {DELIVERIES}",
                self.deliveries,
                "The delivery log",
                {200: DeliveryLog},
                query=shapes.PageQuery,
            ),
            call(f"POST {DELIVERIES}/{{delivery}}/resend", self.resend, "Send again", sent),
        ]

    async def set_webhook(self, request: web.Request) -> web.Response:
        campaign_id = request.match_info["campaign_id"]
        asked = shapes.read_body(WebhookToBe, await request.read())

        def work(books: Books) -> str | None:
            campaigns.found(books, campaign_id)
            return endpoints.configure(books, campaign_id, asked.url, enabled=asked.enabled)

        secret = await self._keeper.write(work)
        told = WebhookSet(url=asked.url, enabled=asked.enabled, secret=secret)
        return told.answer().response()

    async def rotate(self, request: web.Request) -> web.Response:
        campaign_id = request.match_info["campaign_id"]

        def work(books: Books) -> str:
            campaigns.found(books, campaign_id)
            return endpoints.rotate(books, campaign_id, self._overlap)

        return NewSecret(secret=await self._keeper.write(work)).answer().response()

    async def test(self, request: web.Request) -> web.Response:
        campaign_id = request.match_info["campaign_id"]

        def work(books: Books) -> int:
            campaigns.found(books, campaign_id)
            return endpoints.test(books, campaign_id)

        return Sent(delivery=await self._keeper.write(work)).answer(202).response()

    async def deliveries(self, request: web.Request) -> web.Response:
        campaign_id = request.match_info["campaign_id"]
        asked = shapes.read_query(shapes.PageQuery, request.query)
        found = await self._keeper.read(lambda books: _deliveries(books, campaign_id, asked))
        return found.answer().response()

    async def resend(self, request: web.Request) -> web.Response:
        campaign_id, given = request.match_info["campaign_id"], request.match_info["delivery"]
        number = int(given) if given.isdecimal() and len(given) < 18 else 0

        def work(books: Books) -> None:
            campaigns.found(books, campaign_id)
            endpoints.resend(books, campaign_id, number)

        await self._keeper.write(work)
        return Sent(delivery=number).answer(202).response()


def _deliveries(books: Books, campaign_id: str, asked: shapes.PageQuery) -> DeliveryLog:
    campaigns.found(books, campaign_id)
    found = books.webhooks.deliveries(campaign_id, asked.limit, asked.offset)
    logged = [
        LoggedDelivery(
            id=one.id,
            event=one.event,
            body=one.body.decode(),
            state=one.state.value,
            created_at=one.created_at,
            attempts=[
                LoggedAttempt(
                    number=attempt.number,
                    at=attempt.at,
                    url=attempt.url,
                    signature=attempt.signature,
                    status=attempt.status,
                    response=attempt.answer,
                    seconds=attempt.seconds,
                )
                for attempt in books.webhooks.attempts(one.id)
            ],
        )
        for one in found
    ]
    pagination = shapes.Page.of(asked, books.webhooks.count(campaign_id), len(found))
    return DeliveryLog(deliveries=logged, pagination=pagination)
