"""A campaign's API keys: told apart by their ends, made, shown once, revoked.

In: forms. Out: keys, each on one page once.
"""

from functools import partial
from typing import Final

from aiohttp import web

from bridge.look.forms import Form
from bridge.look.page import see_other
from bridge.sandbox import campaigns
from bridge.sandbox.answers import Refused
from bridge.sandbox.books import Books
from bridge.sandbox.books.campaigns import ApiKey, Campaign, ConfiguredEvent
from bridge.sandbox.dashboard.commands import commands, variables
from bridge.sandbox.dashboard.door import Door
from bridge.sandbox.dashboard.frame import Frame, address
from bridge.sandbox.dashboard.routes import CAMPAIGN, campaign_of
from bridge.sandbox.dashboard.visits import Visit
from bridge.sandbox.readings import UNKNOWN_KEY

KEYS: Final = "/keys"
NEW_KEY: Final = "/keys/new"
#: In front of the campaign's id: where a visit keeps a key for its page.
SHOWN: Final = "key:"


class KeyPages:
    """The handlers."""

    def __init__(self, frame: Frame, door: Door) -> None:
        self._frame = frame
        self._door = door

    def routes(self) -> list[web.RouteDef]:
        """Return the pages."""
        return [
            web.get(CAMPAIGN + KEYS, self._door.seen(self.show)),
            web.post(CAMPAIGN + KEYS, self._door.posted(self.make)),
            web.get(CAMPAIGN + NEW_KEY, self._door.seen(self.show_new)),
            web.post(
                f"{CAMPAIGN}{KEYS}/{{number:[0-9]{{1,15}}}}/revoke",
                self._door.posted(self.revoke),
            ),
        ]

    async def show(self, request: web.Request, visit: Visit) -> web.Response:
        campaign, keys = await self._frame.keeper.read(
            partial(_keys, campaign_id=campaign_of(request))
        )
        return self._frame.campaign_page(
            visit, "dashboard/keys.html", campaign, "API keys", keys=keys
        )

    async def make(self, request: web.Request, visit: Visit, _: Form) -> web.Response:
        campaign_id = campaign_of(request)
        key = await self._frame.keeper.write(lambda books: campaigns.add_key(books, campaign_id))
        visit.keep(SHOWN + campaign_id, key)
        return see_other(address(campaign_id, NEW_KEY))

    async def show_new(self, request: web.Request, visit: Visit) -> web.Response:
        """Show a key once, with the guide's commands; a second look finds the commands only."""
        campaign_id = campaign_of(request)
        campaign, events = await self._frame.keeper.read(
            partial(_with_events, campaign_id=campaign_id)
        )
        return self._frame.campaign_page(
            visit,
            "dashboard/new_key.html",
            campaign,
            "API keys",
            key=visit.take(SHOWN + campaign_id),
            variables=variables(self._frame.url(), campaign_id),
            commands=commands(events[0].code if events else "EARN5"),
        )

    async def revoke(self, request: web.Request, visit: Visit, _: Form) -> web.Response:
        campaign_id, number = campaign_of(request), int(request.match_info["number"])

        def work(books: Books) -> None:
            if not books.campaigns.revoke_key(campaign_id, number):
                raise Refused(UNKNOWN_KEY)

        try:
            await self._frame.change(campaign_id, work)
            visit.say("good", "The key was revoked: calls with it are answered 401 from now on.")
        except Refused as refused:
            if refused.answer.status != UNKNOWN_KEY.status:
                raise
            visit.say("warning", "That key was revoked before.")
        return see_other(address(campaign_id, KEYS))


def _keys(books: Books, campaign_id: str) -> tuple[Campaign, list[ApiKey]]:
    return campaigns.found(books, campaign_id), books.campaigns.keys(campaign_id)


def _with_events(books: Books, campaign_id: str) -> tuple[Campaign, list[ConfiguredEvent]]:
    return campaigns.found(books, campaign_id), books.campaigns.events(campaign_id)
