"""Alive and ready."""

import pytest

from bridge.control.health import Reason, ledger_reasons
from bridge.control.views import Json
from tests.control.conftest import Control
from tests.outbox.play import CAMPAIGN

LAME = Reason("lane-key_refused", "camp_1: the key was refused")
FULL = Reason("store-full", "no space left on /srv", blocking=True)


async def test_it_is_alive_whatever_else_it_is(desk: Control) -> None:
    desk.reasons = [FULL]
    reply = await desk.call("GET", "/healthz", token=None)

    assert (reply.status, reply.json) == (200, {"alive": True})


async def test_with_nothing_to_say_it_is_ready(desk: Control) -> None:
    reply = await desk.call("GET", "/readyz", token=None)

    assert (reply.status, reply.json) == (200, {"ready": True, "reasons": []})


async def test_a_reason_that_blocks_makes_it_unready(desk: Control) -> None:
    desk.reasons = [LAME, FULL]
    reply = await desk.call("GET", "/readyz", token=None)

    assert (reply.status, reply.json["ready"]) == (503, False)


async def test_a_reason_that_does_not_block_is_told_while_it_is_ready(desk: Control) -> None:
    desk.reasons = [LAME]
    reply = await desk.call("GET", "/readyz", token=None)

    assert (reply.status, reply.json["ready"]) == (200, True)
    assert reply.json["reasons"] == [{"code": "lane-key_refused"}]


@pytest.mark.parametrize("token", [None, "g4me", "str4nger"])
async def test_details_are_not_for_everybody(desk: Control, token: str | None) -> None:
    desk.reasons = [LAME, FULL]
    reply = await desk.call("GET", "/readyz", token=token)

    assert reply.json["reasons"] == [{"code": "lane-key_refused"}, {"code": "store-full"}]
    assert b"/srv" not in reply.body
    assert b"camp_1" not in reply.body


@pytest.mark.parametrize("token", ["r3ad", "0perator"])
async def test_details_are_for_who_may_read(desk: Control, token: str) -> None:
    desk.reasons = [FULL]
    reply = await desk.call("GET", "/readyz", token=token)

    assert reply.json["reasons"] == [{"code": "store-full", "detail": "no space left on /srv"}]


# -- what an operator has to look at --------------------------------------------------------


def lane(**differs: object) -> Json:
    """Return a campaign's numbers where all is well, but for what differs."""
    return {
        "campaign": CAMPAIGN,
        "drift": None,
        "oldest_unpaid_seconds": None,
        "held": {},
        "confirms": True,
        "shadow": False,
        **differs,
    }


def told(*lanes: Json, quarantine: str | None = None, lag: float | None = 3600) -> dict[str, str]:
    status = {"ledger": {"quarantine": quarantine}, "campaigns": list(lanes), "payout_lag": lag}
    return {reason.code: reason.detail for reason in ledger_reasons(status)}


def test_where_all_is_well_there_is_nothing_to_look_at() -> None:
    drift = {"excess": "0", "shortfall": "0"}

    assert told(lane()) == {}
    assert told(lane(drift=drift, oldest_unpaid_seconds=3599.0)) == {}
    assert told(lane(held={"shadow": 3}, shadow=True)) == {}


def test_a_quarantine_is_told_with_its_cause_and_the_command_that_ends_it() -> None:
    (detail,) = told(lane(), quarantine="it is an older copy").values()

    assert detail.startswith("it is an older copy; ")
    assert "outbox release --quarantine" in detail


@pytest.mark.parametrize(("excess", "shortfall"), [("2.5", "0"), ("0", "0.000001")])
def test_a_total_that_does_not_fit_is_told(excess: str, shortfall: str) -> None:
    found = told(lane(drift={"excess": excess, "shortfall": shortfall}))

    assert set(found) == {"paid-out-drift"}
    assert f"{excess} more, {shortfall} less" in found["paid-out-drift"]


def test_what_is_accepted_for_too_long_is_told_only_where_something_could_confirm_it() -> None:
    late = {"oldest_unpaid_seconds": 7200.0}

    assert "2.0 hours ago" in told(lane(**late))["payouts-overdue"]
    assert told(lane(**late, confirms=False)) == {}
    assert told(lane(**late), lag=None) == {}  # no daemon runs that would look


def test_what_shadow_mode_left_is_told() -> None:
    assert "3 entries" in told(lane(held={"shadow": 3}))["shadow-left"]


def test_entries_that_are_not_what_their_keys_were_made_of_are_told() -> None:
    assert "2 entries" in told(lane(held={"unreadable": 2}))["entries-unreadable"]


def test_what_was_paid_before_a_ledger_sent_anything_is_told_and_stops_nothing() -> None:
    assert told(lane(paid_before=None)) == {}

    assert (
        "41.5 before this ledger sent anything" in told(lane(paid_before="41.5"))["paid-before-us"]
    )
