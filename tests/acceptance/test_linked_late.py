"""Two hundred players, most of them linked late and by every way: each feat is paid once."""

import asyncio
import csv
import json
import os
import random
import sys
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp

from bridge.cli.stage import until
from tests.acceptance.conftest import CODES, Theatre, effects, theatre_in
from tests.acceptance.hooks import BadRoad, bad_road
from tests.acceptance.load import Load
from tests.acceptance.test_kill import FAULTS

#: How players get linked: before they play, by hand; late, by a file; late, by a session.
AT_ONCE, BY_FILE, BY_SESSION = 80, 40, 80
MORE = 'webhook_secret_files = ["hook-secret"]\n'


@dataclass(slots=True)
class Crowd:
    """The players, their e-mail addresses, and who is linked how."""

    chance: random.Random
    players: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.players = [f"name:player {n}" for n in range(AT_ONCE + BY_FILE + BY_SESSION)]
        self.chance.shuffle(self.players)

    @property
    def at_once(self) -> Sequence[str]:
        return self.players[:AT_ONCE]

    @property
    def by_file(self) -> Sequence[str]:
        return self.players[AT_ONCE : AT_ONCE + BY_FILE]

    @property
    def by_session(self) -> Sequence[str]:
        return self.players[AT_ONCE + BY_FILE :]


def email(player: str) -> str:
    return f"{player.removeprefix('name:').replace(' ', '.')}@players.example.com"


async def user_of(theatre: Theatre, player: str) -> str:
    """Return the userRef of a player's address: the sandbox's word, not the bridge's."""
    if player not in theatre.refs:
        ref = await theatre.admin.add_user(theatre.campaign.id, email=email(player))
        theatre.refs[player] = ref
    return theatre.refs[player]


# -- the ways ---------------------------------------------------------------------------------


async def by_hand(theatre: Theatre, crowd: Crowd) -> None:
    for player in crowd.at_once:
        await user_of(theatre, player)
        await link_by_hand(theatre, player)


async def link_by_hand(theatre: Theatre, player: str) -> None:
    """Link a player as an operator's script does: again where the daemon has just been killed."""
    while True:
        with suppress(aiohttp.ClientError, TimeoutError, OSError):
            await theatre.link([player])
            return
        await asyncio.sleep(0.2)


async def by_file(theatre: Theatre, crowd: Crowd) -> None:
    """Import a CSV file by the command line; a second time, since operators do that."""
    path = theatre.stage.folder / "players.csv"
    with path.open("w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["player", "userRef"])
        for player in crowd.by_file:
            rows.writerow([player, await user_of(theatre, player)])
    for _ in range(2):
        while (code := (await run(theatre, "players", "import", str(path)))[0]) != 0:
            assert code == 1  # the daemon has just been killed
            await asyncio.sleep(0.2)


async def by_session(theatre: Theatre, player: str, chance: random.Random) -> None:
    """Ask for a link as the game does, look at the URL as the player does, approve."""
    await asyncio.sleep(chance.uniform(0, 4))
    path = f"{theatre.stage.bridge_url}/v1/players/{player}/link"
    begun: dict[str, Any] = {}
    while begun.get("url") is None:
        with suppress(aiohttp.ClientError, TimeoutError, OSError):
            async with theatre.session.post(path, json={"email": email(player)}) as answer:
                begun = await answer.json() if answer.status in {201, 202} else {}
        await asyncio.sleep(0.2)
    await asyncio.sleep(chance.uniform(0, 3))
    await approve(theatre, begun["url"].partition("session=")[2])


async def approve(theatre: Theatre, session_key: str) -> None:
    url = f"{theatre.stage.sandbox_url}/api/v1/users/link/approve"
    headers = {
        "Authorization": f"Bearer {theatre.campaign.api_key}",
        "X-Campaign-Id": theatre.campaign.id,
    }
    while True:
        with suppress(aiohttp.ClientError, TimeoutError, OSError):
            body = {"sessionKey": session_key}
            timeout = aiohttp.ClientTimeout(total=2)
            async with theatre.session.post(
                url, json=body, headers=headers, timeout=timeout
            ) as answer:
                if answer.status < 300:
                    return
        await asyncio.sleep(0.2)


async def run(theatre: Theatre, *arguments: str) -> tuple[int, str]:
    """Run a command against the daemon; return its exit code and what it printed."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "bridge",
        f"--config={theatre.stage.folder / 'config.toml'}",
        *arguments,
        stdout=asyncio.subprocess.PIPE,
        env={**os.environ, **theatre.stage.environment},
    )
    out, _ = await process.communicate()
    return process.returncode or 0, out.decode()


# -- the run ----------------------------------------------------------------------------------


@asynccontextmanager
async def playing(theatre: Theatre, crowd: Crowd) -> AsyncIterator[Load]:
    """Eight games post what players achieve, from before anybody is linked."""
    load = Load(crowd.players, CODES, random.Random(31))
    stage = theatre.stage
    token, udp = stage.secret("token"), ("127.0.0.1", stage.udp_port)
    async with asyncio.TaskGroup() as games:
        for _ in range(4):
            games.create_task(load.by_http(stage.bridge_url, token))
            games.create_task(load.by_udp(udp, token))
        yield load
        load.stopping = True


async def with_webhooks(theatre: Theatre, road: BadRoad) -> None:
    """Have the sandbox post along the bad road, and the daemon know the secret."""
    secret = await theatre.admin.set_webhook(theatre.campaign.id, road.url)
    (theatre.stage.folder / "hook-secret").write_text(f"{secret}\n")
    await theatre.daemon.kill()
    await theatre.daemon.start()


async def everybody_is_linked(theatre: Theatre, crowd: Crowd) -> Counter[str]:
    """Wait for the links; return how many came by which way."""

    async def linked() -> bool:
        return len((await theatre.get("/v1/operator/players"))["players"]) == len(crowd.players)

    await until(linked, 60, "somebody was never linked")
    ways: Counter[str] = Counter()
    for player in crowd.players:
        story = await theatre.get(f"/v1/operator/players/{player}")
        ways.update(link["via"].partition(" ")[0] for link in story["links"])
    return ways


async def confirmed_before_the_answer(theatre: Theatre, keys: Sequence[str]) -> int:
    """Return of how many entries the webhook came before the API's 202 was recorded."""
    early = 0
    for key in keys:
        receipt = await theatre.get(f"/v1/achievements/{key}")
        hooks = [seen["at"] for seen in receipt["webhooks"]]
        took = [each["at"] for each in receipt["history"] if each["outcome"] == "accepted"]
        early += bool(hooks) and (not took or min(hooks) < min(took))
    return early


async def everything_happens(theatre: Theatre, crowd: Crowd) -> Load:
    """Play while everybody gets linked, by a bad API, with a SIGKILL in the middle."""
    chance = random.Random(32)
    async with playing(theatre, crowd) as load:
        await theatre.admin.set_faults(FAULTS)
        async with asyncio.TaskGroup() as ways:
            ways.create_task(by_hand(theatre, crowd))
            ways.create_task(by_file(theatre, crowd))
            for player in crowd.by_session:
                ways.create_task(by_session(theatre, player, chance))
            await asyncio.sleep(3)
            await theatre.daemon.kill()
            await theatre.daemon.start()
    await theatre.admin.set_faults(dict.fromkeys(FAULTS, 0.0))
    return load


async def test_two_hundred_players_linked_late_by_every_way_are_paid_once(tmp_path: Path) -> None:
    crowd = Crowd(random.Random(30))
    (tmp_path / "hook-secret").write_text("not-yet\n")
    async with (
        theatre_in(tmp_path, MORE) as theatre,
        bad_road(f"{theatre.stage.bridge_url}/webhooks/oncade", random.Random(33)) as road,
    ):
        await with_webhooks(theatre, road)
        load = await everything_happens(theatre, crowd)
        ways = await everybody_is_linked(theatre, crowd)
        await theatre.all_paid(len(load.calls), 90)
        ledger, entries = await theatre.ledger(), await theatre.entries()
        for player in crowd.players:
            await user_of(theatre, player)
        code, said = await run(theatre, "reconcile", "--json")
        keys = [answer["key"] for answer in load.acknowledged.values()]
        early = await confirmed_before_the_answer(theatre, keys)

    (report,) = json.loads(said)["campaigns"]
    found = {name: len(report[name]) for name in ("lost", "duplicate", "uncertain", "unknown")}
    print(f"achieved={len(load.calls)} paid={len(ledger)} early={early} {dict(ways)} {found}")
    print(dict(road.fates))
    assert entries == {"confirmed": len(load.calls)}
    assert effects(ledger) == Counter(
        (theatre.refs[call["player"]], call["achievement"]) for call in load.calls.values()
    )
    assert (code, found) == (0, dict.fromkeys(found, 0))
    # All the ways were gone, and the road was as bad as it should be.
    assert min(ways["session"], ways["webhook"], early) > 0
    assert min(road.fates[fate] for fate in ("lost", "doubled", "late", "straight")) > 0
