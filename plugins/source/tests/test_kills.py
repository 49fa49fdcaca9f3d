"""Who killed whom, and what that is called."""

import pytest

ADA, CYD = "steam:76561197960266729", "steam:76561197960266928"


def kill(killer: str = "[U:1:1001]><CT", victim: str = "[U:1:1200]><TERRORIST") -> str:
    return f'"Ada<2><{killer}>" killed "Cyd<3><{victim}>" with "ak47"'


def told(events) -> list[tuple[str, str]]:
    return [(event.player, event.name) for event in events]


def test_a_kill_is_told_of_both(reader) -> None:
    killer, victim = reader.line(kill() + " (headshot)")

    assert (killer.player, killer.name, victim.player, victim.name) == (ADA, "kill", CYD, "death")
    assert killer.details == {
        "weapon": "ak47",
        "headshot": True,
        "victim": CYD,
        "team": "CT",
        "victim_team": "TERRORIST",
    }
    assert victim.details["killer"] == ADA


def test_killing_a_bot_says_so(reader) -> None:
    (event,) = reader.line(kill(victim="BOT><TERRORIST"))

    assert event.details["victim"] == "bot"


def test_killing_somebody_unproven_says_so(reader) -> None:
    (event,) = reader.line(kill(victim="STEAM_ID_PENDING><TERRORIST"))

    assert event.details["victim"] == "unknown"


def test_bots_can_be_left_out(reader_with) -> None:
    reader = reader_with(bots=False)

    assert reader.line(kill(victim="BOT><TERRORIST")) == []
    assert reader.line(kill(killer="BOT><CT")) == []
    assert told(reader.line(kill())) == [(ADA, "kill"), (CYD, "death")]


def test_killing_a_mate_is_no_kill(reader) -> None:
    assert told(reader.line(kill(victim="[U:1:1200]><CT"))) == [(ADA, "teamkill"), (CYD, "death")]


@pytest.mark.parametrize("team", ["", "Unassigned"])
def test_whoever_has_no_team_has_no_mates(reader, team: str) -> None:
    events = reader.line(kill(f"[U:1:1001]><{team}", f"[U:1:1200]><{team}"))

    assert told(events) == [(ADA, "kill"), (CYD, "death")]


def test_where_all_fight_all_mates_are_foes(reader_with) -> None:
    events = reader_with(free_for_all=True).line(kill(victim="[U:1:1200]><CT"))

    assert told(events) == [(ADA, "kill"), (CYD, "death")]


def test_killing_oneself_is_a_death(reader) -> None:
    (event,) = reader.line(
        '"Ada<2><[U:1:1001]><CT>" killed "Ada<2><[U:1:1001]><CT>" with "grenade"'
    )

    assert (event.name, event.details["cause"]) == ("death", "suicide")


def test_a_spy_who_plays_dead_is_alive(reader) -> None:
    assert reader.line(kill() + ' (customkill "feign_death") (attacker_position "1 2 3")') == []


def test_a_headshot_is_one_in_every_game(reader) -> None:
    (event, _) = reader.line(kill() + ' (customkill "headshot") (attacker_position "1 2 3")')

    assert event.details["headshot"] is True


def test_killing_a_thing_is_no_kill(reader) -> None:
    assert reader.line('"Ada<2><[U:1:1001]><CT>" killed other "prop<4>" with "ak47"') == []


def test_the_bomb_kills_without_a_killer(reader) -> None:
    (event,) = reader.line('"Ada<2><[U:1:1001]><CT>" [1 -2 3] was killed by the bomb.')

    assert (event.player, event.name, event.details["cause"]) == (ADA, "death", "bomb")


def test_helping_to_kill_a_mate_is_no_assist(reader) -> None:
    helps = '"Ada<2><[U:1:1001]><CT>" assisted killing "Cyd<3><[U:1:1200]><{}>"'

    assert reader.line(helps.format("CT")) == []
    assert told(reader.line(helps.format("TERRORIST"))) == [(ADA, "assist")]
