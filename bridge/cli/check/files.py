"""The files beside the configuration: secrets and plugins.

In: settings. Out: findings. A secret is read, and never shown.
"""

import os
import stat
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

from bridge.cli.adapters import registry as every_plugin
from bridge.cli.check.findings import Finding, Level, fine, problem, refused, warning
from bridge.cli.printing import plural
from bridge.errors import BridgeError
from bridge.gate.guard import Gate
from bridge.settings.files import read_secret, secret_path
from bridge.settings.kinds import is_loopback
from bridge.settings.models import (
    AdapterSettings,
    CampaignSettings,
    LinkPageSettings,
    Settings,
)


def check_tokens(settings: Settings) -> Iterator[Finding]:
    """Look at the tokens of games and operators."""
    http = settings.http
    files = [(http.token_file, "[http] token_file")] if http.token_file else []
    files += [(token.file, f"[[tokens]] file of role {token.role}") for token in settings.tokens]
    found = [finding for path, what in files for finding in secret(path, what)]
    yield from found
    if any(finding.level is Level.PROBLEM for finding in found):
        return
    try:
        Gate.load(settings.http, settings.tokens, settings.udp, settings.sources)
    except BridgeError as error:
        yield refused("who may call", error)
        return
    if http.unsafe_no_token:
        yield warning(
            "who may call",
            "unsafe_no_token is on: any local user can pay out money",
            "Set [http] token_file and remove unsafe_no_token.",
        )


def api_key(campaign: CampaignSettings) -> tuple[str | None, list[Finding]]:
    """Read a campaign's API key; None where it can't be."""
    what = f"campaign {campaign.id}"
    found = list(secret(campaign.api_key_file, what, "API key file"))
    if any(finding.level is Level.PROBLEM for finding in found):
        return None, found
    return read_secret(campaign.api_key_file, "API key file"), found


def webhook_secrets(campaign: CampaignSettings) -> Iterator[Finding]:
    """Look at the secrets that a campaign's webhooks are signed with."""
    what = f"campaign {campaign.id}"
    for path in campaign.webhook_secret_files:
        yield from secret(path, what, "webhook secret file")
    if not campaign.webhook_secret_files and not campaign.history:
        yield warning(
            what,
            "neither webhooks nor the history is used: `accepted` is the last that is known",
            "Set webhook_secret_files, or remove `history = false`.",
        )


def check_link_page(page: LinkPageSettings) -> Iterator[Finding]:
    """Look at how players reach the public page."""
    if page.listen is None or page.public_url is None:
        return
    url = urlsplit(page.public_url)
    if url.scheme != "https" and not is_loopback(url.hostname or ""):
        yield warning(
            "link page",
            f"{page.public_url} is not https: addresses and codes can be read on the way",
            "Put an HTTPS proxy in front of it.",
        )
    else:
        yield fine("link page", f"players find it at {page.public_url.rstrip('/')}/link")


def secret(path: Path, what: str, kind: str = "token file") -> Iterator[Finding]:
    """Look at a file with a secret, and at who else can read it."""
    try:
        read_secret(path, kind)
        place = secret_path(path, kind)
    except BridgeError as error:
        yield refused(what, error)
        return
    mode = place.stat().st_mode
    if os.name == "posix" and mode & (stat.S_IROTH | stat.S_IWOTH):
        yield warning(what, f"every user of this machine can read {path}", f"chmod 600 {path}")
    elif os.name == "posix" and mode & stat.S_IWGRP:
        yield warning(what, f"its group can change {path}", f"chmod g-w {path}")
    else:
        yield fine(what, f"{path} can be read, by nobody else")


def check_adapters(settings: AdapterSettings) -> Iterator[Finding]:
    """Load every plugin."""
    try:
        registry = every_plugin(settings.plugins_dir)
    except BridgeError as error:
        yield refused("adapters", error)
        return
    required = set(settings.required)
    yield fine(
        "adapters", f"{plural(len(registry.adapters), 'adapter')}: " + ", ".join(registry.adapters)
    )
    for failure in registry.failures:
        told = problem if failure.plugin in required else warning
        yield told(
            "adapters",
            f"{failure.plugin} ({failure.where}): {failure.error}",
            "Correct or remove the plugin.",
        )
    try:
        registry.require(required - {failure.plugin for failure in registry.failures})
    except BridgeError as error:
        yield refused("adapters", error)
