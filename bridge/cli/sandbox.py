"""`campaign-bridge sandbox`: a local Campaigns API."""

import asyncio
from collections.abc import Callable
from enum import StrEnum
from pathlib import Path
from typing import Any

import click
from pydantic import ValidationError

from bridge.cli import options
from bridge.sandbox.readings import WEBHOOK_WAITS, InsufficientFunds, StartWhenActive, WhenNotActive
from bridge.sandbox.server import Sandbox, SandboxSettings, serve
from bridge.settings.files import read_secret

WAITS = ",".join(f"{wait:g}" for wait in WEBHOOK_WAITS)


def _seconds(name: str, *, more_than_none: bool = False) -> Callable[..., Any]:
    """Add an option for a setting, with the setting's own words and default."""
    kind = click.FloatRange(min=0, min_open=more_than_none)
    return _setting(name, f"{SandboxSettings.model_fields[name].default:g}", type=kind)


def _switch(name: str, words: type[StrEnum]) -> Callable[..., Any]:
    """Add an option for a setting that is one of a few words."""
    default: StrEnum = SandboxSettings.model_fields[name].default
    return _setting(name, default.value, type=click.Choice([word.value for word in words]))


def _setting(name: str, default: str, **more: Any) -> Callable[..., Any]:
    flag, said = f"--{name.replace('_', '-')}", SandboxSettings.model_fields[name].description
    return click.option(flag, default=default, show_default=True, help=said, **more)


def _waits(ctx: click.Context, param: click.Parameter, given: str | None) -> list[float] | None:
    try:
        found = None if given is None else [float(part) for part in given.split(",") if part]
    except ValueError as bad:
        raise click.BadParameter(f"write seconds, such as 1,5,30: {given}") from bad
    return found


def _checked(asked: dict[str, Any]) -> SandboxSettings:
    try:
        return SandboxSettings(**asked)
    except ValidationError as bad:
        first = bad.errors()[0]
        flag = str(first["loc"][0]).replace("_", "-")
        raise click.UsageError(f"--{flag}: {first['msg']}") from bad


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
@_seconds("job_delay")
@_switch("start_when_active", StartWhenActive)
@_switch("not_active", WhenNotActive)
@_switch("insufficient_funds", InsufficientFunds)
@_seconds("idempotency_retention")
@click.option("--store-errors", is_flag=True, help="Store refusals under their key, too.")
@_seconds("link_lifetime")
@click.option(
    "--webhook-waits",
    metavar="SECONDS,SECONDS,...",
    callback=_waits,
    help=f"Seconds until each next try of a webhook.  [default: {WAITS}]",
)
@_seconds("webhook_timeout", more_than_none=True)
@_seconds("secret_overlap")
def command(*, db: Path | None, admin_token_file: Path | None, **given: Any) -> None:
    """Run a local Campaigns API: campaigns, payouts and faults, without money.

    Faults: latency (seconds), rate_limit, error_500, reset_before, reset_after, answer_lost,
    late_arrival, forget_key, payout_fails, redirect, html_error (probabilities from 0 to 1).
    """
    token = admin_token_file and read_secret(admin_token_file, "admin token file")
    asked = {**given, "db": db, "admin_token": token}
    settings = _checked({name: value for name, value in asked.items() if value is not None})
    made_up = admin_token_file is None

    def announce(sandbox: Sandbox) -> None:
        click.echo(f"sandbox:     {sandbox.url}")
        click.echo(f"base_url:    {sandbox.api_url}")
        click.echo(f"dashboard:   {sandbox.sign_in_url}  (signs in once)")
        if db is None:
            click.echo("database:    temporary, gone when this ends; --db FILE keeps it")
        if made_up:
            click.echo(f"admin token: {sandbox.admin_token}")

    asyncio.run(serve(settings, announce))
