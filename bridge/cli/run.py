"""`campaign-bridge run`: the daemon in the foreground."""

import asyncio
import logging
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import click

from bridge.cli.logs import log_to_stderr
from bridge.daemon import serve
from bridge.errors import CommandError
from bridge.loading import later

if TYPE_CHECKING:
    import uvloop
else:
    uvloop = later("uvloop")


@click.command("run")
@click.option("-v", "--verbose", is_flag=True, help="Log every delivery attempt as well.")
@click.option(
    "--loop",
    type=click.Choice(["auto", "asyncio", "uvloop"]),
    default="auto",
    envvar="CAMPAIGN_BRIDGE_LOOP",
    show_default=True,
    help="What turns the daemon: uvloop where it is installed (auto), or the one named.",
)
@click.pass_obj
def command(config: Path, *, verbose: bool, loop: str) -> None:
    """Run the daemon until SIGTERM or Ctrl-C; SIGHUP reads the settings again."""
    log_to_stderr(logging.DEBUG if verbose else logging.INFO)
    fast = loop != "asyncio" and find_spec("uvloop") is not None
    if loop == "uvloop" and not fast:
        raise CommandError("uvloop is not installed", hint="pip install 'campaign-bridge[fast]'")
    with asyncio.Runner(loop_factory=uvloop.new_event_loop if fast else None) as runner:
        runner.run(serve(config))
