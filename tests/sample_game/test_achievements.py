"""From happenings to deeds: which ones, whose, and with which id."""

from collections import Counter
from datetime import UTC, datetime
from random import Random

import pytest

from sample_game.achievements import ACHIEVEMENTS, Deed, Referee
from sample_game.arena import Capture, Kill, MatchOver, RoundOver, Team, new_arena, step
from sample_game.roster import muster

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
PLAYERS = muster(7, 6)


def referee(match_id: str = "match") -> Referee:
    return Referee(match_id, PLAYERS, lambda: NOON)


def names(deeds: list[Deed]) -> list[str]:
    return [deed.achievement for deed in deeds]


def deeds_of_a_match(seed: int, match_id: str) -> list[Deed]:
    players = muster(seed, 12)
    judge = Referee(match_id, players, lambda: NOON)
    arena, chance, deeds = new_arena(12, 400), Random(seed), []
    while not arena.over:
        arena, happenings = step(arena, chance)
        for happening in happenings:
            deeds += judge.deeds(happening)
    return deeds


def test_the_first_kill_is_first_blood_and_the_second_is_not() -> None:
    judge = referee()

    assert names(judge.deeds(Kill(0, 1, False))) == ["frag", "first_blood"]
    assert names(judge.deeds(Kill(1, 2, False))) == ["frag"]


def test_each_fifth_kill_without_dying_is_a_streak() -> None:
    judge = referee()
    given = [names(judge.deeds(Kill(0, 1 + 2 * (n % 3), False))) for n in range(10)]

    assert [n + 1 for n, some in enumerate(given) if "kill_streak_5" in some] == [5, 10]


def test_death_ends_a_streak() -> None:
    judge = referee()
    for _ in range(4):
        judge.deeds(Kill(0, 1, False))
    judge.deeds(Kill(3, 0, False))

    assert "kill_streak_5" not in names(judge.deeds(Kill(0, 1, False)))


def test_a_kill_after_three_deaths_in_a_row_is_a_comeback() -> None:
    judge = referee()
    for _ in range(3):
        judge.deeds(Kill(1, 0, False))

    assert "comeback" in names(judge.deeds(Kill(0, 1, False)))
    assert "comeback" not in names(judge.deeds(Kill(0, 1, False)))


def test_a_capture_belongs_to_the_one_who_brought_the_flag_home() -> None:
    (deed,) = referee().deeds(Capture(3, (0, 1)))

    assert (deed.player, deed.achievement) == (PLAYERS[3].id, "flag_capture")


def test_a_won_match_is_an_achievement_of_the_whole_team() -> None:
    deeds = referee().deeds(MatchOver(Team.BLUE, (1, 2)))

    assert [deed.player for deed in deeds] == [PLAYERS[n].id for n in (1, 3, 5)]


@pytest.mark.parametrize("happening", [RoundOver(1, Team.RED), MatchOver(None, (1, 1))])
def test_a_round_or_a_draw_is_no_achievement(happening: RoundOver | MatchOver) -> None:
    assert referee().deeds(happening) == []


def test_a_deed_says_when_it_happened_with_its_offset() -> None:
    (deed, _) = referee().deeds(Kill(0, 1, False))

    assert datetime.fromisoformat(deed.occurred_at) == NOON
    assert deed.occurred_at.endswith("+00:00")


def test_the_same_seed_gives_the_same_deeds_but_for_the_match_id() -> None:
    one, other = deeds_of_a_match(7, "one"), deeds_of_a_match(7, "other")

    assert [deed.id.replace("one/", "other/") for deed in one] == [deed.id for deed in other]
    assert [d.message() | {"id": ""} for d in one] == [d.message() | {"id": ""} for d in other]


def test_no_id_is_used_twice() -> None:
    ids = Counter(deed.id for deed in deeds_of_a_match(7, "match"))

    assert set(ids.values()) == {1}
    assert list(ids) == [f"match/{n}" for n in range(1, len(ids) + 1)]


def test_a_usual_match_gives_100_to_300_achievements_of_known_names() -> None:
    seen: set[str] = set()
    for seed in range(20):
        deeds = deeds_of_a_match(seed, "match")
        seen |= set(names(deeds))

        assert 100 <= len(deeds) <= 300, seed
    assert seen == set(ACHIEVEMENTS)
