"""A log that is written at full speed, rotated in every way, under a daemon that is killed."""

import asyncio
import random
from collections import Counter
from pathlib import Path
from typing import Any

from bridge.cli.stage import until
from bridge.intake.files.archives import opened
from tests.acceptance.conftest import KILLS, Theatre, theatre_in
from tests.acceptance.test_kill import kill_at_random
from tests.cli.play import run_apart
from tests.intake.files.play import ROTATIONS, Writer

#: Fifty rotations with the gate's twenty SIGKILLs.
TURNS = KILLS * 5 // 2

ADAPTER = """
description = "A game whose every fourth line is an award"
identity = "name"

[events.award]
line = '(?P<number>\\d+) AWARD (?P<player>\\w+)'
name = "frag"
player = "name:{player}"
"""

SOURCE = """
[[rules]]
match = "*"
repeat = "always"

[[sources]]
name = "arena"
adapter = "arena"
trust = "name"
file = "logs/game.log"
"""


class Game(Writer):
    """A game that writes lines which tell what they are."""

    def line(self, number: int) -> str:
        return f"{number} AWARD p{number % 7}" if number % 4 == 0 else f"{number} said something"

    @property
    def awards(self) -> int:
        return sum("AWARD" in line for line in self.written)


async def held(theatre: Theatre) -> int:
    return (await theatre.entries()).get("held", 0)


async def caught_up(theatre: Theatre, game: Game, seconds: float = 120) -> None:
    """Wait until every award that was written is an entry."""

    async def done() -> bool:
        try:
            return await held(theatre) == game.awards
        except OSError:  # it is being killed at this moment
            return False

    await until(done, seconds, "not every line was counted")


async def rotate_at_full_speed(theatre: Theatre, game: Game, chance: random.Random) -> Counter[str]:
    """Write and rotate; delete a log only once it was read, for nobody could read it later."""
    done: Counter[str] = Counter()
    for _ in range(TURNS):
        await asyncio.to_thread(game.write, chance.randrange(1, 2500))
        kind = chance.choice([*ROTATIONS, "delete"])
        done[kind] += 1
        if kind == "delete":
            await caught_up(theatre, game)
            game.path.unlink()
        else:
            await asyncio.to_thread(ROTATIONS[kind], game)
        await asyncio.sleep(chance.random() * 0.1)
    return done


async def test_each_line_counts_once_and_replays_find_nothing_new(tmp_path: Path) -> None:
    logs, plugins = tmp_path / "logs", tmp_path / "plugins"
    logs.mkdir()
    plugins.mkdir(mode=0o700)
    (plugins / "arena.toml").write_text(ADAPTER)
    (plugins / "arena.toml").chmod(0o600)
    game = Game(logs / "game.log")
    game.path.touch()
    chance = random.Random(7)
    async with theatre_in(tmp_path, SOURCE) as theatre:
        await until(lambda: begun(theatre), 20, "the log is not followed")
        async with asyncio.TaskGroup() as tasks:
            rotating = tasks.create_task(rotate_at_full_speed(theatre, game, chance))
            tasks.create_task(kill_at_random([theatre.daemon], KILLS, random.Random(8)))
        game.write(4)
        await caught_up(theatre, game)
        await replay_all(theatre, logs)

        assert await held(theatre) == game.awards
    print(
        f"{len(game.written)} lines, {game.awards} awards, {KILLS} kills, rotations: "
        f"{dict(rotating.result())}"
    )


async def begun(theatre: Theatre) -> bool:
    (source,) = (await theatre.status())["sources"]
    return source["following"]["file"] is not None


async def replay_all(theatre: Theatre, logs: Path) -> None:
    """Read every file that is left again, compressed or not: nothing is new."""
    for number, log in enumerate(await asyncio.to_thread(lambda: sorted(logs.iterdir()))):
        # The command for some of them, what it calls for all: starting it takes a second.
        replayed = await (by_command if number % 10 == 0 else by_call)(theatre, log)

        assert replayed["entries"] == 0
        assert replayed["rejected"] == 0


async def by_command(theatre: Theatre, log: Path) -> dict[str, Any]:
    config = f"--config={theatre.stage.folder / 'config.toml'}"
    arguments = (config, "replay", "arena", str(log), "--yes", "--json")
    environment = theatre.stage.environment
    ran = await asyncio.to_thread(lambda: run_apart(*arguments, env=environment))
    assert ran.code == 0, ran.err
    found: dict[str, Any] = ran.json
    return found


async def by_call(theatre: Theatre, log: Path) -> dict[str, Any]:
    with opened(log) as stream:
        body = stream.read()
    url = f"{theatre.stage.bridge_url}/v1/operator/sources/arena/replay"
    async with theatre.session.post(url, data=body) as answer:
        assert answer.status == 200, await answer.text()
        found: dict[str, Any] = await answer.json()
        return found
