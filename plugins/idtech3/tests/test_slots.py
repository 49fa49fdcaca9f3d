"""Slots, matches and times: what the memory must know."""

import pytest
from bridge_adapter_idtech3 import SPEC
from bridge_adapter_idtech3.arena import Arena
from bridge_adapter_idtech3.options import IdTech3Options
from pydantic import ValidationError

from bridge import GameEvent, MessageRejected, RawMessage
from bridge.testing import START

ADAPTER = SPEC.adapter(IdTech3Options())
ZOE = "CE86A5EAB66B239F9D7818A3FF535FBA"
BOB = "0123456789ABCDEF0123456789ABCDEF"
INIT = r"  0:00 InitGame: \mapname\oa_dm1\g_timestamp\2026-11-23 05:18:44"
UNDATED = r"  0:00 InitGame: \mapname\q3dm17"
AWARD = "  0:09 Award: 0 1: Zoe gained the EXCELLENT award!"


def sit(slot: int, name: str, guid: str, team: int = 0) -> str:
    return (
        rf"  0:01 ClientUserinfoChanged: {slot} n\{name}\t\{team}\model\james\tt\0\tl\0\id\{guid}"
    )


def read(*lines: str, memory: Arena | None = None) -> list[GameEvent]:
    memory = Arena() if memory is None else memory
    found: list[GameEvent] = []
    for number, line in enumerate(lines):
        message = RawMessage("log", line.encode(), START, position=f"{number:064x}")
        try:
            found += ADAPTER.translate_with(message, memory)
        except MessageRejected:
            continue
    return found


def test_a_bot_earns_nothing_and_is_counted() -> None:
    memory = Arena()

    assert read(INIT, sit(0, "Zoe", ""), AWARD, AWARD, memory=memory) == []
    assert ADAPTER.figures(memory)["deeds_without_id"] == 2


def test_an_id_that_is_no_guid_earns_nothing() -> None:
    for odd in ("NOGUID", ZOE[:-1], ZOE + "0", "x" * 32, "0" * 31 + "g"):
        assert read(INIT, sit(0, "Zoe", odd), AWARD) == []


def test_who_left_earns_nothing_and_who_took_the_slot_does() -> None:
    taken = sit(0, "Zoe", BOB)

    assert read(INIT, sit(0, "Zoe", ZOE), "  0:02 ClientDisconnect: 0", AWARD) == []
    (event,) = read(INIT, sit(0, "Zoe", ZOE), "  0:02 ClientDisconnect: 0", taken, AWARD)
    assert event.player == f"guid:{BOB.lower()}"


def test_a_new_match_begins_with_empty_slots() -> None:
    assert read(INIT, sit(0, "Zoe", ZOE), INIT, AWARD) == []
    assert read(INIT, sit(0, "Zoe", ZOE), "  0:05 ShutdownGame:", AWARD) == []


def test_a_log_joined_in_the_middle_knows_who_is_named_later_but_no_match() -> None:
    (event,) = read(AWARD, sit(0, "Zoe", ZOE), AWARD)

    assert "match" not in event.details
    assert event.occurred_at is None


def test_an_undated_match_is_named_by_its_place_in_the_log() -> None:
    (event,) = read(UNDATED, sit(0, "Zoe", ZOE), AWARD)
    (later,) = read("", UNDATED, sit(0, "Zoe", ZOE), AWARD)

    assert event.occurred_at is None
    assert event.details["match"] == "0000000000000000 q3dm17"
    assert later.id is None


def test_a_match_in_a_damaged_log_has_no_old_date() -> None:
    (event,) = read(INIT, "  0:05 ShutdownGame:", sit(0, "Zoe", ZOE), AWARD)

    assert event.occurred_at is None


def test_a_restarted_map_goes_on_counting_and_its_times_are_right() -> None:
    restart = INIT.replace("  0:00", "  0:20").replace("05:18:44", "05:19:03")
    award = AWARD.replace("  0:09", "  0:26")

    (event,) = read(INIT, restart, sit(0, "Zoe", ZOE), award)
    assert event.occurred_at is not None
    assert event.occurred_at.isoformat() == "2026-11-23T05:19:09+00:00"


def test_a_kill_of_oneself_in_two_slots_is_no_kill() -> None:
    kill = "  0:03 Kill: 0 1 10: Zoe killed Zoe2 by MOD_RAILGUN"

    assert read(INIT, sit(0, "Zoe", ZOE), sit(1, "Zoe2", ZOE), kill) == []


def test_colours_in_the_prose_do_not_matter() -> None:
    (event,) = read(INIT, sit(0, "^1Z^2oe", ZOE), AWARD)

    assert event.name == "excellent"


def test_who_is_alone_or_shares_the_first_place_has_not_won() -> None:
    first, second = (f"  0:20 score: 7  ping: 9  client: {n} {n}" for n in (0, 1))
    seats = (INIT, sit(0, "0", ZOE), sit(1, "1", BOB), "  0:20 Exit: Timelimit hit.")

    assert [event.name for event in read(*seats, first)] == ["match_end"]
    assert [event.name for event in read(*seats, first, second)] == ["match_end", "match_end"]


def test_scores_before_the_end_of_a_match_say_nothing() -> None:
    assert read(INIT, sit(0, "0", ZOE), "  0:20 score: 7  ping: 9  client: 0 0") == []


@pytest.mark.parametrize("name", ["Mars/Base", "", "../etc", "/etc/localtime", "a\0b"])
def test_a_timezone_that_does_not_exist_is_refused(name: str) -> None:
    with pytest.raises(ValidationError, match="timezone"):
        IdTech3Options(timezone=name)


def test_two_lines_of_seats_that_grew_together_seat_nobody() -> None:
    zoe, bob = sit(0, "Zoe", ZOE), sit(3, "Bob", BOB)

    for cut in range(len(zoe) + 1):
        paid = {event.player for event in read(INIT, zoe[:cut] + bob, AWARD)}

        assert paid == set(), zoe[:cut]
