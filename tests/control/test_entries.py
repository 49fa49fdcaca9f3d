"""Receipts, lists and decisions, over HTTP."""

from typing import Any
from uuid import uuid4

import pytest

from bridge.events import State
from bridge.outbox.values import Doubtful
from bridge.rules.key import wire_key
from tests.control.conftest import OTHER, RULE, Control
from tests.outbox.play import ALICE, BOB, CAMPAIGN, HOUR, REFUSED, TIMEOUT

ENTRIES = "/v1/operator/entries"


async def linked(desk: Control, number: int = 1) -> Any:
    """Keep an entry of a linked player; return its key."""
    await desk.outbox.link(CAMPAIGN, ALICE, "usr_1", "test")
    return await desk.put(number)


async def uncertain(desk: Control) -> Any:
    """Keep an entry and let nobody know whether it was paid; return its key."""
    key = await linked(desk)
    await desk.play.attempt(TIMEOUT)
    await desk.play.attempt(Doubtful("conflict"))
    return key


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


@pytest.mark.parametrize(
    "key", [str(uuid4()), "x", "0" * 31, "%00", "%ff", "..%2F..", "x" * 5000, "'%20OR%201=1"]
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

    assert status["campaigns"] == [
        {
            "campaign": CAMPAIGN,
            "configured": True,
            "entries": {"due": 2, "held": 1},
            "fenced": 0,
            "oldest_due_seconds": 60.0,
        },
        {
            "campaign": OTHER,
            "configured": True,
            "entries": {"held": 1},
            "fenced": 0,
            "oldest_due_seconds": None,
        },
    ]


# -- decisions ------------------------------------------------------------------------------


async def decided(desk: Control, key: Any, decision: Any, who: str = "") -> Any:
    body = {"decision": decision}
    return await desk.call("POST", f"{ENTRIES}/{key}/decision", body, X_Operator=who)


@pytest.mark.parametrize(
    ("decision", "entry_state", "state"),
    [
        ("paid", "accepted", "accepted"),
        ("unpaid", "due", "stored"),
        ("resend", "due", "stored"),
        ("discard", "discarded", "discarded"),
    ],
)
async def test_a_doubt_is_decided(
    desk: Control, decision: str, entry_state: str, state: str
) -> None:
    key = await uncertain(desk)
    reply = await decided(desk, key, decision)

    assert reply.json == {"key": str(key), "entry_state": entry_state, "state": state}
    assert (await desk.play.view(key)).state.value == entry_state


async def test_a_decision_is_journaled_with_who_made_it(desk: Control) -> None:
    key = await uncertain(desk)
    await decided(desk, key, "paid", who="ada")
    (note,) = (await desk.call("GET", f"/v1/achievements/{key}")).json["journal"]

    assert (note["who"], note["what"]) == ("operator ada", "paid")
    assert "uncertain" in note["detail"]


@pytest.mark.parametrize("name", ["x" * 65, "a\tb", ""])
async def test_a_name_that_could_confuse_the_journal_is_left_out(desk: Control, name: str) -> None:
    key = await uncertain(desk)
    await decided(desk, key, "paid", who=name)
    (note,) = (await desk.call("GET", f"/v1/achievements/{key}")).json["journal"]

    assert note["who"] == "operator"


@pytest.mark.parametrize("decision", ["paid", "unpaid", "resend"])
async def test_what_is_not_in_doubt_can_not_be_resolved(desk: Control, decision: str) -> None:
    key = await linked(desk)
    reply = await decided(desk, key, decision)

    assert (reply.status, reply.code) == (409, "decision-refused")
    assert await desk.play.state(key) is State.DUE


async def test_a_doubt_can_not_be_retried_blindly(desk: Control) -> None:
    key = await uncertain(desk)
    reply = await decided(desk, key, "retry")

    assert (reply.status, reply.code) == (409, "decision-refused")
    assert "resolve" in reply.json["hint"]


async def test_what_is_not_linked_can_not_be_retried(desk: Control) -> None:
    reply = await decided(desk, await desk.put(), "retry")

    assert (reply.status, reply.code) == (409, "decision-refused")


@pytest.mark.parametrize("decision", [None, "", "pay", "PAID", 7, ["paid"], {"paid": 1}])
async def test_a_decision_that_nobody_can_make_is_refused(desk: Control, decision: Any) -> None:
    key = await uncertain(desk)
    reply = await decided(desk, key, decision)

    assert (reply.status, reply.pointers) == (422, ["/decision"])
    assert await desk.play.state(key) is State.UNCERTAIN


@pytest.mark.parametrize("key", [uuid4(), "x", "%ff"])
async def test_what_nobody_knows_can_not_be_decided(desk: Control, key: Any) -> None:
    reply = await decided(desk, key, "paid")

    assert (reply.status, reply.code) == (404, "entry-not-found")


async def test_a_decision_may_name_a_wire_key(desk: Control) -> None:
    key = await linked(desk)
    await desk.play.attempt(REFUSED)
    desk.play.clock.advance(HOUR)
    claim = await desk.play.claim()
    await desk.play.settle(claim, REFUSED)
    reply = await decided(desk, claim.wire.key, "discard")

    assert reply.status == 200
    assert await desk.play.state(key) is State.DISCARDED


# -- rules and reload -----------------------------------------------------------------------


async def test_rules_are_accepted_and_shown(desk: Control) -> None:
    reply = await desk.call(
        "PUT", "/v1/operator/rules", {"definitions": [RULE], "journal": "--accept-rekey"}
    )
    await desk.put()
    shown = await desk.call("GET", "/v1/operator/rules")

    assert reply.json == {"rules": 1}
    assert shown.json == {"rules": [{"definition": RULE, "used": True, "entries": 1}]}


@pytest.mark.parametrize(
    "definitions",
    [
        None,
        "text",
        [7],
        [None],
        {},
        ["no json"],
        ["[]"],
        ["{}"],
        ['{"match": "*"}'],
        [RULE.replace('"default"', '"sometimes"')],
        [RULE.replace('"match"', '"matches"')],
        [RULE, RULE[:-1]],
    ],
)
async def test_rules_that_the_daemon_could_not_start_with_are_refused(
    desk: Control, definitions: Any
) -> None:
    await desk.outbox.adopt_rules([RULE])
    reply = await desk.call("PUT", "/v1/operator/rules", {"definitions": definitions})

    assert (reply.status, reply.code, reply.pointers) == (
        422,
        "invalid-message",
        ["/definitions"],
    )
    assert [rule.definition for rule in await desk.outbox.remembered_rules()] == [RULE]


@pytest.mark.parametrize("journal", ["\ud800", 7, None, ["x"]])
async def test_a_journal_that_is_no_text_is_refused(desk: Control, journal: Any) -> None:
    body = {"definitions": [RULE], "journal": journal}
    reply = await desk.call("PUT", "/v1/operator/rules", body)

    assert (reply.status, reply.pointers) == (422, ["/journal"])
    assert await desk.outbox.remembered_rules() == []


async def test_a_reload_is_asked_for(desk: Control) -> None:
    reply = await desk.call("POST", "/v1/operator/reload")

    assert reply.json == {"reloaded": True, "needs_restart": []}
    assert desk.reloads == 1
