"""A declared adapter makes events of whole lines, and of nothing else."""

from datetime import UTC, datetime

import pytest

from bridge.errors import MessageRejected
from bridge.events import GameEvent, RawMessage
from bridge.testing import START, hostile_bytes, hostile_names
from tests.adapters.declared.play import ARENA, STEAM, built, one, translated

AWARD = f'[2026-11-23T18:00:00Z] ACHV player={STEAM} name="first_blood" round=3'


def test_a_line_that_fits_becomes_its_event() -> None:
    assert translated(AWARD) == [
        GameEvent(
            STEAM,
            "first_blood",
            None,
            datetime(2026, 11, 23, 18, tzinfo=UTC),
            {"round": 3, "from": "the arena"},
        )
    ]


def test_constants_and_groups_are_put_together() -> None:
    assert translated("WIN 17 76561198000000001 map=pit") == [
        GameEvent(STEAM, "match_won", "win-17", None, {"map": "pit", "ranked": True})
    ]


def test_a_group_that_took_no_part_leaves_its_detail_out() -> None:
    (event,) = translated("WIN 17 76561198000000001")

    assert event.details == {"ranked": True}


@pytest.mark.parametrize("line", [f"x {AWARD}", f"WIN 17 {STEAM}", "", "WIN", f"CHAT {AWARD}"])
def test_a_line_that_fits_in_part_only_is_idle_talk(line: str) -> None:
    assert translated(line) == []


def test_the_first_kind_that_fits_wins() -> None:
    toml = one() + '[events.other]\nline = \'.*\'\nplayer = "name:All"\nname = "said"\n'

    assert [e.name for e in translated("Al won", toml)] == ["won"]
    assert [e.name for e in translated("Al won a cup", toml)] == ["said"]


def test_a_body_of_several_lines_gives_the_events_of_all() -> None:
    assert [e.name for e in translated("Al won\r\n\r\nBo lost\n", one())] == ["won", "lost"]


def test_a_damaged_line_that_is_to_be_refused_is() -> None:
    with pytest.raises(MessageRejected, match="damaged"):
        translated(AWARD[:-3])


@pytest.mark.parametrize(
    ("toml", "line", "pointer", "said"),
    [
        (ARENA, AWARD.replace("-11-", "-13-"), "/occurred_at", "is no moment"),
        (ARENA, AWARD + "0" * 20, "/details/round", "is no number"),
        (one(line=r"'(?P<who>.*) (?P<what>\w*)'"), "Al ", "/name", "is empty"),
        (one(line=r"'(?P<who>.*) (?P<what>\w*)'"), b"Z\xff won", "/player", "is no UTF-8"),
        (one(line=r"'(?P<who>\w+)( (?P<what>\w+))?'"), "Al", "/name", "is empty"),
    ],
)
def test_a_line_that_fits_and_cannot_be_used_is_refused_with_its_place(
    toml: str, line: str | bytes, pointer: str, said: str
) -> None:
    with pytest.raises(MessageRejected, match="of \\[events\\.") as refused:
        translated(line, toml)
    (problem,) = refused.value.fields

    assert problem.pointer == pointer
    assert said in problem.detail


def test_a_hostile_line_makes_no_event() -> None:
    adapter = built()
    for name in hostile_bytes(3000, lines=[AWARD, "WIN 17 76561198000000001"]):
        for line in (b"CHAT " + name, b"[x] JOIN " + name, name + b": hello"):
            try:
                made = list(adapter.translate(RawMessage("arena", line, START)))
            except MessageRejected:
                made = []

            assert made == []


def test_a_line_that_other_engines_would_choke_on_takes_no_time() -> None:
    toml = one(line="'(?P<who>(a|aa|a*)+)(?P<what>b)'")

    assert translated("a" * 60_000 + "c", toml) == []


def test_a_hostile_name_in_its_place_is_that_players() -> None:
    toml = one(line=r"'JOIN (?P<id>\d+) (?P<who>.*)'", name='"joined"', id='"{id}"')
    for number, name in enumerate(hostile_names(3000, lines=["JOIN 3 Alice", AWARD])):
        if "\ufffd" in name:
            continue
        (event,) = translated(f"JOIN {number} {name}", toml)

        assert (event.player, event.id) == (f"name:{name}", str(number))
