"""A real match is followed while it is played: what the log says of the human is what is paid."""

import asyncio

import pytest

from tests.engines.openarena.arena import missing, openarena
from tests.engines.openarena.match import play
from tests.support.road import Town, road_of

pytestmark = pytest.mark.openarena

RULES = """
[[rules]]
match = "*"
event_code = "EARN5"
repeat = "always"
[[sources]]
name = "arena"
adapter = "idtech3"
file = "{log}"
trust = "client"
options = {{ events = ["awards", "flags", "kills", "matches", "deaths"] }}
"""


async def test_engine_file_daemon_sandbox_payout(town: Town) -> None:
    if lacking := missing():
        pytest.fail(lacking)
    with openarena() as game:
        town.configure(RULES.format(log=game.log))
        async with road_of(town) as road:
            played = await asyncio.to_thread(play, game)
            deeds = sum(played.of_human().values())
            await road.settled(held=deeds)
            await road.link(f"guid:{played.guid}", "usr_1")
            paid = await town.paid(deeds)
            await road.settled(accepted=deeds)

    assert deeds >= 1
    assert [payout.user_ref for payout in paid] == ["usr_1"] * deeds
