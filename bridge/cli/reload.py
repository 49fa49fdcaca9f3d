"""`campaign-bridge reload`: the running daemon reads its settings again, all or nothing."""

import asyncio
from pathlib import Path
from typing import Any

import click

from bridge.cli import options
from bridge.cli.control import find_daemon_of, opened
from bridge.cli.printing import note, one_line, print_json, say
from bridge.control.views import Json
from bridge.errors import DaemonNotRunning


@click.command("reload")
@options.as_json
@click.pass_obj
def command(config: Path, *, as_json: bool) -> None:
    """Let the running daemon read its settings again; exit code 1 where it refuses.

    All of the file is put in force, or nothing: settings, rules, tokens, keys and sources. A bad
    one changes nothing; the daemon goes on with the settings before it, and readiness says so
    until the file is good again. This is what `systemctl reload` runs.
    """
    answer = asyncio.run(_reload(config))
    if as_json:
        print_json(answer)
    else:
        _print(config, answer)


async def _reload(config: Path) -> Json:
    found = await find_daemon_of(config)
    if found.socket is None:
        told = f"no campaign-bridge daemon runs with {config}"
        raise DaemonNotRunning("; ".join([told, *found.met]))
    async with opened(found.socket) as control:
        return await control.call("POST", "/v1/operator/reload", patient=True)


def _print(config: Path, answer: dict[str, Any]) -> None:
    say(f"{config} is in force")
    for what in ("added", "removed"):
        if names := answer.get(f"sources_{what}"):
            say(f"sources {what}: {', '.join(map(one_line, names))}")
    if later := answer["needs_restart"]:
        note(f"in force after a restart only: {', '.join(later)}")
