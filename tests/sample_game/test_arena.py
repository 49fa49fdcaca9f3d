"""The arena: pure, repeatable, and a game in which everything happens."""

import ast
import sys
from pathlib import Path
from random import Random

import sample_game
from sample_game.arena import (
    Arena,
    Capture,
    Happening,
    Kill,
    MatchOver,
    RoundOver,
    Team,
    new_arena,
    step,
)

SOURCE = Path(sample_game.__file__).parent


def play(seed: int, bots: int = 12, length: int = 400) -> tuple[list[Arena], list[Happening]]:
    arena, chance = new_arena(bots, length), Random(seed)
    arenas = [arena]
    happenings: list[Happening] = []
    while not arena.over:
        arena, new = step(arena, chance)
        arenas.append(arena)
        happenings += new
    return arenas, happenings


def imports(path: Path) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {name.name.split(".")[0] for name in node.names}
        elif isinstance(node, ast.ImportFrom):
            found.add(str(node.module).split(".")[0])
    return found


def test_the_same_seed_gives_the_same_match() -> None:
    assert play(7) == play(7)


def test_another_seed_gives_another_match() -> None:
    assert play(7)[1] != play(8)[1]


def test_a_step_from_the_same_arena_with_the_same_chance_gives_the_same() -> None:
    arena = play(3, length=50)[0][30]
    before = repr(arena)

    first = step(arena, Random(1))
    second = step(arena, Random(1))

    assert first == second
    assert repr(arena) == before


def test_a_step_leaves_the_global_source_of_chance_alone() -> None:
    import random  # noqa: PLC0415 (only this test looks at the module's own state)

    before = random.getstate()
    play(1, length=20)

    assert random.getstate() == before


def test_the_arena_imports_neither_clock_nor_network_nor_files() -> None:
    assert imports(SOURCE / "arena.py") == {"dataclasses", "enum", "random"}


def test_the_game_needs_only_the_standard_library_and_knows_nothing_of_bridge() -> None:
    used = set().union(*(imports(path) for path in SOURCE.glob("*.py")))

    assert used - {"sample_game"} <= sys.stdlib_module_names


def test_a_match_ends_once_and_last() -> None:
    happenings = play(7)[1]

    assert [h for h in happenings if isinstance(h, MatchOver)] == happenings[-1:]


def test_rounds_are_numbered_and_the_last_score_is_what_they_gave() -> None:
    happenings = play(7)[1]
    rounds = [h for h in happenings if isinstance(h, RoundOver)]
    won = [sum(r.winner is team for r in rounds) for team in Team]
    winner = None if won[0] == won[1] else Team(won.index(max(won)))

    assert [r.round for r in rounds] == list(range(1, len(rounds) + 1))
    assert happenings[-1] == MatchOver(winner, (won[0], won[1]))


def test_a_team_never_has_two_flags_and_the_dead_never_have_one() -> None:
    for arena in play(5)[0]:
        carriers = [bot for bot in arena.bots if bot.carries]

        assert len({bot.team for bot in carriers}) == len(carriers)
        assert all(bot.alive for bot in carriers)


def test_nobody_kills_his_own_team_or_is_killed_twice_before_coming_back() -> None:
    arena, chance = new_arena(12, 400), Random(2)
    while not arena.over:
        dead = {bot.number for bot in arena.bots if not bot.alive and bot.back_at != arena.tick + 1}
        arena, happenings = step(arena, chance)
        kills = [h for h in happenings if isinstance(h, Kill)]
        victims = [kill.victim for kill in kills]

        assert all(kill.killer % 2 != kill.victim % 2 for kill in kills)
        assert len(set(victims)) == len(victims)
        assert not dead & set(victims)


def test_flags_are_captured_in_every_usual_match() -> None:
    for seed in range(20):
        assert any(isinstance(h, Capture) for h in play(seed)[1]), seed
