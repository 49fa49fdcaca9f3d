"""A real server plays, its log is read: every award and kill counts, and no bot is paid."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest
from bridge_adapter_idtech3 import SPEC

from bridge.adapters.fence import remembered, stored, translate
from bridge.adapters.registry import build
from bridge.errors import BridgeError
from bridge.events import GameEvent, RawMessage
from bridge.testing import START
from tests.engines.openarena.arena import missing, openarena
from tests.engines.openarena.match import CODE, Played, play

pytestmark = pytest.mark.openarena

EVERYTHING = {"events": ["awards", "flags", "kills", "matches", "deaths"]}


@dataclass
class Read:
    """What the adapter made of the log, line by line, with its memory stored in between."""

    events: list[GameEvent] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    figures: dict[str, int] = field(default_factory=dict)

    def counts(self) -> Counter[str]:
        return Counter(event.name for event in self.events)


def read(log: bytes) -> Read:
    adapter, memory, made = build(SPEC, EVERYTHING), remembered(SPEC, None), Read()
    for line in log.splitlines():
        try:
            done = translate(adapter, RawMessage("arena", line, START), memory)
        except BridgeError as refused:
            made.refused.append(f"{line!r}: {refused}")
            continue
        assert done.memory is not None
        memory = remembered(SPEC, stored(done.memory))
        made.events.extend(done.events)
    made.figures = dict(adapter.figures(memory))  # type: ignore[attr-defined]  # it remembers
    return made


@pytest.fixture(scope="module")
def played() -> Iterator[Played]:
    if lacking := missing():
        pytest.fail(lacking)
    with openarena() as game:
        yield play(game)


def test_the_human_is_credited_with_exactly_what_the_log_says(played: Played) -> None:
    made = read(played.log)
    counts = made.counts()

    assert {event.player for event in made.events} == {f"guid:{played.guid}"}
    assert counts.pop("link_code") == 1
    assert counts == played.of_human()
    assert counts["match_end"] == 1


def test_no_bot_is_paid_and_every_deed_of_theirs_was_understood(played: Played) -> None:
    made, bots = read(played.log), played.of_bots()

    assert bots["match_end"] == 4
    assert bots["excellent"] + bots.get("impressive", 0) > 0
    assert made.figures["deeds_without_id"] == sum(bots.values())
    assert made.refused == []


def test_the_code_is_the_humans_though_names_and_chat_imitate_it(played: Played) -> None:
    (link,) = [event for event in read(played.log).events if event.name == "link_code"]

    assert link.player == f"guid:{played.guid}"
    assert link.details == {"code": CODE.removeprefix("!link ")}


def test_every_event_is_dated_and_belongs_to_the_match(played: Played) -> None:
    deeds = [event for event in read(played.log).events if event.name != "link_code"]

    assert all(event.occurred_at is not None for event in deeds)
    assert {event.details["map"] for event in deeds} == {"oa_dm1"}
    assert len({event.details["match"] for event in deeds}) == 1
