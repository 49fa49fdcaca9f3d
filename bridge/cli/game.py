"""The demo's game: the sample server as a process, its tally, its chat.

In: the stage and how the match goes. Out: a match. Knows the game by its command line only.
"""

import asyncio
import json
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import Mapping
from pathlib import Path

from bridge.cli.chat import Chat
from bridge.cli.crowd import DOMAIN
from bridge.cli.stage import Stage
from bridge.errors import CommandError
from bridge.record import record

#: Seconds that the game waits after its match for the news of its payouts.
PATIENCE = 30.0


@record
class Plan:
    """How the demo goes; `kills` SIGKILLs at random instants of a match of `seconds`."""

    seed: int
    faults: Mapping[str, float]
    seconds: float = 20.0
    bots: int = 12
    kills: int = 4


class Game:
    """One match."""

    def __init__(self, stage: Stage, plan: Plan) -> None:
        self._stage = stage
        self._plan = plan
        self._log = stage.folder / "game.log"
        self.tally: Path = stage.folder / "tally.jsonl"
        self.chat = Chat(self._log)

    async def roster(self) -> list[str]:
        """Return who will play."""
        process = await asyncio.create_subprocess_exec(
            *self._command(), "--roster", stdout=PIPE, stdin=asyncio.subprocess.DEVNULL
        )
        out, _ = await process.communicate()
        return [player["player"] for player in json.loads(out)]

    async def start(self) -> Process:
        """Begin the match."""
        with self._log.open("wb") as log:
            return await asyncio.create_subprocess_exec(
                *self._command(),
                f"--http={self._stage.bridge_url}",
                f"--udp=127.0.0.1:{self._stage.udp_port}",
                f"--token-file={self._stage.folder / 'token'}",
                f"--tally={self.tally}",
                f"--seconds={self._plan.seconds}",
                "--duplicates=0.1",
                f"--link-at={DOMAIN}",
                f"--payouts={PATIENCE:g}",
                stdout=log,
                stderr=log,
            )

    async def ended(self, process: Process) -> None:
        """Wait for the end of the match; raises `CommandError` where it was a bad one."""
        code = await process.wait()
        if code != 0:
            raise CommandError(
                f"the game ended with code {code}", hint=f"Its output is in {self._log}."
            )

    def _command(self) -> list[str]:
        plan = self._plan
        return [sys.executable, "-m", "sample_game", f"--seed={plan.seed}", f"--bots={plan.bots}"]
