"""Campaigns made, funded and filled with users; their ledger; the faults.

In: requests with the admin token. Out: what the books then say.
"""

import secrets
from decimal import Decimal

from aiohttp import web

from bridge.sandbox import campaigns
from bridge.sandbox.answers import Answer, Refused, answer, json_object
from bridge.sandbox.api.campaign import fields
from bridge.sandbox.api.operation import Operation
from bridge.sandbox.api.shapes import EventFields, read_body
from bridge.sandbox.bookkeeper import Bookkeeper
from bridge.sandbox.books import Books
from bridge.sandbox.books.campaigns import Campaign
from bridge.sandbox.books.users import User
from bridge.sandbox.campaigns import Draft
from bridge.sandbox.faults import Faults
from bridge.sandbox.linking import enrol, same_email
from bridge.sandbox.money import units
from bridge.sandbox.oracle.admission import CAMPAIGN, CAMPAIGNS, Admins
from bridge.sandbox.oracle.shapes import (
    Balances,
    CampaignList,
    CampaignToBe,
    Chances,
    EventToBe,
    Funds,
    LedgerLine,
    LedgerTold,
    LinkedUser,
    MadeCampaign,
    UserToBe,
)
from bridge.sandbox.readings import INVALID, USER_PREFIX

FAULTS = "/sandbox/v1/faults"


class Oracle:
    """The handlers."""

    def __init__(self, keeper: Bookkeeper, faults: Faults) -> None:
        self._keeper = keeper
        self._faults = faults

    def operations(self, admins: Admins) -> list[Operation]:
        """Return the calls."""
        call, told = admins.call, {200: Chances}
        return [
            call(f"POST {CAMPAIGNS}", self.create, "Make one", {201: MadeCampaign}, CampaignToBe),
            call(f"GET {CAMPAIGNS}", self.campaigns, "All campaigns", {200: CampaignList}),
            call(f"POST {CAMPAIGN}/fund", self.fund, "Put money in", {200: Balances}, Funds),
            call(
                f"PUT {CAMPAIGN}/catalogue",
                self.set_event,
                "Add an event to the catalogue, or change it",
                {200: EventFields},
                EventToBe,
            ),
            call(
                f"POST {CAMPAIGN}/users",
                self.link_user,
                "Link a user without asking",
                {201: LinkedUser, 200: LinkedUser},
                UserToBe,
                body_required=False,
            ),
            call(f"GET {CAMPAIGN}/ledger", self.ledger, "Every payout", {200: LedgerTold}),
            call(f"GET {FAULTS}", self.faults, "The faults as they are", told),
            call(f"PUT {FAULTS}", self.change_faults, "Change faults", told, Chances),
        ]

    async def create(self, request: web.Request) -> web.Response:
        asked = read_body(CampaignToBe, await request.read(), optional=True)
        events = [event.configured() for event in asked.events]
        draft = Draft(asked.name, asked.environment, events, asked.id)
        made, key = await self._keeper.write(lambda books: campaigns.create(books, draft))
        return answer(201, {**fields(made).told(), "apiKey": key}).response()

    async def campaigns(self, _: web.Request) -> web.Response:
        found = await self._keeper.read(lambda books: books.campaigns.all())
        told = CampaignList(campaigns=[fields(campaign) for campaign in found])
        return told.answer().response()

    async def fund(self, request: web.Request) -> web.Response:
        campaign_id = request.match_info["campaign_id"]
        amount = read_body(Funds, await request.read(), optional=True).amount
        funded = await self._keeper.write(lambda books: campaigns.fund(books, campaign_id, amount))
        return _balances(funded).answer().response()

    async def set_event(self, request: web.Request) -> web.Response:
        campaign_id = request.match_info["campaign_id"]
        event = read_body(EventToBe, await request.read()).configured()

        def work(books: Books) -> None:
            campaigns.found(books, campaign_id)
            books.campaigns.set_event(campaign_id, event)

        await self._keeper.write(work)
        told = EventFields(code=event.code, name=event.name, payout_amount=event.amount)
        return told.answer().response()

    async def link_user(self, request: web.Request) -> web.Response:
        campaign_id = request.match_info["campaign_id"]
        asked = read_body(UserToBe, await request.read(), optional=True)
        linked = await self._keeper.write(lambda books: _link(books, campaign_id, asked))
        return linked.response()

    async def ledger(self, request: web.Request) -> web.Response:
        campaign_id = request.match_info["campaign_id"]
        found = await self._keeper.read(lambda books: _ledger(books, campaign_id))
        return found.response()

    async def faults(self, _: web.Request) -> web.Response:
        return answer(200, self._faults.values()).response()

    async def change_faults(self, request: web.Request) -> web.Response:
        try:
            self._faults.change(json_object(await request.read()))
        except ValueError as problem:
            raise Refused(INVALID, str(problem)) from problem
        return answer(200, self._faults.values()).response()


def _balances(campaign: Campaign) -> Balances:
    return Balances(
        total_amount_funded=units(campaign.funded),
        total_amount_paid_out=units(campaign.paid_out),
        available_to_withdraw=units(campaign.available),
    )


def _link(books: Books, campaign_id: str, asked: UserToBe) -> Answer:
    """Link a user once; the same userRef, or without one the same email, is the same user."""
    campaigns.found(books, campaign_id)
    email = None if asked.email is None else same_email(asked.email)
    if asked.user_ref is None and email is not None:
        before = books.users.of_email(campaign_id, email)
        user_ref = enrol(books, campaign_id, email)
        return _linked(books, campaign_id, user_ref, new=before is None or not before.linked)
    user_ref = asked.user_ref or USER_PREFIX + secrets.token_hex(8)
    new = books.users.link(campaign_id, user_ref, email)
    return _linked(books, campaign_id, user_ref, new=new)


def _linked(books: Books, campaign_id: str, user_ref: str, *, new: bool) -> Answer:
    user: User | None = books.users.find(campaign_id, user_ref)
    if user is None:
        raise Refused(INVALID, "userRef")
    told = LinkedUser(user_ref=user.user_ref, email=user.email, linked_at=user.linked_at)
    return told.answer(201 if new else 200)


def _ledger(books: Books, campaign_id: str) -> Answer:
    campaigns.found(books, campaign_id)
    lines = [
        LedgerLine(
            key=payout.key,
            user_ref=payout.user_ref,
            event_code=payout.event_code,
            amount=Decimal(payout.amount),
            created_at=payout.created_at,
        )
        for payout in books.ledger.payouts(campaign_id)
    ]
    return LedgerTold(payouts=lines).answer()
