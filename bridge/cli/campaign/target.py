"""Which campaign on which host, with which key: from the configuration, or wholly from options.

In: the options that every command of the group has. Out: a target whose calls can be opened.
"""

import asyncio
import functools
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import field
from pathlib import Path
from typing import Any, TypeVar

import click
from pydantic import ValidationError

from bridge.campaigns.api import CampaignApi, campaign_api
from bridge.cli import options
from bridge.errors import CommandError, SettingsMissing
from bridge.record import record
from bridge.settings.files import load_settings, read_secret
from bridge.settings.models import CampaignSettings, DeliverySettings, Settings

WHOLLY = "Any campaign can be named by --campaign, --base-url and --api-key-file together."

T = TypeVar("T")
Command = TypeVar("Command", bound=Callable[..., Any])


@record
class Target:
    """One campaign of one host. `environment` is None where no configuration names one."""

    campaign: str
    base_url: str
    api_key: str = field(repr=False)
    delivery: DeliverySettings
    environment: str | None

    def opened(self) -> AbstractAsyncContextManager[CampaignApi]:
        """Open connections to the host."""
        return campaign_api(self.base_url, self.campaign, self.api_key, self.delivery)

    def ask(self, ask: Callable[[CampaignApi], Awaitable[T]]) -> T:
        """Open connections, ask, and close them.

        Raises:
            CampaignError: what was asked can't be answered.
        """

        async def asked() -> T:
            async with self.opened() as api:
                return await ask(api)

        return asyncio.run(asked())


def target(command: Command) -> Command:
    """Add the options that say which campaign is meant, and hand the command a `Target`."""

    @options.campaign
    @click.option("--base-url", help="Base of its API, such as https://oncade.gg/api.")
    @click.option(
        "--api-key-file",
        type=click.Path(path_type=Path, dir_okay=False),
        help="File with its API key, together with --campaign and --base-url; no configuration is "
        "read.",
    )
    @functools.wraps(command)
    def wrapped(
        *arguments: object,
        campaign: str | None,
        base_url: str | None,
        api_key_file: Path | None,
        **given: object,
    ) -> object:
        if api_key_file is not None:
            found = _from_options(campaign, base_url, api_key_file)
        elif base_url is not None:
            raise _misuse("--base-url needs --api-key-file: a configured key is for its own host")
        else:
            found = _from_settings(_settings(), campaign)
        return command(found, *arguments, **given)

    return wrapped  # type: ignore[return-value]  # click's decorators keep what is called alike


def _settings() -> Settings:
    try:
        return load_settings(click.get_current_context().obj)
    except SettingsMissing as missing:
        raise SettingsMissing(str(missing), hint=f"{missing.hint} {WHOLLY}") from missing


def _from_options(campaign: str | None, base_url: str | None, api_key_file: Path) -> Target:
    if campaign is None:
        raise _misuse("--api-key-file needs --campaign, the id of the campaign that it is for")
    if base_url is None:  # a key of one host is no other host's business
        raise _misuse("--api-key-file needs --base-url, the API that the key is for")
    named = {"id": campaign, "environment": "test", "api_key_file": api_key_file}
    try:
        checked = CampaignSettings.model_validate({**named, "base_url": base_url})
    except ValidationError as wrong:
        raise _misuse("; ".join(map(_told, wrong.errors()))) from wrong
    key = read_secret(api_key_file, "API key file")
    return Target(checked.id, checked.base_url, key, DeliverySettings(), None)


def _told(error: Any) -> str:
    option = "--base-url" if error["loc"] == ("base_url",) else "--campaign"
    return f"{option}: {error['msg'].removeprefix('Value error, ')}"


def _from_settings(settings: Settings, campaign: str | None) -> Target:
    known = {each.id: each for each in settings.campaigns}
    if campaign is None and len(known) == 1:
        (campaign,) = known
    if campaign not in known:
        raise CommandError(
            f"{_unknown(campaign)}; configured are: {', '.join(known) or 'none'}",
            hint=f"Name one of these with --campaign. {WHOLLY}",
        )
    found = known[campaign]
    key = read_secret(found.api_key_file, "API key file")
    return Target(found.id, found.base_url, key, settings.delivery, found.environment)


def _unknown(campaign: str | None) -> str:
    return "say which campaign" if campaign is None else f"no campaign {campaign!r} is configured"


def _misuse(text: str) -> click.UsageError:
    return click.UsageError(text, click.get_current_context())
