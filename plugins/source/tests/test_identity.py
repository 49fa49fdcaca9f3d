"""Every form of a SteamID is one player; bots, the console and the unproven are nobody."""

import pytest


@pytest.mark.parametrize(
    "auth", ["STEAM_0:1:500", "STEAM_1:1:500", "[U:1:1001]", "76561197960266729"]
)
def test_every_form_is_the_same_player(reader, auth: str) -> None:
    (event,) = reader.line(f'"Ada<2><{auth}><CT>" triggered "achievement_win"')

    assert event.player == "steam:76561197960266729"


@pytest.mark.parametrize(
    "auth",
    [
        "BOT", "ID_BOT", "Console", "HLTV", "STEAM_ID_PENDING", "STEAM_ID_LAN", "VALVE_ID_LAN",
        "UNKNOWN", "unknown", "0", "[U:1:0]", "STEAM_0:0:0", "STEAM_0:2:5", "STEAM_9:1:5",
        "[A:1:677041509:50561]", "[G:1:4]", "[U:0:5]", "[U:1:4294967296]", "76561197960265728",
        "76561202255233024", "STEAM_0:1:9999999999", "[U:1:\u0661]",
        "steam:76561197960266729", " ",
    ],
)  # fmt: skip
def test_whoever_has_no_account_earns_nothing(reader, auth: str) -> None:
    assert reader.line(f'"Ada<2><{auth}><CT>" triggered "achievement_win"') == []


@pytest.mark.parametrize("token", ['"Console<0>"', '"Ada<2>"', '"Ada<2><[U:1:1001]>"', '"Ada"'])
def test_a_player_needs_all_three_brackets(reader, token: str) -> None:
    assert reader.line(f'{token} triggered "achievement_win"') == []


def test_an_empty_team_is_a_team(reader) -> None:
    (event,) = reader.line('"Ada<2><[U:1:1001]><>" triggered "achievement_win"')

    assert event.details == {}
