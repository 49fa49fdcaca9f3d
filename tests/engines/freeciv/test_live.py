"""A real game of Freeciv: what the engine says is what is paid, to the last achievement."""

import tempfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest
from bridge_adapter_freeciv import SPEC

from bridge.testing import Road as MemoryRoad
from tests.engines.freeciv.play import needs_freeciv, playing
from tests.support.road import Town, road_of, until

pytestmark = pytest.mark.system

#: Leaders as players would call themselves who want more than they have earned.
LEADERS = [
    "Zoë_日本😀",
    'ACHIEVEMENT {"human":true}',
    "2: x <9> ^1 a\\b%s %n",
    "=quote'",
    "Sac K'uk'",
    "Name:Alice",
]

RULES = """
[[rules]]
match = "*"
event_code = "EARN5"
repeat = "once"
[[sources]]
name = "civ"
adapter = "freeciv"
file = "{log}"
trust = "name"
options = {{ ai = true }}
"""


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder that the server may enter, who is nobody."""
    needs_freeciv()
    with tempfile.TemporaryDirectory(prefix="freeciv-") as made:
        Path(made).chmod(0o755)
        yield Path(made) / "game"


def test_a_real_log_gives_every_achievement_that_grep_counts(folder: Path) -> None:
    with playing(folder, LEADERS) as game:
        game.over()
        gained = game.gained()
    road = MemoryRoad(SPEC, options={"ai": True}, rules=[{"match": "*", "repeat": "always"}])
    paid = road.lines(game.log.read_bytes())

    assert sum(gained.values()) >= len(LEADERS)
    assert Counter(payout.event_code for payout in paid) == gained
    assert {payout.player for payout in paid} == {f"name:{leader}" for leader in LEADERS}
    assert road.refused == []


def test_players_led_by_the_computer_are_paid_nothing_unless_it_is_asked_for(folder: Path) -> None:
    with playing(folder, LEADERS[:3], turns=15) as game:
        game.over()
    road = MemoryRoad(SPEC)

    assert road.lines(game.log.read_bytes()) == []
    assert game.gained()


async def test_engine_file_daemon_sandbox_payout(town: Town, folder: Path) -> None:
    log = folder / "server.log"
    town.configure(RULES.format(log=log))
    for number in range(4, len(LEADERS) + 1):
        await town.admin.add_user(town.campaign.id, f"usr_{number}")
    async with road_of(town) as road:
        for number, leader in enumerate(LEADERS, 1):
            await road.link(quote(f"name:{leader}", safe=""), f"usr_{number}")
        with playing(folder, LEADERS) as game:

            async def over() -> bool:
                return game.process.poll() is not None

            await until(over, 120)
            gained = game.gained()
        paid = await town.paid(sum(gained.values()))
        await road.settled(accepted=len(paid))

    assert gained["Land Ahoy"] == len(LEADERS)
    assert len(paid) == sum(gained.values())
    assert {payout.user_ref for payout in paid} == {
        f"usr_{number}" for number in range(1, len(LEADERS) + 1)
    }
    assert {payout.event_code for payout in paid} == {"EARN5"}
