"""Puts all pages together: the owner's and the player's.

In: what they stand on. Out: routes, and the layer that tells of failures. Knows every file of the
two rooms.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

from aiohttp import web
from aiohttp.typedefs import Middleware

from bridge.events import Clock
from bridge.look.assets import static_routes
from bridge.look.page import environment
from bridge.sandbox.bookkeeper import Bookkeeper
from bridge.sandbox.dashboard.campaigns import CampaignPages
from bridge.sandbox.dashboard.catalogue import CataloguePage
from bridge.sandbox.dashboard.door import Door
from bridge.sandbox.dashboard.faults import FaultPage
from bridge.sandbox.dashboard.frame import Frame, tone
from bridge.sandbox.dashboard.invites import InvitePages
from bridge.sandbox.dashboard.keys import KeyPages
from bridge.sandbox.dashboard.overview import OverviewPage
from bridge.sandbox.dashboard.payouts import PayoutPage
from bridge.sandbox.dashboard.users import UserPages
from bridge.sandbox.dashboard.visits import Tries, Visits
from bridge.sandbox.dashboard.webhook import WebhookPages
from bridge.sandbox.faults import Faults
from bridge.sandbox.hosted.failures import DASHBOARD, as_pages
from bridge.sandbox.hosted.invite import InvitePage
from bridge.sandbox.hosted.link import LinkPage
from bridge.sandbox.hosted.visitors import Visitors
from bridge.sandbox.jobs import Jobs
from bridge.sandbox.money import units
from bridge.sandbox.oracle.admission import Admins
from bridge.sandbox.payouts import PayoutReadings
from bridge.sandbox.settings import SandboxSettings


@dataclass(frozen=True, slots=True)
class Site:
    """The routes of all pages, and the layer that turns their failures into pages."""

    routes: list[web.RouteDef]
    layer: Middleware
    #: Begins one visit without the admin token.
    sign_in_code: str = field(repr=False)


def site(
    keeper: Bookkeeper,
    jobs: Jobs,
    faults: Faults,
    played: PayoutReadings,
    settings: SandboxSettings,
    admins: Admins,
    clock: Clock,
    url: Callable[[], str],
) -> Site:
    """Make all pages; `url` is asked when a page needs the sandbox's own address."""
    pages = environment("bridge.sandbox.dashboard", "bridge.sandbox.hosted")
    pages.globals.update(product="Campaigns sandbox", home=DASHBOARD, marker="pretend money")
    pages.filters.update(units=units, tone=tone)
    visits = Visits(clock)
    door = Door(visits, admins, Tries(clock), pages, url)
    frame = Frame(keeper, jobs, pages, url)
    visitors = Visitors("sandbox-player", url)
    rooms = (
        door,
        CampaignPages(frame, door),
        OverviewPage(frame, door, settings.start_when_active, played),
        CataloguePage(frame, door),
        UserPages(frame, door, settings.link_lifetime),
        InvitePages(frame, door),
        PayoutPage(frame, door),
        KeyPages(frame, door),
        WebhookPages(frame, door, settings.secret_overlap),
        FaultPage(frame, door, faults),
        LinkPage(keeper, pages, visitors),
        InvitePage(keeper, pages, visitors),
    )
    routes = [route for room in rooms for route in room.routes()]
    return Site([*routes, *static_routes()], as_pages(pages), visits.code)
