"""Ids, matches and times: what the memory must know."""

import pytest
from bridge_adapter_darkplaces import SPEC
from bridge_adapter_darkplaces.arena import Arena
from bridge_adapter_darkplaces.options import DarkPlacesOptions
from pydantic import ValidationError

from bridge import GameEvent, MessageRejected, RawMessage
from bridge.testing import START

ADAPTER = SPEC.adapter(DarkPlacesOptions(timezone="Europe/Berlin"))
GAME = ":gamestart:dm_aggressor:0.391969"
ZOE, BOB = ":join:1:1:127.0.0.1:Zoe", ":join:2:2:127.0.0.1:Bob"
KILL = ":kill:frag:1:2:type=7:items=7:victimitems=2"


def read(*lines: str, memory: Arena | None = None) -> list[GameEvent]:
    memory = Arena() if memory is None else memory
    found: list[GameEvent] = []
    for line in lines:
        try:
            found += ADAPTER.translate_with(RawMessage("log", line.encode(), START), memory)
        except MessageRejected:
            continue
    return found


def test_a_new_match_begins_with_unknown_ids() -> None:
    assert read(GAME, ZOE, BOB, GAME, KILL) == []


def test_a_bot_earns_nothing_and_is_counted() -> None:
    memory = Arena()

    assert read(GAME, ZOE.replace("127.0.0.1", "bot"), BOB, KILL, memory=memory) == []
    assert ADAPTER.figures(memory)["deeds_of_bots"] == 1


def test_an_address_whose_colons_were_not_replaced_names_nobody() -> None:
    memory = Arena()

    assert read(GAME, ZOE.replace("127.0.0.1", "2001:db8::1"), BOB, KILL, memory=memory) == []
    assert ADAPTER.figures(memory)["damaged_lines"] == 1


def test_a_kill_between_two_of_one_name_is_no_kill() -> None:
    assert read(GAME, ZOE, ":join:2:2:127.0.0.1:^1Zoe", KILL) == []


def test_of_two_with_one_name_neither_can_link() -> None:
    code = ":chat:1:!link ABCD-EFGH"

    assert [event.name for event in read(GAME, ZOE, code)] == ["link_code"]
    assert read(GAME, ZOE, ":join:2:2:127.0.0.1:^1Zoe", code) == []


def test_without_time_lines_there_is_no_time() -> None:
    (event,) = read(GAME, ZOE, BOB, KILL)

    assert event.occurred_at is None


def test_the_hour_that_comes_twice_goes_on() -> None:
    first, second = ":time:2026-10-25 02:50:00", ":time:2026-10-25 02:10:00"
    early, late = read(GAME, ZOE, BOB, first, KILL, second, KILL)

    assert early.occurred_at is not None
    assert late.occurred_at is not None
    assert (late.occurred_at - early.occurred_at).total_seconds() == 20 * 60


def test_a_table_in_the_middle_of_a_match_ends_nothing() -> None:
    line = ":player:see-labels:2,3,2:30:-1:1:Zoe"

    assert read(GAME, ZOE, ":status:dm_aggressor:35", line, ":end") == []
    assert [event.name for event in read(GAME, ZOE, ":scores:dm_aggressor:35", line)] == [
        "match_end"
    ]


def test_a_timezone_that_does_not_exist_is_refused() -> None:
    with pytest.raises(ValidationError, match="timezone"):
        DarkPlacesOptions(timezone="Mars/Base")


def test_a_server_that_draws_the_same_number_again_begins_another_match() -> None:
    first, second = ":time:2026-11-23 05:25:25", ":time:2026-11-23 07:25:25"
    events = read(first, GAME, ZOE, BOB, KILL, second, GAME, ZOE, BOB, KILL)

    assert [event.details["match"] for event in events] == [
        "2026-11-23T04:25:25Z dm_aggressor 0.391969",
        "2026-11-23T06:25:25Z dm_aggressor 0.391969",
    ]
