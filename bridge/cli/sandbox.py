"""`campaign-bridge sandbox`: a local Campaigns API."""

import asyncio
from pathlib import Path

import click

from bridge.cli import options
from bridge.sandbox.server import Sandbox, SandboxSettings, serve
from bridge.settings.files import read_secret


@click.command("sandbox")
@click.option("--host", default="127.0.0.1", show_default=True, help="A loopback address.")
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=8798,
    show_default=True,
    help="0 takes a free one.",
)
@click.option("--db", type=click.Path(path_type=Path), help="Keep it in this SQLite file.")
@options.fault
@click.option("--seed", type=int, help="Makes the faults repeat themselves.")
@click.option(
    "--admin-token-file",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Take the admin token from here; made up and printed once otherwise.",
)
@click.option("--job-delay", type=click.FloatRange(min=0), help="Seconds from a 202 to its effect.")
def command(
    *,
    host: str,
    port: int,
    db: Path | None,
    faults: dict[str, float],
    seed: int | None,
    admin_token_file: Path | None,
    job_delay: float | None,
) -> None:
    """Run a local Campaigns API: campaigns, payouts and faults, without money.

    Faults: latency (seconds), rate_limit, error_500, reset_before, reset_after, answer_lost,
    late_arrival, forget_key, redirect, html_error (probabilities from 0 to 1).
    """
    given = {
        "host": host,
        "port": port,
        "db": db,
        "faults": faults,
        "seed": seed,
        "admin_token": admin_token_file and read_secret(admin_token_file, "admin token file"),
        "job_delay": job_delay,
    }
    settings = SandboxSettings(**{k: v for k, v in given.items() if v is not None})
    made_up = admin_token_file is None

    def announce(sandbox: Sandbox) -> None:
        click.echo(f"sandbox:     {sandbox.url}")
        click.echo(f"base_url:    {sandbox.api_url}")
        if db is None:
            click.echo("database:    temporary, gone when this ends; --db FILE keeps it")
        if made_up:
            click.echo(f"admin token: {sandbox.admin_token}")

    asyncio.run(serve(settings, announce))
