"""The call that Prometheus makes.

In: the desk's status, reasons, what the daemon measures. Out: text. Costs the same however many
entries there are, and is made into text beside the loop.
"""

import asyncio
from collections.abc import Callable, Sequence
from typing import Final

from aiohttp import web
from prometheus_client import generate_latest

from bridge.control.desk import Desk
from bridge.control.health import Reason, Reasons, ledger_reasons
from bridge.control.metrics import campaigns, daemon, delivery, intake, sources, store
from bridge.control.metrics.board import Board, Family
from bridge.control.metrics.measured import Measured
from bridge.control.views import Json
from bridge.gate.guard import require
from bridge.gate.roles import Right

CONTENT_TYPE: Final = "text/plain; version=0.0.4; charset=utf-8"

#: Every metric of ours, by the part of the page that tells of it.
ROOMS: Final[dict[str, Sequence[Family]]] = {
    "The daemon": daemon.FAMILIES,
    "Campaigns": campaigns.FAMILIES,
    "Delivery and confirming": delivery.FAMILIES,
    "Intake": intake.FAMILIES,
    "Sources": sources.FAMILIES,
    "The outbox's file": store.FAMILIES,
}

#: Returns what a running daemon measures.
Measure = Callable[[], Measured]


def families() -> list[Family]:
    """Return every metric of ours."""
    return [family for room in ROOMS.values() for family in room]


def rendered(status: Json, reasons: Sequence[Reason], measured: Measured | None) -> bytes:
    """Return one moment's numbers as Prometheus reads them."""
    board = Board(families())
    daemon.fill(board, reasons, measured)
    campaigns.fill(board, status)
    delivery.fill(board, status, measured)
    intake.fill(board, status, measured)
    sources.fill(board, status)
    store.fill(board, status, measured)
    return generate_latest(board)


def routes(desk: Desk, reasons: Reasons, measure: Measure | None = None) -> list[web.RouteDef]:
    """Return the call; without `measure` there are only the numbers that `status` has."""

    async def metrics(request: web.Request) -> web.Response:
        status = await desk.status()
        found = [*reasons(), *ledger_reasons(status)]
        measured = None if measure is None else measure()
        body = await asyncio.to_thread(rendered, status, found, measured)
        return web.Response(body=body, headers={"Content-Type": CONTENT_TYPE})

    return [web.get("/metrics", require(Right.READ)(metrics))]
