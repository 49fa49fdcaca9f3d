"""The road of one source: events, memory and place are kept together, and only then adopted."""

from collections.abc import Iterable, Sequence

import pytest
from pydantic import BaseModel

from bridge.adapters.contract import AdapterSpec, RememberingAdapter
from bridge.errors import (
    BridgeError,
    IdentityTooWeak,
    MessageRejected,
    StoreFull,
    TranslationError,
)
from bridge.events import GameEvent, Identity, RawMessage, Taken
from bridge.outbox.views import Listing
from bridge.pipeline import Outcome, Speaker
from bridge.pipeline.sources import SourceRoad, open_source
from bridge.testing import START
from tests.pipeline.play import Failing, Road, pipeline_on


class Seats(BaseModel):
    """Who sits where, and how many lines were heard."""

    players: dict[str, str] = {}
    heard: int = 0


class Arena(RememberingAdapter[Seats]):
    """`join SLOT PLAYER` and `award SLOT NAME`; `bad`, `crash` and `hang` do what they say."""

    def translate_with(self, message: RawMessage, memory: Seats) -> Iterable[GameEvent]:
        memory.heard += 1
        word, *rest = message.body.decode().split()
        if word == "join":
            memory.players[rest[0]] = rest[1]
        elif word == "bad":
            raise MessageRejected("a bad line")
        elif word == "crash":
            raise ZeroDivisionError
        elif word == "hang":
            while True:
                pass
        elif word == "award" and rest[0] in memory.players:
            return [GameEvent(memory.players[rest[0]], rest[1])]
        return []

    def redact(self, message: RawMessage) -> bytes:
        return message.body.replace(b"hunter2", b"***")

    def figures(self, memory: Seats) -> dict[str, int]:
        return {"players": len(memory.players)}


SPEC = AdapterSpec("arena", "A log that names slots", Arena, memory=Seats)


async def arena(road: Road, trust: Identity = "name") -> SourceRoad:
    speaker = Speaker("arena", Arena(), trust=trust)
    return await open_source("arena", SPEC, speaker, road.pipeline, road.outbox)


def lines(*texts: str) -> list[RawMessage]:
    return [
        RawMessage("arena", text.encode(), START, position=f"p-{text}-{number}")
        for number, text in enumerate(texts)
    ]


def kinds(groups: Sequence[Sequence[Outcome]]) -> list[list[type]]:
    return [[type(outcome) for outcome in outcomes] for outcomes in groups]


async def test_each_message_sees_what_the_ones_before_it_left(road: Road) -> None:
    source = await arena(road)
    groups = await source.take(lines("join 3 name:Al", "award 3 win", "award 4 win"))

    assert kinds(groups) == [[], [Taken], []]
    assert await road.entries() == [("win", "win", "once")]


async def test_memory_and_place_are_found_again_after_a_restart(road: Road) -> None:
    await (await arena(road)).take(lines("join 3 name:Al"), '{"offset":15}')
    source = await arena(road)
    groups = await source.take(lines("award 3 win"))

    assert source.place == '{"offset":15}'
    assert kinds(groups) == [[Taken]]


async def test_a_disk_that_refuses_leaves_memory_and_place(road: Road) -> None:
    source = await arena(road)
    await source.take(lines("join 3 name:Al"), "one")
    healthy, source._pipeline = source._pipeline, pipeline_on(Failing(road.outbox, StoreFull()))
    with pytest.raises(StoreFull):
        await source.take(lines("join 3 name:Bo"), "two")
    source._pipeline = healthy
    await source.take(lines("award 3 win"))

    (view,) = await road.outbox.listing(Listing())

    assert (source.place, view.player) == ("one", "name:Al")
    assert source.figures == {"players": 1}


@pytest.mark.parametrize(("said", "error"), [("bad", MessageRejected), ("crash", TranslationError)])
async def test_a_message_that_fails_spoils_no_other_and_leaves_the_memory(
    road: Road, said: str, error: type[BridgeError]
) -> None:
    source = await arena(road)
    groups = await source.take(lines("join 3 name:Al", said, "award 3 win"))

    assert kinds(groups) == [[], [error], [Taken]]
    assert isinstance(source._memory, Seats)
    assert source._memory.heard == 2


async def test_what_an_adapter_fails_on_is_kept_aside_without_secrets(road: Road) -> None:
    await (await arena(road)).take(lines("crash hunter2"), "one")
    (kept,) = await road.outbox.asides("arena")

    assert kept.message.body == b"crash ***"
    assert kept.message.position == "p-crash hunter2-0"
    assert "ZeroDivisionError" in kept.message.error
    assert kept.adapter == "arena"


async def test_an_adapter_that_hangs_is_ended(road: Road, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bridge.adapters.fence.SECONDS", 0.05)
    source = await arena(road)
    groups = await source.take(lines("join 3 name:Al", "hang", "award 3 win"))

    assert kinds(groups) == [[], [TranslationError], [Taken]]


async def test_a_line_read_again_counts_once(road: Road) -> None:
    source = await arena(road)
    said = lines("join 3 name:Al", "award 3 win")
    await source.take(said)
    ((), (again,)) = await source.take(said)

    assert isinstance(again, Taken)
    assert again.duplicate
    assert (source.counts.entries, source.counts.duplicates) == (1, 1)


async def test_a_name_is_not_enough_where_a_platform_is_trusted(road: Road) -> None:
    source = await arena(road, trust="platform")
    groups = await source.take(
        lines("join 1 name:Al", "award 1 win", "join 2 steam:76561197960265729", "award 2 win")
    )

    assert kinds(groups) == [[], [IdentityTooWeak], [], [Taken]]
    assert source.counts.rejected == 1
    assert "name:Al" in source.counts.last_error


async def test_another_adapter_begins_with_nothing(road: Road) -> None:
    await (await arena(road)).take(lines("join 3 name:Al"), "one")
    other = AdapterSpec("other", "Another adapter", Arena, memory=Seats)
    speaker = Speaker("other", Arena())
    source = await open_source("arena", other, speaker, road.pipeline, road.outbox)

    assert kinds(await source.take(lines("award 3 win"))) == [[]]


# -- state files ----------------------------------------------------------------------------


def state(name: str, text: str) -> RawMessage:
    return RawMessage("arena", text.encode(), START, file=name)


async def test_each_state_file_has_a_memory_of_its_own(road: Road) -> None:
    source = await arena(road)
    await source.take_file(state("al.json", "join 3 name:Al"), "1")
    nothing = await source.take_file(state("bo.json", "award 3 win"), "1")
    (paid,) = await source.take_file(state("al.json", "award 3 win"), "2")

    assert list(nothing) == []
    assert isinstance(paid, Taken)
    assert await road.outbox.parts("arena") == {"al.json": "2", "bo.json": "1"}


async def test_a_baseline_is_remembered_and_pays_nothing(road: Road) -> None:
    source = await arena(road)
    await source.take_file(state("al.json", "join 3 name:Al"), "1", baseline=True)
    before = await source.take_file(state("al.json", "award 3 win"), "2", baseline=True)

    assert list(before) == []
    assert await road.entries() == []
    assert await road.outbox.parts("arena") == {"al.json": "2"}


async def test_a_half_written_state_file_leaves_everything_as_it_was(road: Road) -> None:
    source = await arena(road)
    with pytest.raises(MessageRejected):
        await source.take_file(state("al.json", "bad"), "1")

    assert await road.outbox.parts("arena") == {}


async def test_a_receipt_keeps_the_part_of_a_message_that_tells_of_it(road: Road) -> None:
    class Excerpting(Arena):
        def translate_with(self, message: RawMessage, memory: Seats) -> Iterable[GameEvent]:
            return [
                GameEvent("name:Al", "win", excerpt=b"Al hunter2 won"),
                GameEvent("name:Bo", "win"),
            ]

    spec = AdapterSpec("arena", "A log", Excerpting, memory=Seats)
    source = await open_source(
        "arena", spec, Speaker("arena", Excerpting()), road.pipeline, road.outbox
    )
    await source.take([RawMessage("arena", b"x" * 100_000, START, position="p")])
    views = await road.outbox.listing(Listing())
    raw = {view.player: (await road.outbox.receipt(view.key)).origin.raw for view in views}

    assert raw["name:Al"] == b"Al *** won"
    assert raw["name:Bo"] == b"x" * 65536
