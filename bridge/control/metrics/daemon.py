"""The daemon itself: ready or not and why, its version, its clocks, whether it gets on.

In: reasons, what it measures. Out: numbers; the process's own are of prometheus-client.
"""

import platform
from collections.abc import Sequence
from typing import Final

from prometheus_client import ProcessCollector

from bridge.control.health import Reason
from bridge.control.metrics.board import Board, gauge
from bridge.control.metrics.measured import Measured

FAMILIES: Final = (
    gauge("ready", "1 while messages can be stored."),
    gauge(
        "reason",
        "1 for each reason that /readyz names; blocking ones make it unready.",
        "code",
        "blocking",
    ),
    gauge("build_info", "1, with the version of the daemon and of Python.", "version", "python"),
    gauge(
        "time_seconds", "The wall clock, Unix time: beside the scrape's own, it shows a wrong one."
    ),
    gauge(
        "ledger_ahead_seconds",
        "How far the ledger's clock is ahead of the wall clock: 0, but "
        "after the wall clock was set back.",
    ),
    gauge(
        "busy_seconds",
        "For how long a part has been at one step: the writer at a commit, a lane at a round. 0 "
        "while it waits for work.",
        "part",
        "campaign",
    ),
)


def fill(board: Board, reasons: Sequence[Reason], measured: Measured | None) -> None:
    """Set the numbers of the daemon."""
    board.set("ready", not any(reason.blocking for reason in reasons))
    found: dict[str, bool] = {}
    for reason in reasons:
        found[reason.code] = found.get(reason.code, False) or reason.blocking
    for code, blocking in found.items():
        board.set("reason", 1, code=code, blocking="true" if blocking else "false")
    if measured is not None:
        _measured(board, measured)


def _measured(board: Board, measured: Measured) -> None:
    python = platform.python_version()
    board.set("build_info", 1, version=measured.version, python=python)
    board.set("time_seconds", measured.now)
    board.set("ledger_ahead_seconds", measured.ahead)
    board.set("busy_seconds", measured.store.busy, part="writer", campaign="")
    for campaign, seconds in measured.rounds.items():
        board.set("busy_seconds", seconds, part="lane", campaign=campaign)
    board.add(ProcessCollector(registry=None))
