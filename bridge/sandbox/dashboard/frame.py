"""What all pages of the dashboard have around them, and what their handlers stand on.

In: values of a page, the visit. Out: pages; effects on campaigns, promised to the worker. Knows
nothing of single pages.
"""

import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final, TypeVar
from urllib.parse import urlencode
from uuid import uuid4

import jinja2
from aiohttp import web

from bridge.errors import StoreError
from bridge.look.page import render
from bridge.sandbox import campaigns
from bridge.sandbox.api import shapes
from bridge.sandbox.bookkeeper import Bookkeeper
from bridge.sandbox.books import Books
from bridge.sandbox.books.campaigns import Campaign
from bridge.sandbox.dashboard.door import SIGN_OUT
from bridge.sandbox.dashboard.visits import Flash, Visit
from bridge.sandbox.hosted.failures import DASHBOARD
from bridge.sandbox.jobs import EVERY_JOB, Jobs
from bridge.sandbox.lifecycle import Accepted
from bridge.sandbox.readings import Status

T = TypeVar("T")

FAULTS: Final = "/dashboard/faults"
#: A campaign's pages, below its own.
_TABS: Final = (
    ("Overview", ""),
    ("Events", "/events"),
    ("Users", "/users"),
    ("Invites", "/invites"),
    ("Payouts", "/payouts"),
    ("API keys", "/keys"),
    ("Webhook", "/webhook"),
)
#: The tone of each word of a state; the rest is neutral.
TONES: Final[Mapping[str, str]] = MappingProxyType(
    {
        **dict.fromkeys(("active", "approved", "linked", "delivered", "valid"), "good"),
        **dict.fromkeys(("starting", "stopping", "withdrawing", "pending"), "info"),
        **dict.fromkeys(("stopped", "paused", "expired", "exhausted"), "warning"),
        **dict.fromkeys(("failed", "revoked"), "bad"),
    }
)
#: A job is under way.
MOVING: Final = frozenset({Status.STARTING, Status.STOPPING, Status.WITHDRAWING})

#: What an effect does to a campaign, given its idempotency key.
Effect = Callable[[Books, Campaign, str], Accepted]


def tone(word: str) -> str:
    """Return the tone of a state's word."""
    return TONES.get(word.lower(), "neutral")


def address(campaign_id: str, below: str = "") -> str:
    """Return the address of a campaign's page."""
    return f"{DASHBOARD}/{campaign_id}{below}"


@dataclass(frozen=True, slots=True)
class Frame:
    """The books, the worker and the templates; `url` is the sandbox's own."""

    keeper: Bookkeeper
    jobs: Jobs
    pages: jinja2.Environment
    url: Callable[[], str]

    async def effect(self, campaign_id: str, verb: str, effect: Effect) -> None:
        """Carry out an effect as a call of the API would, under a key of its own.

        Raises:
            Refused: it can't be done, and nothing was.
            StoreError: whether it was stored is unknown.
        """
        key = f"{verb}-{uuid4()}"

        def work(books: Books) -> Accepted:
            return effect(books, campaigns.found(books, campaign_id), key)

        try:
            accepted = await self.keeper.write(work)
        except StoreError:
            self.jobs.promise(EVERY_JOB)  # it may have been stored all the same
            raise
        if accepted.job is not None:
            self.jobs.promise(accepted.job)

    async def change(self, campaign_id: str, work: Callable[[Books], T]) -> T:
        """Change a campaign that is known.

        Raises:
            Refused: 404, or what `work` raises.
        """

        def on_known(books: Books) -> T:
            campaigns.found(books, campaign_id)
            return work(books)

        return await self.keeper.write(on_known)

    def page(
        self,
        visit: Visit,
        template: str,
        status: int = 200,
        *,
        here: str = DASHBOARD,
        **values: object,
    ) -> web.Response:
        """Answer with a page of the dashboard."""
        return self._rendered(visit, template, status, here, None, values)

    def campaign_page(
        self,
        visit: Visit,
        template: str,
        campaign: Campaign,
        tab: str,
        status: int = 200,
        *,
        say: Flash | None = None,
        **values: object,
    ) -> web.Response:
        """Answer with one of a campaign's pages; `say` is told on top of it."""
        home = address(campaign.id)
        own: dict[str, object] = {
            "campaign": campaign,
            "moving": campaign.status in MOVING,
            "base": home,
            "tabs": [(name, home + below, name == tab) for name, below in _TABS],
        }
        return self._rendered(visit, template, status, DASHBOARD, say, {**own, **values})

    def _rendered(
        self,
        visit: Visit,
        template: str,
        status: int,
        here: str,
        say: Flash | None,
        values: Mapping[str, object],
    ) -> web.Response:
        sections = [("Campaigns", DASHBOARD), ("Faults", FAULTS)]
        around: dict[str, object] = {
            "csrf": visit.csrf,
            "once": secrets.token_urlsafe(12),
            "flash": [*visit.said(), *([say] if say else [])],
            "sections": [(name, where, where == here) for name, where in sections],
            "sign_out": SIGN_OUT,
        }
        return render(self.pages, template, status=status, **around, **values)


def paging(
    request: web.Request, asked: shapes.PageQuery, total: int, shown: int
) -> tuple[str | None, str | None, str]:
    """Return the addresses of the pages before and after, and which rows these are."""
    before = max(asked.offset - asked.limit, 0) if asked.offset else None
    after = asked.offset + asked.limit if asked.offset + shown < total else None
    told = f"{asked.offset + 1} to {asked.offset + shown} of {total}" if shown else "none here"
    return _turned(request, before), _turned(request, after), told


def _turned(request: web.Request, offset: int | None) -> str | None:
    if offset is None:
        return None
    return f"{request.path}?{urlencode({**request.query, 'offset': offset})}"
