"""What a campaign has paid, and what it could not; the same over time, drawn.

In: the books. Out: pages, plots.
"""

from datetime import UTC, datetime
from functools import partial
from typing import Final

from aiohttp import web

from bridge.look.plot import Plot, Series, plot
from bridge.sandbox import campaigns
from bridge.sandbox.api.shapes import PageQuery, read_query
from bridge.sandbox.books import Books
from bridge.sandbox.books.campaigns import Campaign
from bridge.sandbox.books.ledger import FailedPayout, Payout
from bridge.sandbox.dashboard.door import Door
from bridge.sandbox.dashboard.frame import Frame, paging
from bridge.sandbox.dashboard.routes import CAMPAIGN, campaign_of
from bridge.sandbox.dashboard.visits import Visit
from bridge.sandbox.readings import PAYOUT_TOKEN

#: Failed payouts that are shown, newest first.
FAILED: Final = 100
_MINUTE, _HOUR, _DAY = 60, 3600, 86400
#: A span of so many seconds is drawn in steps of so many seconds, named so.
_STEPS: Final = (
    (2 * _HOUR, _MINUTE, "minute"),
    (4 * _DAY, _HOUR, "hour"),
    (120 * _DAY, _DAY, "day"),
)
_LONGEST: Final = (7 * _DAY, "week")


class PayoutPage:
    """The handler."""

    def __init__(self, frame: Frame, door: Door) -> None:
        self._frame = frame
        self._door = door

    def routes(self) -> list[web.RouteDef]:
        """Return the page."""
        return [web.get(f"{CAMPAIGN}/payouts", self._door.seen(self.show))]

    async def show(self, request: web.Request, visit: Visit) -> web.Response:
        asked = read_query(PageQuery, request.query)
        campaign, paid, total, failed, drawn = await self._frame.keeper.read(
            partial(_paid, campaign_id=campaign_of(request), asked=asked)
        )
        return self._frame.campaign_page(
            visit,
            "dashboard/payouts.html",
            campaign,
            "Payouts",
            paid=paid,
            failed=failed,
            drawn=drawn,
            pages=paging(request, asked, total, len(paid)),
        )


def paid_over_time(books: Books, campaign_id: str) -> Plot:
    """Draw what was paid, in steps that suit the time it took."""
    days = books.ledger.paid_by_time(campaign_id, _DAY)
    hours = books.ledger.paid_by_time(campaign_id, _HOUR) if len(days) <= 5 else days
    span = hours[-1][0] - hours[0][0] if hours else 0
    step, name = next(((step, name) for most, step, name in _STEPS if span <= most), _LONGEST)
    paid = books.ledger.paid_by_time(campaign_id, step)
    points = [(datetime.fromtimestamp(at, UTC), amount) for at, _, amount in paid]
    return plot(
        [Series("Paid out", points)],
        title=f"Paid out per {name}, in {PAYOUT_TOKEN}",
        kind="bars",
        unit=PAYOUT_TOKEN,
        identity="paid",
    )


def _paid(
    books: Books, campaign_id: str, asked: PageQuery
) -> tuple[Campaign, list[Payout], int, list[FailedPayout], Plot]:
    return (
        campaigns.found(books, campaign_id),
        books.ledger.latest(campaign_id, asked.limit, asked.offset),
        books.ledger.count(campaign_id),
        books.ledger.failed(campaign_id, FAILED),
        paid_over_time(books, campaign_id),
    )
