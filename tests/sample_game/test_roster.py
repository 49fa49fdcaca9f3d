"""Who plays: valid Steam ids, the same ones for the same seed, and names that bite."""

import pytest

from sample_game.roster import FIRST_ACCOUNT, muster
from sample_game.story import printable


def test_the_same_seed_gives_the_same_players_and_another_gives_others() -> None:
    assert muster(7, 12) == muster(7, 12)
    assert not {p.id for p in muster(7, 12)} & {p.id for p in muster(8, 12)}


@pytest.mark.parametrize("bots", [2, 12, 64])
def test_every_player_has_an_individual_account_and_a_name_of_his_own(bots: int) -> None:
    players = muster(1, bots)
    accounts = [int(player.id.removeprefix("steam:")) for player in players]

    assert len(set(accounts)) == len({player.name for player in players}) == bots
    assert all(FIRST_ACCOUNT <= a < FIRST_ACCOUNT + 2**32 for a in accounts)


def test_more_bots_keep_the_players_that_fewer_had() -> None:
    assert muster(7, 64)[:5] == muster(7, 5)


def test_some_names_are_nasty() -> None:
    names = "".join(player.name for player in muster(1, 12))

    for bite in ('"', "'", "<1><STEAM_0:0:1>", "ü", "🦊", "\\", "\n"):
        assert bite in names


def test_a_printed_name_can_not_turn_or_break_a_line() -> None:
    assert printable("a\u202eb\nc\x1b[0m ü 🦊") == r"a\u202eb\nc\x1b[0m ü 🦊"
