"""`campaign-bridge run`: the daemon in the foreground."""

import asyncio
import logging
from pathlib import Path

import click

from bridge.cli.logs import log_to_stderr
from bridge.daemon import serve


@click.command("run")
@click.option("-v", "--verbose", is_flag=True, help="Log every delivery attempt as well.")
@click.pass_obj
def command(config: Path, *, verbose: bool) -> None:
    """Run the daemon until SIGTERM or Ctrl-C; SIGHUP reads the settings again."""
    log_to_stderr(logging.DEBUG if verbose else logging.INFO)
    asyncio.run(serve(config))
