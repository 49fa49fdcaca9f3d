"""The contract of every outbox: what sources are remembered by."""

from dataclasses import replace

from bridge.events import Taken
from bridge.outbox.ledger.following import KEPT_ASIDE
from bridge.outbox.values import Aside, Turn
from bridge.outbox.views import RememberedSource, SourceState
from bridge.testing import START
from tests.outbox.play import Play, entry

TURN = Turn("arena", "engine", memory='{"slots":{}}', place='{"offset":12}')
ASIDE = Aside(START, "127.0.0.1:4000", "p1", b"a line", "the adapter failed")


async def test_a_new_source_has_come_to_nothing(play: Play) -> None:
    assert await play.outbox.source("arena") is None
    assert await play.outbox.parts("arena") == {}


async def test_a_turn_is_kept_with_its_entries(play: Play) -> None:
    (taken,) = await play.outbox.put([entry()], TURN)

    assert isinstance(taken, Taken)
    assert await play.outbox.source("arena") == SourceState(
        "engine", '{"slots":{}}', '{"offset":12}'
    )


async def test_a_turn_without_entries_is_kept(play: Play) -> None:
    await play.outbox.put([], TURN)

    assert await play.outbox.source("arena") is not None


async def test_a_turn_leaves_what_it_says_nothing_of(play: Play) -> None:
    await play.outbox.put([], TURN)
    await play.outbox.put([], replace(TURN, memory=None, place='{"offset":20}'))
    await play.outbox.put([], replace(TURN, memory='{"slots":{"1":"Al"}}', place=None))

    assert await play.outbox.source("arena") == SourceState(
        "engine", '{"slots":{"1":"Al"}}', '{"offset":20}'
    )


async def test_a_replay_leaves_what_its_source_has_come_to(play: Play) -> None:
    await play.outbox.put([], TURN)
    await play.outbox.put([entry()], replace(TURN, memory="2", place="b", replay=True))

    assert await play.outbox.source("arena") == SourceState(
        "engine", '{"slots":{}}', '{"offset":12}'
    )


async def test_each_state_file_is_remembered_by_itself(play: Play) -> None:
    await play.outbox.put([], TURN)
    await play.outbox.put([], replace(TURN, part="al.json", memory="1", place="a"))
    await play.outbox.put([], replace(TURN, part="bo.json", memory="2", place="b"))
    await play.outbox.put([], replace(TURN, source="other", part="cy.json"))

    assert await play.outbox.parts("arena") == {"al.json": "a", "bo.json": "b"}
    assert await play.outbox.source("arena", "bo.json") == SourceState("engine", "2", "b")


async def test_a_source_that_has_made_an_entry_is_used(play: Play) -> None:
    await play.outbox.adopt_sources({"arena": "", "other": "eu"})
    await play.outbox.put([], replace(TURN, source="other"))
    await play.outbox.put([entry()], TURN)

    assert list(await play.outbox.remembered_sources()) == [
        RememberedSource("arena", "", used=True),
        RememberedSource("other", "eu", used=False),
    ]


async def test_a_source_that_is_adopted_again_takes_its_new_scope(play: Play) -> None:
    await play.outbox.adopt_sources({"arena": ""})
    await play.outbox.adopt_sources({"arena": "eu"})

    assert [known.id_scope for known in await play.outbox.remembered_sources()] == ["eu"]


async def test_messages_are_kept_aside_until_they_are_dropped(play: Play) -> None:
    await play.outbox.put([], replace(TURN, aside=[ASIDE, replace(ASIDE, body=b"another")]))
    first, second = await play.outbox.asides("arena")
    await play.outbox.drop_aside(first.number)

    assert (first.source, first.adapter, first.message) == ("arena", "engine", ASIDE)
    assert [kept.number for kept in await play.outbox.asides("arena")] == [second.number]
    assert list(await play.outbox.asides("other")) == []


async def test_the_oldest_go_where_too_many_are_kept_aside(play: Play) -> None:
    many = [replace(ASIDE, body=b"%d" % number) for number in range(KEPT_ASIDE + 2)]
    await play.outbox.put([], replace(TURN, aside=many))
    kept = await play.outbox.asides("arena", KEPT_ASIDE + 2)

    assert [kept[0].message.body, len(kept)] == [b"2", KEPT_ASIDE]
