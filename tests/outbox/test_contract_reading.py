"""The contract of every outbox: receipts, lists, counts, what wakes delivery, and the rules."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from bridge.errors import EntryNotFound
from bridge.events import State
from bridge.outbox.values import Answer, Decision, Doubtful, Later, Origin
from bridge.outbox.views import LaneCount, Listing, RememberedRule
from bridge.rules.key import wire_key
from bridge.testing import START
from tests.outbox.play import (
    ALICE,
    BOB,
    CAMPAIGN,
    CONNECT_REFUSED,
    REFUSED,
    TIMEOUT,
    Play,
    entry,
)


async def test_a_receipt_says_where_an_entry_came_from(play: Play) -> None:
    origin = Origin("lobby", "10.0.0.7:4000", "source", b"\x00\xffraw", START, "kill", "42", START)
    await play.taken(replace(entry(), origin=origin, rule='{"match": "*"}'))

    receipt = await play.outbox.receipt(entry().key)

    assert receipt.origin == origin
    assert receipt.rule == '{"match": "*"}'


async def test_a_receipt_says_nothing_of_what_the_game_did_not_say(play: Play) -> None:
    origin = replace(entry().origin, id=None, occurred_at=None)
    await play.taken(replace(entry(), origin=origin))

    assert (await play.outbox.receipt(entry().key)).origin == origin


async def test_a_receipt_of_an_entry_that_was_never_sent_shows_no_attempt(play: Play) -> None:
    key = await play.put()

    receipt = await play.outbox.receipt(key)

    assert (list(receipt.wire_keys), receipt.body, list(receipt.attempts)) == ([], None, [])
    assert not receipt.journal


async def test_a_receipt_shows_every_attempt_and_its_answer(play: Play) -> None:
    key = await play.put()
    answers = [
        Answer("timeout", None, "no answer", "", 10.0),
        Answer("accepted", 202, "", '{"success": true}', 0.25),
    ]
    await play.settle(await play.claim(), TIMEOUT, answers[0])
    play.clock.advance(7)
    await play.settle(await play.claim(), CONNECT_REFUSED, answers[1])

    receipt = await play.outbox.receipt(key)

    assert [line.answer for line in receipt.attempts] == answers
    assert [(line.number, line.binding) for line in receipt.attempts] == [(1, 0), (2, 0)]
    assert [line.at for line in receipt.attempts] == [START, START + timedelta(seconds=7)]


async def test_a_receipt_shows_every_key_that_was_on_the_wire(play: Play) -> None:
    key = await play.put()
    shown = []
    for _ in range(3):
        claim = await play.attempt(REFUSED)
        receipt = await play.outbox.receipt(key)
        shown.append((list(receipt.wire_keys), receipt.body == claim.wire.body))
        play.clock.advance(600)

    assert shown == [([wire_key(key, n) for n in range(last + 1)], True) for last in range(3)]


async def test_a_receipt_is_found_by_every_key_that_was_on_the_wire(play: Play) -> None:
    key = await play.put()
    for _ in range(3):
        await play.attempt(REFUSED)
        play.clock.advance(600)

    found = [await play.view(wire_key(key, binding)) for binding in range(3)]

    assert {view.key for view in found} == {key}


async def test_an_unknown_key_has_no_receipt(play: Play) -> None:
    await play.put()

    with pytest.raises(EntryNotFound, match=str(entry(99).key)):
        await play.outbox.receipt(entry(99).key)


async def test_an_entry_shows_all_that_makes_its_key(play: Play) -> None:
    key = await play.put()
    play.clock.advance(1)
    await play.attempt(Later(30.0, "timeout"))

    view = await play.view(key)

    assert (view.campaign, view.player, view.event_code) == (CAMPAIGN, ALICE, "EARN5")
    assert (view.feat, view.occurrence) == ("first_blood", 'id:["","1"]')
    assert (view.created_at, view.updated_at) == (START, START + timedelta(seconds=1))
    assert view.due_at == START + timedelta(seconds=31)
    assert (view.user_ref, view.attempts) == ("usr_1", 1)


# -- lists and counts -----------------------------------------------------------------------


async def _three(play: Play) -> None:
    await play.put(entry(1))
    await play.accept(await play.claim())
    await play.put(entry(2, player=BOB, code="EARN9"))
    await play.taken(entry(3, campaign="camp_2"))


@pytest.mark.parametrize(
    ("what", "numbers"),
    [
        (Listing(), [3, 2, 1]),
        (Listing(limit=2), [3, 2]),
        (Listing(campaign=CAMPAIGN), [2, 1]),
        (Listing(player=ALICE), [3, 1]),
        (Listing(state=State.DUE), [2]),
        (Listing(campaign=CAMPAIGN, player=ALICE), [1]),
        (Listing(player=ALICE, state=State.HELD), [3]),
        (Listing(player=ALICE, limit=1), [3]),
        (Listing(campaign="camp_2", state=State.DUE), []),
        (Listing(player="name:Nobody"), []),
    ],
)
async def test_entries_are_listed_newest_first_and_filtered(
    play: Play, what: Listing, numbers: list[int]
) -> None:
    await _three(play)

    listed = await play.outbox.listing(what)

    assert [view.occurrence for view in listed] == [f'id:["","{n}"]' for n in numbers]


async def test_an_empty_outbox_lists_and_counts_nothing(play: Play) -> None:
    assert list(await play.outbox.listing(Listing())) == []
    assert list(await play.outbox.counts()) == []


async def test_lanes_are_counted_by_state(play: Play) -> None:
    await _three(play)
    await play.put(entry(4, player=BOB, code="EARN9"))
    await play.claims()
    play.clock.advance(5)

    assert list(await play.outbox.counts()) == [
        LaneCount(CAMPAIGN, {State.ACCEPTED: 1, State.SENDING: 1, State.DUE: 1}, 1, 5.0, 5.0),
        LaneCount("camp_2", {State.HELD: 1}, 0, None, held={"unlinked": 1}),
    ]


async def test_an_entry_that_is_put_off_is_not_old(play: Play) -> None:
    await play.put()
    await play.attempt(Later(300.0, "timeout"))
    play.clock.advance(30)

    (lane,) = await play.outbox.counts()

    assert lane.oldest_due == 0


# -- what wakes delivery --------------------------------------------------------------------


async def _put(play: Play) -> None:
    await play.outbox.put([entry(2)])


async def _link(play: Play) -> None:
    await play.outbox.link(CAMPAIGN, ALICE, "usr_2", "test")


async def _settle(play: Play) -> None:
    await play.attempt(TIMEOUT)


async def _decide(play: Play) -> None:
    await play.outbox.decide(entry().key, Decision.RETRY, "olga")


async def _unlink(play: Play) -> None:
    await play.outbox.unlink(CAMPAIGN, ALICE, "test")


@pytest.mark.parametrize("cause", [_put, _link, _settle, _decide, _unlink])
async def test_whatever_may_make_an_entry_due_wakes_its_lane(
    play: Play, cause: Callable[[Play], Awaitable[None]]
) -> None:
    await play.put()
    bell = play.outbox.watch(CAMPAIGN)
    bell.clear()

    await cause(play)

    async with asyncio.timeout(5):
        await bell.wait()


async def test_a_lane_has_one_bell(play: Play) -> None:
    assert play.outbox.watch(CAMPAIGN) is play.outbox.watch(CAMPAIGN)
    assert play.outbox.watch(CAMPAIGN) is not play.outbox.watch("camp_2")
    assert not play.outbox.watch(CAMPAIGN).is_set()


async def test_a_put_wakes_its_own_lane_only(play: Play) -> None:
    await play.outbox.link("camp_2", ALICE, "usr_1", "test")
    play.outbox.watch("camp_2").clear()
    await play.outbox.put([entry(campaign="camp_2")])

    assert play.outbox.watch("camp_2").is_set()
    assert not play.outbox.watch(CAMPAIGN).is_set()


# -- rules ----------------------------------------------------------------------------------


async def test_a_new_outbox_remembers_no_rules(play: Play) -> None:
    assert list(await play.outbox.remembered_rules()) == []


async def test_adopted_rules_are_remembered_in_order(play: Play) -> None:
    await play.outbox.adopt_rules(["rule two", "rule one"])

    assert list(await play.outbox.remembered_rules()) == [
        RememberedRule("rule two", used=False),
        RememberedRule("rule one", used=False),
    ]


async def test_a_rule_that_made_an_entry_is_used(play: Play) -> None:
    await play.outbox.adopt_rules(["rule two", "rule one"])
    await play.taken(entry(1), entry(2), entry(2))
    await play.outbox.counts()  # what is counted here has been filed

    assert list(await play.outbox.remembered_rules(counted=True)) == [
        RememberedRule("rule two", used=False),
        RememberedRule("rule one", used=True, entries=2),
    ]


async def test_a_duplicate_uses_no_rule(play: Play) -> None:
    await play.outbox.adopt_rules(["rule one", "rule two"])
    await play.taken(entry(1), replace(entry(1), rule="rule two"))

    assert [rule.used for rule in await play.outbox.remembered_rules()] == [True, False]


async def test_rules_in_force_are_replaced_but_what_was_used_stays_known(play: Play) -> None:
    await play.outbox.adopt_rules(["rule one", "rule two"])
    await play.taken(entry())
    await play.outbox.adopt_rules(["rule three"], "olga accepts a rekey")
    replaced = await play.outbox.remembered_rules()
    await play.outbox.adopt_rules(["rule two", "rule one"])

    assert list(replaced) == [RememberedRule("rule three", used=False)]
    assert [rule.used for rule in await play.outbox.remembered_rules()] == [False, True]


async def test_a_rule_that_stands_twice_keeps_its_first_place(play: Play) -> None:
    """The second one can never match; but a used one that moved would stop the next start."""
    await play.outbox.adopt_rules(["rule one", "rule two", "rule one"])

    remembered = await play.outbox.remembered_rules()

    assert [rule.definition for rule in remembered] == ["rule one", "rule two"]


async def test_a_doubt_is_shown_with_the_user_it_is_about(play: Play) -> None:
    key = await play.put()
    await play.attempt(Doubtful("lost"))
    await play.outbox.link(CAMPAIGN, ALICE, "usr_2", "test")

    assert (await play.view(key)).user_ref == "usr_1"
