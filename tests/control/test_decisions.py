"""What an operator decides, over HTTP: about one entry, about the rules, about the settings."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

import pytest

from bridge.events import State
from bridge.outbox.values import Accepted, Dead, Decision, Doubtful, Verdict
from tests.control.conftest import RULE, Control, linked
from tests.outbox.play import HOUR, REFUSED, TIMEOUT

ENTRIES = "/v1/operator/entries"


async def uncertain(desk: Control) -> Any:
    """Keep an entry and let nobody know whether it was paid; return its key."""
    key = await linked(desk)
    await desk.play.attempt(TIMEOUT)
    await desk.play.attempt(Doubtful("conflict"))
    return key


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

    assert reply.json == {
        "key": str(key),
        "entry_state": entry_state,
        "state": state,
        "lane": None,
    }
    assert (await desk.play.view(key)).state.value == entry_state


ALLOWED: Mapping[str, set[str]] = {
    "due": {"retry", "discard"},
    "sending": set(),
    "held": {"retry", "discard"},
    "accepted": set(),
    "uncertain": {"discard", "paid", "unpaid", "resend"},
    "dead": {"retry", "discard"},
    "discarded": set(),
}
VERDICTS: Mapping[str, Verdict] = {
    "held": REFUSED,
    "accepted": Accepted(),
    "uncertain": Doubtful("conflict"),
    "dead": Dead("refused"),
}


async def brought_to(desk: Control, state: str) -> Any:
    """Keep an entry of a linked player and bring it to `state`; return its key."""
    key = await linked(desk)
    if state == "sending":
        await desk.play.claim()
    if state in VERDICTS:
        await desk.play.attempt(VERDICTS[state])
    if state == "discarded":
        await desk.outbox.decide(key, Decision.DISCARD, "test")
    assert await desk.play.state(key) == state
    return key


@pytest.mark.parametrize("decision", list(Decision))
@pytest.mark.parametrize("state", ALLOWED)
async def test_each_state_allows_its_own_decisions_and_refuses_the_others(
    desk: Control, state: str, decision: str
) -> None:
    key = await brought_to(desk, state)
    reply = await decided(desk, key, decision)
    journal = [note.what for note in (await desk.outbox.receipt(key)).journal]

    if decision in ALLOWED[state]:
        assert reply.status == 200, reply.body
        assert reply.json["entry_state"] == await desk.play.state(key)
        assert journal == [decision]
    else:
        assert (reply.status, reply.code) == (409, "decision-refused")
        assert reply.json["hint"]
        assert await desk.play.state(key) == state
        assert decision not in journal or state == "discarded"


async def test_a_decision_is_journaled_with_who_made_it(desk: Control) -> None:
    key = await uncertain(desk)
    await decided(desk, key, "paid", who="ada")
    (note,) = (await desk.call("GET", f"/v1/achievements/{key}")).json["journal"]

    assert (note["who"], note["what"]) == ("operator ada", "paid")
    assert "uncertain" in note["detail"]


@pytest.mark.parametrize("name", ["x" * 65, "a\tb", "", "   ", "a\u202eb"])
async def test_a_name_that_could_confuse_the_journal_is_left_out(desk: Control, name: str) -> None:
    key = await uncertain(desk)
    await decided(desk, key, "paid", who=name)
    (note,) = (await desk.call("GET", f"/v1/achievements/{key}")).json["journal"]

    assert note["who"] == "operator"


async def test_the_beginning_of_a_key_is_enough_for_a_decision(desk: Control) -> None:
    key = str(await uncertain(desk))
    reply = await decided(desk, key[:8], "discard")
    unknown = await decided(desk, "0" * 8, "discard")

    assert (reply.json["key"], reply.json["entry_state"]) == (key, "discarded")
    assert (unknown.status, unknown.code) == (404, "entry-not-found")


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


@pytest.mark.parametrize("key", [UUID("6e0cf6a6-1d2e-4c0b-9b1a-0c5a54c9b6f4"), "x", "%ff"])
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


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        (b"", 422, "invalid-message"),
        (b"paid", 400, "not-json"),
        (b'["paid"]', 400, "not-json"),
        (b'"paid"', 400, "not-json"),
        (b'{"decision": "paid", "why": "seen"}', 422, "invalid-message"),
    ],
)
async def test_a_decision_that_can_not_be_read_changes_nothing(
    desk: Control, body: bytes, status: int, code: str
) -> None:
    key = await uncertain(desk)
    reply = await desk.call("POST", f"{ENTRIES}/{key}/decision", raw=body)

    assert (reply.status, reply.code) == (status, code)
    assert await desk.play.state(key) is State.UNCERTAIN


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
        [RULE + " "],
        [RULE.replace('"*"', '"\\u002a"')],
        ["\ud800"],
        [RULE.replace('"*"', '"\ud800"')],
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
