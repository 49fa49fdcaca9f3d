"""Our own adapters behind the doors they are made for."""

import gzip
import json
from pathlib import Path
from typing import Any

from tests.daemon.test_sources import counted, followed, view
from tests.support.road import Road, Town, road_of, until

ALICE = "76561197960265738"
LINE = '07/17/2026 - 18:14:24.{ms} - "Alice<3><[U:1:10]><CT>" triggered "Planted_The_Bomb"\n'


# -- Counter-Strike 2 over HTTP -------------------------------------------------------------


CS2 = """
[[rules]]
match = "*"
event_code = "EARN5"
repeat = "per_id"

[[sources]]
name = "cs2"
adapter = "source"
token_file = "cs2-secret"
"""


class Cs2:
    """A server that numbers the bytes of its log and posts them with a token in the URL."""

    def __init__(self, road: Road) -> None:
        self._road = road
        self.offset = 0

    async def post(self, body: bytes, begin: int, token: str = "s3cret") -> tuple[int, Any]:
        headers = {
            "Content-Type": "text/plain",
            "X-Server-Instance-Token": "7be6ded70c65df71",
            "X-LogBytes-BeginOffset": str(begin),
            "X-LogBytes-EndOffset": str(begin + len(body)),
            "X-Timestamp": "07/17/2026 - 18:14:24.267",
            "X-Game-Map": "de_dust2",
        }
        url = f"{self._road.url}/v1/messages/cs2?token={token}"
        async with self._road._session.post(url, data=body, headers=headers) as answer:
            return answer.status, await answer.json(content_type=None)


def line(number: int) -> bytes:
    return LINE.format(ms=f"{number:03}").encode()


async def test_counter_strike_posts_resends_gaps_and_a_new_map_count_once_each(
    town: Town,
) -> None:
    (town.folder / "cs2-secret").write_text("s3cret")
    town.configure(CS2)
    async with road_of(town) as road:
        await road.link(f"steam:{ALICE}", "usr_1")
        server = Cs2(road)
        first, second = line(1) + line(2), line(3)
        answers = [
            await server.post(first, 0),
            await server.post(first, 0),  # its answer was lost
            await server.post(second, len(first)),
            await server.post(line(4), 10_000),  # something between was lost
            await server.post(line(5), 0),  # the map has changed
            await server.post(line(5), 0),
        ]
        paid = await town.paid(5)
        figures = (await view(road))["counts"]["figures"]
        stranger = await server.post(line(6), 0, "guess")

    assert [status for status, _ in answers] == [200] * 6
    assert [answer["entries"] for _, answer in answers] == [2, 0, 1, 1, 1, 0]
    assert [answer["duplicates"] for _, answer in answers] == [0, 2, 0, 0, 0, 1]
    assert {payout.user_ref for payout in paid} == {"usr_1"}
    assert (figures["gaps"], figures["gap_bytes"]) == (1, 10_000 - len(first) - len(second))
    assert (figures["resends"], figures["restarts"]) == (2, 1)
    assert stranger[0] == 401


# -- Minecraft: years of logs and advancements ----------------------------------------------


def advancements(number: int, *names: str) -> str:
    done = {
        f"minecraft:story/{name}": {"criteria": {"x": "2020-01-01 12:00:00 +0000"}, "done": True}
        for name in names
    }
    return json.dumps({**done, "DataVersion": 2227})


def uuid(number: int) -> str:
    return f"069a79f4-44e9-4726-a5be-{number:012x}"


def world_in(folder: Path, players: int) -> None:
    (folder / "logs").mkdir()
    (folder / "advancements").mkdir()
    for number in range(players):
        path = folder / "advancements" / f"{uuid(number)}.json"
        path.write_text(advancements(number, "mine_stone", "smelt_iron"))
    said = "[12:00:00] [Server thread/INFO]: Old has made the advancement [Stone Age]\n"
    for day in range(1, 29):
        name = f"2020-01-{day:02}-1.log.gz"
        (folder / "logs" / name).write_bytes(gzip.compress(said.encode() * 100))
    (folder / "logs" / "latest.log").write_text(said * 1000)


async def test_a_server_with_years_behind_it_pays_only_what_comes_now(town: Town) -> None:
    world_in(town.folder, players=200)
    town.configure(
        '\n[[rules]]\nmatch = "story/*"\nevent_code = "EARN5"\n'
        '\n[[sources]]\nname = "survival"\nadapter = "minecraft"\n'
        f'file = "{town.folder}/logs/latest.log"\n'
        f'state_files = "{town.folder}/advancements/*.json"\n'
    )
    log = town.folder / "logs" / "latest.log"
    async with road_of(town) as road:
        await followed(road)

        async def baseline() -> bool:
            return bool((await view(road))["state_files"]["files"] == 200)

        await until(baseline)
        assert await road.entries() == {}
        await road.link(f"minecraft:{uuid(7)}", "usr_1")
        await road.link(f"minecraft:{uuid(8)}", "usr_2")
        with log.open("a") as file:
            file.write(
                f"[13:00:00] [User Authenticator #1/INFO]: UUID of player New is {uuid(8)}\n"
                "[13:00:00] [Server thread/INFO]: New[/127.0.0.1:4711] logged in with entity id 7 "
                "at (0, 0, 0)\n"
                "[13:00:05] [Server thread/INFO]: New has made the advancement [Stone Age]\n"
            )
        path = town.folder / "advancements" / f"{uuid(7)}.json"
        path.write_text(advancements(7, "mine_stone", "smelt_iron", "lava_bucket"))
        paid = await town.paid(2)
        await counted(road, entries=2)

    assert {payout.user_ref for payout in paid} == {"usr_1", "usr_2"}
