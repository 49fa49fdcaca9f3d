"""What each campaign has in the outbox: entries, ages, money, link sessions.

In: the desk's status. Out: numbers.
"""

from typing import Final

from bridge.control.metrics.board import Board, gauge
from bridge.control.views import Json
from bridge.events import State
from bridge.outbox.links import SessionState

FAMILIES: Final = (
    gauge("entries", "Entries in the outbox by state.", "campaign", "state"),
    gauge("held_entries", "Held entries by what they wait for.", "campaign", "reason"),
    gauge(
        "fenced_entries",
        "Due entries that wait for another of the same user and event code to be proven.",
        "campaign",
    ),
    gauge("oldest_due_seconds", "For how long the oldest due entry has been due.", "campaign"),
    gauge(
        "oldest_unpaid_seconds",
        "Age of the oldest accepted entry that no payout proves; 0 where none ever could.",
        "campaign",
    ),
    gauge(
        "oldest_uncertain_seconds",
        "Since when the oldest uncertain entry may have been paid.",
        "campaign",
    ),
    gauge(
        "payouts_overdue",
        "1 where the oldest accepted entry is older than [confirm] payout_lag.",
        "campaign",
    ),
    gauge(
        "entries_tokens",
        "What the entries of each state cost, in token units, as far as prices are known.",
        "campaign",
        "state",
    ),
    gauge(
        "shadow_cost_tokens",
        "What the entries of shadow mode would have cost, in token units.",
        "campaign",
    ),
    gauge("paid_out_tokens", "The API's paid-out total, in token units.", "campaign"),
    gauge(
        "paid_out_drift_tokens",
        "How much the API's paid-out total is beside our ledger, in token units.",
        "campaign",
        "direction",
    ),
    gauge("link_sessions", "Link sessions by state.", "campaign", "state"),
)


def fill(board: Board, status: Json) -> None:
    """Set the numbers of every campaign."""
    for lane in status["campaigns"]:
        _entries(board, lane["campaign"], lane)
        _ages(board, lane["campaign"], lane, status.get("payout_lag"))
        _money(board, lane["campaign"], lane)


def _entries(board: Board, campaign: str, lane: Json) -> None:
    for state in State:
        board.set("entries", lane["entries"].get(state, 0), campaign=campaign, state=state)
    for session in SessionState:
        n = lane["link_sessions"].get(session, 0)
        board.set("link_sessions", n, campaign=campaign, state=session)
    for reason, n in lane["held"].items():
        board.set("held_entries", n, campaign=campaign, reason=reason)
    board.set("fenced_entries", lane["fenced"], campaign=campaign)


def _ages(board: Board, campaign: str, lane: Json, lag: float | None) -> None:
    unpaid = (lane["oldest_unpaid_seconds"] if lane.get("confirms", True) else None) or 0
    board.set("oldest_due_seconds", lane["oldest_due_seconds"] or 0, campaign=campaign)
    board.set("oldest_unpaid_seconds", unpaid, campaign=campaign)
    board.set("oldest_uncertain_seconds", lane["oldest_uncertain_seconds"] or 0, campaign=campaign)
    if lag is not None:
        board.set("payouts_overdue", unpaid > lag, campaign=campaign)


def _money(board: Board, campaign: str, lane: Json) -> None:
    for state in State:
        amount = float(lane["amounts"].get(state, 0))
        board.set("entries_tokens", amount, campaign=campaign, state=state)
    board.set("shadow_cost_tokens", float(lane["shadow_cost"]), campaign=campaign)
    drift = lane["drift"]
    if drift is not None:
        board.set("paid_out_tokens", float(drift["paid_out"]), campaign=campaign)
        for direction in ("excess", "shortfall"):
            amount = float(drift[direction])
            board.set("paid_out_drift_tokens", amount, campaign=campaign, direction=direction)
