"""A campaign's events: what pays how much; added, changed, taken out.

In: forms. Out: the catalogue.
"""

from collections.abc import Mapping
from functools import partial
from typing import Final

from aiohttp import web
from pydantic import ValidationError

from bridge.look.forms import Form
from bridge.look.page import see_other
from bridge.sandbox import campaigns
from bridge.sandbox.answers import Refused
from bridge.sandbox.books import Books
from bridge.sandbox.books.campaigns import Campaign, ConfiguredEvent
from bridge.sandbox.dashboard.door import Door
from bridge.sandbox.dashboard.frame import Frame, address
from bridge.sandbox.dashboard.routes import CAMPAIGN, campaign_of
from bridge.sandbox.dashboard.visits import Flash, Visit
from bridge.sandbox.hosted.forms import NO_AMOUNT, problems
from bridge.sandbox.oracle.shapes import EventToBe

EVENTS: Final = "/events"
_FIELDS: Final = ("code", "name", "payoutAmount")


class CataloguePage:
    """The handlers."""

    def __init__(self, frame: Frame, door: Door) -> None:
        self._frame = frame
        self._door = door

    def routes(self) -> list[web.RouteDef]:
        """Return the page and its forms."""
        return [
            web.get(CAMPAIGN + EVENTS, self._door.seen(self.show)),
            web.post(CAMPAIGN + EVENTS, self._door.posted(self.save)),
            web.post(f"{CAMPAIGN}{EVENTS}/remove", self._door.posted(self.remove)),
        ]

    async def show(self, request: web.Request, visit: Visit) -> web.Response:
        return await self._page(request, visit, changed=request.query.get("change", ""))

    async def save(self, request: web.Request, visit: Visit, form: Form) -> web.Response:
        values = {name: form.one(name) for name in _FIELDS}
        changed = form.one("changed")
        try:
            event = EventToBe.model_validate(values).configured()
        except ValidationError as found:
            errors = problems(found, {"payoutAmount": NO_AMOUNT})
            return await self._page(request, visit, 422, changed, values, errors)
        campaign_id = campaign_of(request)
        taken = await self._frame.change(
            campaign_id, partial(_save, campaign_id=campaign_id, event=event, changed=changed)
        )
        if taken:
            errors = {"code": "An event with this code is there already; change that one."}
            return await self._page(request, visit, 422, changed, values, errors)
        visit.say("good", f"The event “{event.code[:60]}” was saved.")
        return see_other(address(campaign_id, EVENTS))

    async def remove(self, request: web.Request, visit: Visit, form: Form) -> web.Response:
        campaign_id, code = campaign_of(request), form.one("code")
        try:
            await self._frame.change(
                campaign_id, lambda books: campaigns.drop_event(books, campaign_id, code)
            )
        except Refused as refused:
            told = f"Refused with {refused.answer.status}: {refused}."
            return await self._page(request, visit, refused.answer.status, say=("bad", told))
        visit.say("good", f"“{code[:60]}” left the catalogue; payouts of it stay.")
        return see_other(address(campaign_id, EVENTS))

    async def _page(
        self,
        request: web.Request,
        visit: Visit,
        status: int = 200,
        changed: str = "",
        values: Mapping[str, str] | None = None,
        errors: Mapping[str, str] | None = None,
        say: Flash | None = None,
    ) -> web.Response:
        campaign, events = await self._frame.keeper.read(
            partial(_catalogue, campaign_id=campaign_of(request))
        )
        known = next((event for event in events if event.code == changed), None)
        return self._frame.campaign_page(
            visit,
            "dashboard/events.html",
            campaign,
            "Events",
            status,
            say=say,
            events=events,
            changed=known,
            values=values or _values(known),
            errors=errors or {},
        )


def _save(books: Books, campaign_id: str, event: ConfiguredEvent, changed: str) -> bool:
    """Add or change an event; true, and nothing saved, where a new one's code is taken."""
    taken = books.campaigns.payout_amount(campaign_id, event.code) is not None
    if taken and changed != event.code:
        return True
    books.campaigns.set_event(campaign_id, event)
    return False


def _values(event: ConfiguredEvent | None) -> dict[str, str]:
    if event is None:
        return dict.fromkeys(_FIELDS, "")
    amount = format(event.amount, "f")
    return {"code": event.code, "name": event.name, "payoutAmount": amount}


def _catalogue(books: Books, campaign_id: str) -> tuple[Campaign, list[ConfiguredEvent]]:
    return campaigns.found(books, campaign_id), books.campaigns.events(campaign_id)
