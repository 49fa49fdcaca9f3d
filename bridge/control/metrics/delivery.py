"""How deliveries go: attempts, lanes, and how payouts are confirmed.

In: the desk's status, durations of attempts. Out: numbers.
"""

from datetime import datetime
from typing import Final

from bridge.control.metrics.board import Board, counter, gauge, histogram
from bridge.control.metrics.measured import Measured
from bridge.control.views import Json
from bridge.errors import SignatureRefused
from bridge.outbox.proofs import Became

#: What an attempt comes to, as lanes count it.
OUTCOMES: Final = ("accepted", "retry", "unproven", "held", "paused", "refused")
_RESTING: Final = "breaker_open"

FAMILIES: Final = (
    counter(
        "delivery_attempts",
        "Attempts by outcome: accepted (the API's 202), retry (nothing was paid), unproven (may "
        "have been paid; sent again with the same key), held, paused (the lane's fault), refused.",
        "campaign",
        "outcome",
    ),
    histogram(
        "delivery_attempt_duration_seconds",
        "How long attempts took, with what was asked after a refusal.",
        "campaign",
    ),
    gauge("lane_open", "1 where a campaign is sent to, 0 where its lane is stopped.", "campaign"),
    gauge("lane_paused", "1 for the reason that a lane is stopped for.", "campaign", "reason"),
    gauge("lane_in_flight", "Calls in flight.", "campaign"),
    gauge("lane_concurrency_limit", "Calls that may be in flight now.", "campaign"),
    gauge("lane_wait_seconds", "For how long the API has asked us to wait still.", "campaign"),
    gauge("lane_breaker_open", "1 while the lane rests, since the API failed.", "campaign"),
    counter("lane_breaker_openings", "How often the lane began to rest.", "campaign"),
    counter("confirm_looks", "Users' histories that were read.", "campaign"),
    counter("confirm_looks_failed", "Users' histories that could not be read.", "campaign"),
    gauge(
        "confirm_last_look_timestamp_seconds",
        "When a history was last read, Unix time.",
        "campaign",
    ),
    counter("confirmed", "Entries proven paid, by what proved it.", "campaign", "way"),
    counter(
        "webhooks",
        "Webhooks by what became of them; refused ones by the error's code.",
        "became",
    ),
)


def fill(board: Board, status: Json, measured: Measured | None) -> None:
    """Set the numbers of every lane, and of what confirms."""
    for lane in status.get("lanes", ()):
        _lane(board, lane["campaign"], lane)
    for confirming in status.get("confirming", ()):
        _confirming(board, confirming["campaign"], confirming)
    webhooks = status.get("webhooks")
    if webhooks is not None:
        for became in dict.fromkeys([*Became, SignatureRefused.code, *webhooks]):
            board.set("webhooks", webhooks.get(became, 0), became=became)
    if measured is not None:
        for campaign, times in measured.attempts.items():
            board.took("delivery_attempt_duration_seconds", times, campaign=campaign)
            proven = measured.confirmed_by_webhook.get(campaign, 0)
            board.set("confirmed", proven, campaign=campaign, way="webhook")


def _lane(board: Board, campaign: str, lane: Json) -> None:
    for outcome in OUTCOMES:
        n = lane["outcomes"].get(outcome, 0)
        board.set("delivery_attempts", n, campaign=campaign, outcome=outcome)
    paused = lane["paused"]
    board.set("lane_open", paused is None, campaign=campaign)
    if paused is not None:
        board.set("lane_paused", 1, campaign=campaign, reason=paused)
    board.set("lane_in_flight", lane["in_flight"], campaign=campaign)
    board.set("lane_concurrency_limit", lane["limit"], campaign=campaign)
    board.set("lane_wait_seconds", lane["waiting"], campaign=campaign)
    board.set("lane_breaker_open", paused == _RESTING, campaign=campaign)
    board.set("lane_breaker_openings", lane["rests"], campaign=campaign)


def _confirming(board: Board, campaign: str, confirming: Json) -> None:
    board.set("confirm_looks", confirming["looks"], campaign=campaign)
    board.set("confirm_looks_failed", confirming["failed"], campaign=campaign)
    board.set("confirmed", confirming["confirmed"], campaign=campaign, way="history")
    last = confirming["last_look_at"]
    if last is not None:
        at = datetime.fromisoformat(last).timestamp()
        board.set("confirm_last_look_timestamp_seconds", at, campaign=campaign)
