"""The command line that an operator uses, as a process of its own.

In: a stage and words. Out: what it said, and how long it took. Knows no command by name.
"""

import asyncio
import os
import subprocess
import sys
import time
from dataclasses import dataclass

from bridge.cli.stage import Stage
from bridge.errors import CommandError

#: Seconds that a command gets: `outbox check` of ten million entries is the longest.
LIMIT = 900.0


@dataclass(frozen=True, slots=True)
class Said:
    """What a command printed on its standard output, and the seconds from its start to its end."""

    text: str
    seconds: float


async def command(stage: Stage, *words: str) -> Said:
    """Run `campaign-bridge` with the stage's configuration.

    Raises:
        CommandError: it refused or failed; its own words say why.
    """
    return await asyncio.to_thread(_run, stage, words)


def _run(stage: Stage, words: tuple[str, ...]) -> Said:
    begun = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-m", "bridge", f"--config={stage.folder / 'config.toml'}", *words],
        capture_output=True,
        stdin=subprocess.DEVNULL,
        env={**os.environ, **stage.environment},
        timeout=LIMIT,
        check=False,
    )
    taken = time.perf_counter() - begun
    if done.returncode != 0:
        told = (done.stderr or done.stdout).decode(errors="replace").strip()[-500:]
        raise CommandError(
            f"`{' '.join(words)}` ended with {done.returncode}: {told}",
            hint=f"Run it by hand with the configuration in {stage.folder}.",
        )
    return Said(done.stdout.decode(), taken)
