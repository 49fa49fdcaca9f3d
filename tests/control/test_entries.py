"""Receipts and lists, over HTTP."""

from dataclasses import replace
from uuid import UUID

import pytest

from bridge.control.views import Json
from bridge.rules.key import wire_key
from tests.control.conftest import OTHER, RULE, Control, linked
from tests.outbox.play import ALICE, BOB, CAMPAIGN, HOUR, REFUSED, TIMEOUT, entry

ENTRIES = "/v1/operator/entries"


# -- receipts -------------------------------------------------------------------------------


async def test_a_receipt_tells_everything(desk: Control) -> None:
    key = await linked(desk)
    claim = await desk.play.claim()
    await desk.play.accept(claim)
    receipt = (await desk.call("GET", f"/v1/achievements/{key}")).json

    assert receipt["key"] == str(key)
    assert (receipt["state"], receipt["entry_state"]) == ("accepted", "accepted")
    assert (receipt["player"], receipt["userRef"]) == (ALICE, "usr_1")
    assert (receipt["campaign"], receipt["event_code"]) == (CAMPAIGN, "EARN5")
    assert receipt["rule"]["match"] == "*"
    assert receipt["message"]["raw"] == '{"a": 1}'
    assert receipt["message"]["received_at"] == "2026-01-01T00:00:00.000Z"
    assert receipt["wire_keys"] == [str(key)]
    assert receipt["body"] == claim.wire.body.decode()
    assert [(a["attempt"], a["status"], a["outcome"]) for a in receipt["history"]] == [
        (1, 202, "accepted")
    ]
    assert receipt["unproven_since"] is None


@pytest.mark.parametrize(
    ("state", "told"), [("due", "stored"), ("sending", "stored"), ("held", "held")]
)
async def test_a_game_is_told_another_word_than_an_operator(
    desk: Control, state: str, told: str
) -> None:
    key = await desk.put() if state == "held" else await linked(desk)
    if state == "sending":
        await desk.play.claim()
    receipt = (await desk.call("GET", f"/v1/achievements/{key}", token="g4me")).json

    assert (receipt["state"], receipt["entry_state"]) == (told, state)


async def test_a_receipt_is_found_by_every_key_that_went_over_the_wire(desk: Control) -> None:
    key = await linked(desk)
    await desk.play.attempt(REFUSED)
    desk.play.clock.advance(HOUR)
    claim = await desk.play.claim()
    by_key = await desk.call("GET", f"/v1/achievements/{key}")
    by_wire_key = await desk.call("GET", f"/v1/achievements/{claim.wire.key}")

    assert claim.wire.key == wire_key(key, 1)
    assert by_key.json == by_wire_key.json
    assert by_key.json["wire_keys"] == [str(key), str(claim.wire.key)]


@pytest.mark.parametrize("length", [8, 9, 13, 35])
async def test_a_receipt_is_found_by_the_beginning_of_its_key(desk: Control, length: int) -> None:
    key = str(await linked(desk))
    found = await desk.call("GET", f"/v1/achievements/{key[:length]}")
    loud = await desk.call("GET", f"/v1/achievements/{key[:length].upper()}")

    assert found.json["key"] == loud.json["key"] == key


async def test_seven_characters_are_no_name_for_an_entry(desk: Control) -> None:
    key = str(await linked(desk))
    reply = await desk.call("GET", f"/v1/achievements/{key[:7]}")

    assert (reply.status, reply.code) == (404, "entry-not-found")


async def test_keys_that_begin_alike_are_listed(desk: Control) -> None:
    keys = [f"0b1f2a3c-4d5e-4f60-8a7b-9c0d1e2f3a4{n}" for n in range(3)]
    await desk.outbox.put(
        [replace(entry(n, rule=RULE), key=UUID(key)) for n, key in enumerate(keys)]
    )
    reply = await desk.call("GET", "/v1/achievements/0b1f2a3c")
    one = await desk.call("GET", f"/v1/achievements/{keys[1]}")

    assert (reply.status, reply.code) == (404, "entry-not-found")
    assert all(key in reply.json["detail"] for key in keys)
    assert "more of the key" in reply.json["hint"]
    assert one.json["key"] == keys[1]


@pytest.mark.parametrize(
    "key",
    [
        "6e0cf6a6-1d2e-4c0b-9b1a-0c5a54c9b6f4",
        "x",
        "0" * 31,
        "%00",
        "%ff",
        "..%2F..",
        "x" * 5000,
        "'%20OR%201=1",
    ],
)
async def test_a_key_that_nobody_knows_is_not_found(desk: Control, key: str) -> None:
    await desk.put()
    reply = await desk.call("GET", f"/v1/achievements/{key}", token="g4me")

    assert (reply.status, reply.code) == (404, "entry-not-found")


# -- lists ----------------------------------------------------------------------------------


async def filled(desk: Control) -> list[str]:
    """Keep entries of two players and two campaigns; return their keys, newest first."""
    keys = [
        await desk.put(1),
        await desk.put(2, BOB),
        await desk.put(3, BOB, OTHER),
        await linked(desk, 4),
    ]
    return [str(key) for key in reversed(keys)]


@pytest.mark.parametrize(
    ("query", "places"),
    [
        ("", [0, 1, 2, 3]),
        ("?limit=2", [0, 1]),
        ("?limit=0", [0]),
        (f"?campaign={OTHER}", [1]),
        (f"?player={BOB}", [1, 2]),
        ("?player=STEAM_0:1:0", [0, 3]),
        ("?state=held", [1, 2]),
        ("?state=due", [0, 3]),
        (f"?state=held&player={BOB}&campaign={CAMPAIGN}&limit=9", [2]),
        ("?campaign=nothing", []),
    ],
)
async def test_entries_are_listed_newest_first_and_filtered(
    two: Control, query: str, places: list[int]
) -> None:
    keys = await filled(two)
    reply = await two.call("GET", ENTRIES + query)

    assert [found["key"] for found in reply.json["entries"]] == [keys[at] for at in places]


@pytest.mark.parametrize(
    ("query", "pointer"),
    [
        ("limit=x", "/limit"),
        ("limit=-1", "/limit"),
        ("limit=1.5", "/limit"),
        ("limit=", "/limit"),
        ("limit=%C2%B2", "/limit"),
        ("limit=" + "9" * 5000, "/limit"),
        ("state=lost", "/state"),
        ("state=", "/state"),
        ("player=Alice", "/player"),
        ("player=", "/player"),
    ],
)
async def test_a_filter_that_means_nothing_is_refused(
    desk: Control, query: str, pointer: str
) -> None:
    reply = await desk.call("GET", f"{ENTRIES}?{query}")

    assert (reply.status, reply.code, reply.pointers) == (422, "invalid-message", [pointer])


async def test_a_fence_and_a_doubt_are_shown(desk: Control) -> None:
    first = await linked(desk)
    await linked(desk, 2)
    await desk.play.attempt(TIMEOUT)
    await desk.play.claims()
    fenced, leading = (await desk.call("GET", ENTRIES)).json["entries"]

    assert (leading["key"], leading["fenced"]) == (str(first), False)
    assert leading["unproven_since"] == "2026-01-01T00:00:00.000Z"
    assert (fenced["fenced"], fenced["unproven_since"]) == (True, None)


async def test_the_status_counts_entries_by_campaign_and_state(two: Control) -> None:
    await filled(two)
    two.play.clock.advance(60)
    status = (await two.call("GET", "/v1/operator/status")).json
    quiet: Json = {
        "oldest_unpaid_seconds": None,
        "oldest_uncertain_seconds": None,
        "shadow_cost": "0",
        "link_sessions": {},
        "pause": None,
        "drift": None,
    }

    assert status["ledger"]["quarantine"] is None
    assert status["campaigns"] == [
        {
            "campaign": CAMPAIGN,
            "configured": True,
            "entries": {"due": 2, "held": 1},
            "amounts": {},
            "held": {"unlinked": 1},
            "fenced": 0,
            "oldest_due_seconds": 60.0,
            **quiet,
        },
        {
            "campaign": OTHER,
            "configured": True,
            "entries": {"held": 1},
            "amounts": {},
            "held": {"unlinked": 1},
            "fenced": 0,
            "oldest_due_seconds": None,
            **quiet,
        },
    ]
