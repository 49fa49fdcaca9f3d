"""The recipes of `docs/rules.md`, run as they stand there."""

import json
import re
from pathlib import Path

import pytest

from bridge.adapters.builtin import JsonAdapter
from bridge.adapters.contract import AdapterSpec
from bridge.testing import START, FakeClock, Road

PAGE = (Path(__file__).parents[2] / "docs" / "rules.md").read_text(encoding="utf-8")
RECIPES = re.findall(r"^```toml\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
SPEC = AdapterSpec("json", "JSON", JsonAdapter)


class Game:
    """A game under one recipe."""

    def __init__(self, recipe: str) -> None:
        self.clock = FakeClock(START)
        self.road = Road(SPEC, rules=recipe, clock=self.clock)
        self._sent = 0

    def plays(self, *deeds: str, player: str = "steam:76561198000000001", **details: object) -> int:
        """Let a player do something, each deed with an id of its own; return the payouts."""
        paid = 0
        for name in deeds:
            self._sent += 1
            said = {"player": player, "achievement": name, "id": str(self._sent)}
            paid += len(self.road.message(json.dumps(said | {"details": details}).encode()))
        assert self.road.refused == []
        return paid


def recipe(code: str) -> Game:
    (text,) = [text for text in RECIPES if f'"{code}"' in text]
    return Game(text)


def test_the_page_has_a_recipe_for_each_kind_of_counting() -> None:
    assert len(RECIPES) == 6


def test_the_first_rule_that_fits_wins() -> None:
    game = recipe("RANKED_WIN")
    game.plays("win", mode="ranked", team={"size": 2})
    game.plays("win", mode="ranked", team={"size": 5})

    assert [payout.event_code for payout in game.road.payouts] == ["RANKED_WIN", "WIN"]


def test_ten_wins() -> None:
    game = recipe("TEN_WINS")

    assert [game.plays("win") for _ in range(21)] == [0] * 9 + [1] + [0] * 9 + [1, 0]


def test_five_kills_without_dying() -> None:
    game = recipe("STREAK")
    kills = ["kill"] * 4

    assert game.plays(*kills, "death", *kills, match="m1") == 0
    assert game.plays("kill", match="m2") == 0
    assert game.plays("kill", match="m1") == 1


def test_the_first_kill_of_a_match() -> None:
    game = recipe("FIRST_BLOOD")
    other = "steam:76561198000000002"

    assert game.plays("kill", match="m1") == 1
    assert game.plays("kill", match="m1", player=other) == 0
    assert game.plays("kill", match="m2", player=other) == 1


def test_a_flag_once_a_match() -> None:
    game = recipe("FLAG")

    assert game.plays("flag", "flag", match="m1") == 1
    assert game.plays("flag", match="m1", player="steam:76561198000000002") == 1
    assert game.plays("flag", match="m2") == 1


@pytest.mark.parametrize(("seconds", "paid"), [(599, 0), (600, 1)])
def test_a_supply_drop_in_ten_minutes(seconds: int, paid: int) -> None:
    game = recipe("SUPPLY")
    assert game.plays("supply") == 1
    game.clock.advance(seconds)

    assert game.plays("supply") == paid
