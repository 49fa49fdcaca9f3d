"""The list of campaigns, and the form that makes one.

In: forms. Out: campaigns as drafts; a new one's API key goes to the page that shows it once.
"""

from collections.abc import Mapping, Sequence
from itertools import zip_longest
from types import MappingProxyType
from typing import Final

from aiohttp import web
from pydantic import ValidationError

from bridge.look.forms import Form
from bridge.look.page import see_other
from bridge.sandbox import campaigns
from bridge.sandbox.books import Books
from bridge.sandbox.books.campaigns import Campaign
from bridge.sandbox.campaigns import Draft
from bridge.sandbox.dashboard.door import Door
from bridge.sandbox.dashboard.frame import Frame, address
from bridge.sandbox.dashboard.keys import NEW_KEY, SHOWN
from bridge.sandbox.dashboard.visits import Visit
from bridge.sandbox.hosted.failures import DASHBOARD
from bridge.sandbox.hosted.forms import NO_AMOUNT, problems
from bridge.sandbox.oracle.shapes import CampaignToBe

NEW: Final = f"{DASHBOARD}/new"
#: Rows for events on an empty form, and at most.
ROWS: Final = 3
MOST_ROWS: Final = 1000
#: In front of the names of a row's fields.
ROW: Final = "event"
_EVENT: Final = ("code", "name", "payoutAmount")

Row = Mapping[str, str]

_EMPTY: Final[Row] = MappingProxyType(dict.fromkeys(_EVENT, ""))


class CampaignPages:
    """The handlers."""

    def __init__(self, frame: Frame, door: Door) -> None:
        self._frame = frame
        self._door = door

    def routes(self) -> list[web.RouteDef]:
        """Return the pages; `new` stands before any campaign of that name."""
        return [
            web.get("/", _home),
            web.get("/dashboard", _home),
            web.get("/dashboard/", _home),
            web.get(DASHBOARD, self._door.seen(self.listing)),
            web.get(NEW, self._door.seen(self.ask)),
            web.post(NEW, self._door.posted(self.create)),
        ]

    async def listing(self, _: web.Request, visit: Visit) -> web.Response:
        found = await self._frame.keeper.read(lambda books: books.campaigns.all())
        return self._frame.page(
            visit, "dashboard/campaigns.html", campaigns=found[::-1], new=NEW, address=address
        )

    async def ask(self, _: web.Request, visit: Visit) -> web.Response:
        return self._form(visit, {}, [_EMPTY] * ROWS, {})

    async def create(self, _: web.Request, visit: Visit, form: Form) -> web.Response:
        values = {"name": form.one("name"), "environment": form.one("environment")}
        rows = _rows(form)
        if form.has("more"):
            return self._form(visit, values, [*rows, _EMPTY][:MOST_ROWS], {})
        filled = [row for row in rows if any(row.values())]
        try:
            asked = CampaignToBe.model_validate({**values, "events": filled})
        except ValidationError as found:
            shown = [*filled, _EMPTY] if filled else rows
            return self._form(visit, values, shown, _errors(found), 422)
        draft = Draft(asked.name, asked.environment, [one.configured() for one in asked.events])
        return await self._made(visit, draft)

    async def _made(self, visit: Visit, draft: Draft) -> web.Response:
        def work(books: Books) -> tuple[Campaign, str]:
            return campaigns.create(books, draft)

        made, key = await self._frame.keeper.write(work)
        visit.keep(SHOWN + made.id, key)
        visit.say("good", f"The campaign “{made.name[:60]}” was created.")
        return see_other(address(made.id, NEW_KEY))

    def _form(
        self,
        visit: Visit,
        values: Mapping[str, str],
        rows: Sequence[Row],
        errors: Mapping[str, str],
        status: int = 200,
    ) -> web.Response:
        return self._frame.page(
            visit,
            "dashboard/new.html",
            status,
            action=NEW,
            back=DASHBOARD,
            name=values.get("name", ""),
            environment=values.get("environment") or "test",
            rows=rows,
            errors=errors,
        )


async def _home(_: web.Request) -> web.StreamResponse:
    return see_other(DASHBOARD)


def _rows(form: Form) -> list[Row]:
    """Return the rows of events as they were typed, also where a column is short."""
    columns = zip_longest(*(form.all(f"{ROW}.{name}") for name in _EVENT), fillvalue="")
    typed: list[Row] = [dict(zip(_EVENT, values, strict=True)) for values in columns]
    return typed[:MOST_ROWS] or [_EMPTY] * ROWS


def _errors(found: ValidationError) -> dict[str, str]:
    errors = problems(found, {"payoutAmount": NO_AMOUNT})
    if "events" in errors:
        same = "same code" in errors["events"]
        errors["events"] = (
            "Two events have the same code; give each its own."
            if same
            else "A campaign needs at least one event; fill in a row."
        )
    return errors
