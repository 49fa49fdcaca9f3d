"""The contract of every outbox: what goes in. This and `test_contract_*.py` are its definition."""

import re
from pathlib import Path

import pytest

import bridge.outbox
from bridge.errors import EntryNotFound
from bridge.events import State, Taken
from bridge.outbox.values import Decision
from bridge.outbox.views import Listing
from tests.outbox.play import ALICE, BACKENDS, BOB, CAMPAIGN, Play, entry, message_id

FIT = re.compile(r"^_: type\[Outbox\] = (\w+)$", re.MULTILINE)


def test_every_backend_runs_this_suite() -> None:
    room = Path(next(iter(bridge.outbox.__path__)))

    found = {match for file in room.rglob("*.py") for match in FIT.findall(file.read_text())}

    assert found == {backend.kind.__name__ for backend in BACKENDS.values()}


async def test_an_entry_of_a_linked_player_is_due(play: Play) -> None:
    await play.outbox.link(CAMPAIGN, ALICE, "usr_1", "test")

    (taken,) = await play.taken(entry())

    assert (taken.key, taken.state, taken.duplicate, taken.differs) == (
        entry().key,
        State.DUE,
        False,
        False,
    )
    assert taken.state.told == "stored"
    assert await play.state(entry().key) is State.DUE


async def test_an_entry_of_an_unlinked_player_is_held(play: Play) -> None:
    (taken,) = await play.taken(entry())
    view = await play.view(entry().key)

    assert taken.state is State.HELD
    assert (view.state, view.reason, view.user_ref) == (State.HELD, "unlinked", None)
    assert not await play.claims()


async def test_a_link_for_another_campaign_is_no_link(play: Play) -> None:
    await play.outbox.link("camp_2", ALICE, "usr_1", "test")

    (taken,) = await play.taken(entry())

    assert taken.state is State.HELD


async def test_putting_nothing_keeps_nothing(play: Play) -> None:
    assert list(await play.outbox.put([])) == []


async def test_a_feat_sent_twice_is_kept_once(play: Play) -> None:
    key = await play.put()

    (again,) = await play.taken(entry())

    assert (again.key, again.state, again.duplicate) == (key, State.DUE, True)
    assert len(await play.outbox.listing(Listing())) == 1


async def test_a_batch_that_says_a_feat_twice_keeps_it_once(play: Play) -> None:
    taken = await play.taken(entry(1), entry(2), entry(1))

    assert [result.duplicate for result in taken] == [False, False, True]
    assert taken[0].key == taken[2].key
    assert len(await play.outbox.listing(Listing())) == 2


async def test_the_same_batch_twice_gets_the_same_answers(play: Play) -> None:
    batch = [entry(number, message_id=message_id(f"m{number}")) for number in range(5)]

    first = await play.taken(*batch)
    second = await play.taken(*batch)

    assert [result.key for result in first] == [new.key for new in batch]
    assert [result.key for result in second] == [result.key for result in first]
    assert all(result.duplicate and not result.differs for result in second)


async def test_results_come_in_the_order_of_the_entries(play: Play) -> None:
    await play.put(entry(3))

    taken = await play.taken(entry(5), entry(3), entry(4))

    assert [result.key for result in taken] == [entry(n).key for n in (5, 3, 4)]
    assert [result.duplicate for result in taken] == [False, True, False]


async def test_a_known_message_id_gets_its_first_decision_again(play: Play) -> None:
    first = entry(1, message_id=message_id("match-42/17", "same"))
    rules_were_edited = entry(2, code="EARN9", message_id=message_id("match-42/17", "same"))
    await play.taken(first)

    (again,) = await play.taken(rules_were_edited)

    assert (again.key, again.duplicate, again.differs) == (first.key, True, False)
    with pytest.raises(EntryNotFound):
        await play.outbox.receipt(rules_were_edited.key)


async def test_a_known_message_id_with_other_content_differs_and_the_first_stands(
    play: Play,
) -> None:
    await play.taken(entry(1, message_id=message_id("match-42/17", "one")))

    (again,) = await play.taken(entry(2, message_id=message_id("match-42/17", "two")))
    (first,) = await play.taken(entry(1, message_id=message_id("match-42/17", "one")))

    assert (again.key, again.duplicate, again.differs) == (entry(1).key, True, True)
    assert (first.duplicate, first.differs) == (True, False)
    assert len(await play.outbox.listing(Listing())) == 1


async def test_one_message_id_twice_in_a_batch_decides_once(play: Play) -> None:
    twice = message_id("m", "one")

    taken = await play.taken(entry(1, message_id=twice), entry(2, message_id=twice))

    assert [result.key for result in taken] == [entry(1).key] * 2
    assert [result.duplicate for result in taken] == [False, True]


async def test_the_message_id_of_a_duplicate_feat_is_kept_too(play: Play) -> None:
    """Else its resend after midnight, under a new key, would be paid."""
    await play.taken(entry(1, message_id=message_id("m1")))
    await play.taken(entry(1, message_id=message_id("m2")))

    (resent,) = await play.taken(entry(2, message_id=message_id("m2")))

    assert (resent.key, resent.duplicate) == (entry(1).key, True)
    assert len(await play.outbox.listing(Listing())) == 1


async def test_a_duplicate_is_told_what_has_become_of_the_first(play: Play) -> None:
    await play.put(entry(1, message_id=message_id("m1")))
    await play.accept(await play.claim())

    by_id, by_key = await play.taken(entry(1, message_id=message_id("m1")), entry(1))

    assert by_id.state is State.ACCEPTED
    assert by_key.state is State.ACCEPTED


async def test_an_accepted_feat_is_never_claimed_again(play: Play) -> None:
    await play.put()
    await play.accept(await play.claim())

    await play.put()
    play.pass_horizon()

    assert not await play.claims()


async def test_a_discarded_key_stays_known(play: Play) -> None:
    key = await play.put()
    await play.outbox.decide(key, Decision.DISCARD, "olga")

    (again,) = await play.taken(entry())

    assert (again.state, again.duplicate) == (State.DISCARDED, True)
    assert not await play.claims()


async def test_players_and_campaigns_do_not_share_feats(play: Play) -> None:
    taken = await play.taken(entry(), entry(player=BOB), entry(campaign="camp_2"))

    assert [result.duplicate for result in taken] == [False] * 3


async def test_a_message_that_todays_rules_refuse_is_recalled_as_it_was_decided(play: Play) -> None:
    await play.put(entry(1, message_id=message_id("m1", "one")))
    await play.accept(await play.claim())

    same, other, unknown = await play.outbox.recall(
        [message_id("m1", "one"), message_id("m1", "two"), message_id("m2", "one")]
    )

    key = entry(1).key
    assert same == Taken(key, State.ACCEPTED, duplicate=True)
    assert other == Taken(key, State.ACCEPTED, duplicate=True, differs=True)
    assert unknown is None


async def test_recalling_remembers_nothing(play: Play) -> None:
    await play.outbox.recall([message_id("m1")])

    (taken,) = await play.taken(entry(1, message_id=message_id("m1")))

    assert not taken.duplicate
