"""Where a campaign's webhooks go, what signs them, and the log of what was sent.

In: forms. Out: secrets, each shown once; deliveries with their requests and answers.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Final

from aiohttp import web

from bridge.look.forms import Form
from bridge.look.page import see_other
from bridge.sandbox import campaigns
from bridge.sandbox.answers import Refused
from bridge.sandbox.api.shapes import PageQuery, read_query
from bridge.sandbox.books import Books
from bridge.sandbox.books.campaigns import Campaign
from bridge.sandbox.books.page import written
from bridge.sandbox.books.webhooks import Attempt, Delivery, Endpoint, Secret
from bridge.sandbox.dashboard.door import Door
from bridge.sandbox.dashboard.frame import Frame, address, paging
from bridge.sandbox.dashboard.routes import CAMPAIGN, campaign_of
from bridge.sandbox.dashboard.visits import Flash, Visit
from bridge.sandbox.readings import BAD_WEBHOOK_URL, UNKNOWN_DELIVERY, DeliveryState
from bridge.sandbox.webhooks import endpoints
from bridge.sandbox.webhooks.signature import HEADER

WEBHOOK: Final = "/webhook"
_PAGE: Final = CAMPAIGN + WEBHOOK
_ONE: Final = f"{_PAGE}/deliveries/{{number:[0-9]{{1,15}}}}"
#: In front of the campaign's id: where a visit keeps a secret for its page.
SHOWN: Final = "secret:"

Work = Callable[[Books, str], object]


@dataclass(frozen=True, slots=True)
class Seen:
    """What the page shows."""

    campaign: Campaign
    endpoint: Endpoint | None
    secrets: list[tuple[Secret, str | None]]
    deliveries: list[Delivery]
    total: int


@dataclass(frozen=True, slots=True)
class Typed:
    """What stands in the form after it was refused, and why."""

    url: str
    enabled: bool
    error: str | None = None


class WebhookPages:
    """The handlers; `overlap` is how long a rotated secret stays valid (seconds)."""

    def __init__(self, frame: Frame, door: Door, overlap: float) -> None:
        self._frame = frame
        self._door = door
        self._overlap = overlap

    def routes(self) -> list[web.RouteDef]:
        """Return the pages, the log that refreshes itself, and their forms."""
        seen, posted = self._door.seen, self._door.posted
        return [
            web.get(_PAGE, seen(self.show)),
            web.get(f"{_PAGE}/log", seen(self.show_log)),
            web.post(_PAGE, posted(self.configure)),
            web.post(f"{_PAGE}/rotate", posted(self.rotate)),
            web.post(f"{_PAGE}/test", posted(self.test)),
            web.get(_ONE, seen(self.show_delivery)),
            web.post(f"{_ONE}/resend", posted(self.resend)),
        ]

    async def show(self, request: web.Request, visit: Visit) -> web.Response:
        return await self._page(request, visit, secret=visit.take(SHOWN + campaign_of(request)))

    async def show_log(self, request: web.Request, visit: Visit) -> web.Response:
        """Answer with the log alone, for htmx."""
        return await self._page(request, visit, template="dashboard/log.html")

    async def configure(self, request: web.Request, visit: Visit, form: Form) -> web.Response:
        url, enabled = form.one("url"), form.has("enabled")
        try:
            secret = await self._done(
                request, partial(endpoints.configure, url=url, enabled=enabled)
            )
        except Refused as refused:
            if str(refused) != BAD_WEBHOOK_URL.error:
                raise
            return await self._page(request, visit, 422, typed=Typed(url, enabled, f"{refused}."))
        if isinstance(secret, str):
            visit.keep(SHOWN + campaign_of(request), secret)
        visit.say("good", "Saved." if enabled else "Saved. Webhooks are switched off.")
        return see_other(address(campaign_of(request), WEBHOOK))

    async def rotate(self, request: web.Request, visit: Visit, _: Form) -> web.Response:
        try:
            secret = await self._done(request, partial(endpoints.rotate, overlap=self._overlap))
        except Refused as refused:
            return await self._refused(request, visit, refused)
        visit.keep(SHOWN + campaign_of(request), str(secret))
        return see_other(address(campaign_of(request), WEBHOOK))

    async def test(self, request: web.Request, visit: Visit, _: Form) -> web.Response:
        try:
            await self._done(request, endpoints.test)
        except Refused as refused:
            return await self._refused(request, visit, refused)
        visit.say("good", "Webhook.Test is on its way.")
        return see_other(address(campaign_of(request), WEBHOOK))

    async def show_delivery(self, request: web.Request, visit: Visit) -> web.Response:
        campaign, delivery, attempts = await self._frame.keeper.read(
            partial(_delivery, campaign_id=campaign_of(request), number=_number(request))
        )
        return self._frame.campaign_page(
            visit,
            "dashboard/delivery.html",
            campaign,
            "Webhook",
            delivery=delivery,
            due=written(delivery.due_at) if delivery.state is DeliveryState.PENDING else None,
            body=delivery.body.decode(errors="replace"),
            attempts=attempts,
            header=HEADER,
        )

    async def resend(self, request: web.Request, visit: Visit, _: Form) -> web.Response:
        number = _number(request)
        try:
            await self._done(request, partial(endpoints.resend, number=number))
        except Refused as refused:
            return await self._refused(request, visit, refused)
        visit.say("good", "It is on its way again, with the same body.")
        below = f"{WEBHOOK}/deliveries/{number}"
        return see_other(address(campaign_of(request), below))

    async def _done(self, request: web.Request, work: Work) -> object:
        campaign_id = campaign_of(request)
        return await self._frame.change(campaign_id, lambda books: work(books, campaign_id))

    async def _refused(self, request: web.Request, visit: Visit, refused: Refused) -> web.Response:
        if refused.answer.status == 404:
            raise refused
        told = f"Refused with {refused.answer.status}: {refused}."
        return await self._page(request, visit, refused.answer.status, say=("bad", told))

    async def _page(
        self,
        request: web.Request,
        visit: Visit,
        status: int = 200,
        *,
        template: str = "dashboard/webhook.html",
        typed: Typed | None = None,
        secret: str | None = None,
        say: Flash | None = None,
    ) -> web.Response:
        asked = read_query(PageQuery, request.query)
        seen = await self._frame.keeper.read(
            partial(_seen, campaign_id=campaign_of(request), asked=asked)
        )
        known = seen.endpoint or Endpoint(seen.campaign.id, "", True, "", "")
        return self._frame.campaign_page(
            visit,
            template,
            seen.campaign,
            "Webhook",
            status,
            say=say,
            seen=seen,
            typed=typed or Typed(known.url, known.enabled),
            secret=secret,
            hours=self._overlap / 3600,
            waiting=any(one.state is DeliveryState.PENDING for one in seen.deliveries),
            log=f"{request.path.removesuffix('/log')}/log?{request.query_string}",
            pages=paging(request, asked, seen.total, len(seen.deliveries)),
        )


def _number(request: web.Request) -> int:
    return int(request.match_info["number"])


def _seen(books: Books, campaign_id: str, asked: PageQuery) -> Seen:
    secrets = books.webhooks.secrets(campaign_id)
    return Seen(
        campaigns.found(books, campaign_id),
        books.webhooks.endpoint(campaign_id),
        [(one, None if one.valid_until is None else written(one.valid_until)) for one in secrets],
        books.webhooks.deliveries(campaign_id, asked.limit, asked.offset),
        books.webhooks.count(campaign_id),
    )


def _delivery(
    books: Books, campaign_id: str, number: int
) -> tuple[Campaign, Delivery, list[Attempt]]:
    campaign = campaigns.found(books, campaign_id)
    delivery = books.webhooks.delivery(campaign_id, number)
    if delivery is None:
        raise Refused(UNKNOWN_DELIVERY)
    return campaign, delivery, books.webhooks.attempts(number)
