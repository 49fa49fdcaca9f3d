"""The page that Prometheus reads: every metric of ours, and one moment's numbers.

In: the desk's status, reasons, what the daemon measures. Out: text. Costs the same however many
entries there are. Loaded at the first scrape: many daemons never see one.
"""

from collections.abc import Sequence
from typing import Final

from prometheus_client import generate_latest

from bridge.control.health import Reason
from bridge.control.metrics import campaigns, daemon, delivery, intake, sources, store
from bridge.control.metrics.board import Board, Family
from bridge.control.metrics.measured import Measured
from bridge.control.views import Json

#: Every metric of ours, by the part of the page that tells of it.
ROOMS: Final[dict[str, Sequence[Family]]] = {
    "The daemon": daemon.FAMILIES,
    "Campaigns": campaigns.FAMILIES,
    "Delivery and confirming": delivery.FAMILIES,
    "Intake": intake.FAMILIES,
    "Sources": sources.FAMILIES,
    "The outbox's file": store.FAMILIES,
}


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
