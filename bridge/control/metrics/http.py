"""The call that Prometheus makes.

In: the desk's status, reasons, what the daemon measures. Out: text, made beside the loop.
"""

import asyncio
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Final

from aiohttp import web

from bridge.control.desk import Desk
from bridge.control.health import Reason, Reasons, ledger_reasons
from bridge.control.metrics.measured import Measured
from bridge.control.views import Json
from bridge.gate.guard import require
from bridge.gate.roles import Right
from bridge.loading import later

if TYPE_CHECKING:
    from bridge.control.metrics import page
else:
    page = later("bridge.control.metrics.page")

CONTENT_TYPE: Final = "text/plain; version=0.0.4; charset=utf-8"

#: Returns what a running daemon measures.
Measure = Callable[[], Measured]


def routes(desk: Desk, reasons: Reasons, measure: Measure | None = None) -> list[web.RouteDef]:
    """Return the call; without `measure` there are only the numbers that `status` has."""

    async def metrics(request: web.Request) -> web.Response:
        status = await desk.status()
        found = [*reasons(), *ledger_reasons(status)]
        measured = None if measure is None else measure()
        body = await asyncio.to_thread(_rendered, status, found, measured)
        return web.Response(body=body, headers={"Content-Type": CONTENT_TYPE})

    return [web.get("/metrics", require(Right.READ)(metrics))]


def _rendered(status: Json, reasons: Sequence[Reason], measured: Measured | None) -> bytes:
    """Render the page; the first time it is loaded as well, which belongs beside the loop too."""
    return page.rendered(status, reasons, measured)
