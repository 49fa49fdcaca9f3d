"""The Campaigns API's calls: details, configured events, events, start, stop, withdraw.

In: requests under /api/v1/campaign. Out: answers once what they promise is on disk. Knows nothing
of faults but the forgotten key, and nothing of the sandbox's own calls.
"""

from collections.abc import Callable
from functools import partial

from aiohttp import web

from bridge.errors import StoreError
from bridge.sandbox.admission import Credentials, admitted
from bridge.sandbox.answers import Answer, Json, Refused, answer, is_text, json_object
from bridge.sandbox.bookkeeper import Bookkeeper
from bridge.sandbox.books import Books, Campaign, Scope
from bridge.sandbox.faults import Fault, Faults
from bridge.sandbox.idempotency import Idempotency, body_hash
from bridge.sandbox.jobs import EVERY_JOB, Jobs
from bridge.sandbox.lifecycle import Accepted, start, stop, withdraw
from bridge.sandbox.money import units
from bridge.sandbox.payouts import accept
from bridge.sandbox.readings import BAD_HEADER
from bridge.sandbox.settings import SandboxSettings

CAMPAIGN = "/api/v1/campaign/{campaign_id}"

#: What a call does to an admitted campaign, given the body and the idempotency key.
Effect = Callable[[Books, Campaign, bytes, str | None], Accepted]


class CampaignsApi:
    """The handlers of the Campaigns API."""

    def __init__(
        self,
        keeper: Bookkeeper,
        jobs: Jobs,
        faults: Faults,
        idempotency: Idempotency,
        settings: SandboxSettings,
    ) -> None:
        self._keeper = keeper
        self._jobs = jobs
        self._faults = faults
        self._idempotency = idempotency
        self._settings = settings

    def routes(self) -> list[web.RouteDef]:
        return [
            web.get(CAMPAIGN, self.details),
            web.get(f"{CAMPAIGN}/events", self.configured_events),
            web.post(f"{CAMPAIGN}/events", self.event),
            web.put(f"{CAMPAIGN}/start", self.start),
            web.put(f"{CAMPAIGN}/stop", self.stop),
            web.post(f"{CAMPAIGN}/withdraw", self.withdraw),
        ]

    async def details(self, request: web.Request) -> web.Response:
        return await self._told(request, _details)

    async def configured_events(self, request: web.Request) -> web.Response:
        return await self._told(request, _catalogue)

    async def event(self, request: web.Request) -> web.Response:
        funds = self._settings.insufficient_funds
        return await self._carried_out(
            request, lambda books, campaign, body, key: accept(books, campaign, body, key, funds)
        )

    async def start(self, request: web.Request) -> web.Response:
        when_active = self._settings.start_when_active
        return await self._lifecycle(request, partial(start, when_active=when_active))

    async def stop(self, request: web.Request) -> web.Response:
        return await self._lifecycle(request, stop)

    async def withdraw(self, request: web.Request) -> web.Response:
        return await self._lifecycle(request, withdraw)

    # -- the two kinds of call ----------------------------------------------------------------

    async def _told(
        self, request: web.Request, tell: Callable[[Books, Campaign], Json]
    ) -> web.Response:
        credentials = _credentials(request)

        def work(books: Books) -> Answer:
            return answer(200, tell(books, admitted(books, credentials)))

        return (await self._keeper.read(work)).response()

    async def _lifecycle(
        self, request: web.Request, effect: Callable[[Books, Campaign], Accepted]
    ) -> web.Response:
        def without_fields(
            books: Books, campaign: Campaign, body: bytes, _: str | None
        ) -> Accepted:
            json_object(body, optional=True)
            return effect(books, campaign)

        return await self._carried_out(request, without_fields)

    async def _carried_out(self, request: web.Request, effect: Effect) -> web.Response:
        credentials, key = _credentials(request), _key(request)
        call, body = f"{request.method} {request.path}", await request.read()
        forget = key is not None and self._faults.strikes(Fault.FORGET_KEY)
        now = self._keeper.milliseconds()

        def work(books: Books) -> Accepted:
            campaign = admitted(books, credentials)
            scope = Scope(campaign.id, call, key, body_hash(body)) if key else None
            carry_out = partial(effect, books, campaign, body, key)
            return self._idempotency.once(books, scope, carry_out, now=now, forget=forget)

        try:
            accepted = await self._keeper.write(work)
        except StoreError:
            self._jobs.promise(EVERY_JOB)  # it may have been stored all the same
            raise
        if accepted.job is not None:
            self._jobs.promise(accepted.job)
        return accepted.answer.response()


def _credentials(request: web.Request) -> Credentials:
    return Credentials(
        request.headers.get("Authorization"),
        request.headers.get("X-Oncade-API-Version"),
        request.headers.get("X-Campaign-Id"),
        request.match_info["campaign_id"],
    )


def _key(request: web.Request) -> str | None:
    key = request.headers.get("Idempotency-Key")
    if key and not is_text(key):
        raise Refused(BAD_HEADER)
    return key or None


def _details(_: Books, campaign: Campaign) -> Json:
    return {"success": True, "campaign": campaign.told()}


def _catalogue(books: Books, campaign: Campaign) -> Json:
    events: list[Json] = [
        {"code": event.code, "name": event.name, "payoutAmount": units(event.payout_amount)}
        for event in books.events(campaign.id)
    ]
    return {"success": True, "events": events}
