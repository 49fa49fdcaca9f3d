"""The daemon's listeners for HTTP: each on its address of the settings, or on what systemd holds.

In: settings, held sockets, what is served. Out: listeners, to be entered. Knows nothing of what the
calls do.
"""

import hmac
from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING

from aiohttp import web

from bridge.control import health
from bridge.daemon.sockets import Held
from bridge.errors import SettingsError
from bridge.events import Clock
from bridge.intake.listen import Bound, http_listening, public_application
from bridge.intake.wicket import Front
from bridge.linking.service import Linker
from bridge.loading import later
from bridge.settings.files import CONTROL_SOCKET, read_secret, runtime_dirs
from bridge.settings.models import Settings

if TYPE_CHECKING:
    from bridge.linking.page import site
else:
    site = later("bridge.linking.page.site")

Listening = AbstractAsyncContextManager[Bound]


class Doors:
    """The listeners that the settings name."""

    def __init__(self, settings: Settings, held: Held) -> None:
        self._settings = settings
        self._held = held

    def for_games(self, app: web.Application, front: Front, groups: Sequence[int]) -> Listening:
        """Return the listener of [http]; members of `groups` may open its unix socket."""
        http, tcp, unix = self._settings.http, self._held.of("http"), self._held.of("unix")
        listen = None if tcp else http.listen
        paths = [] if unix or http.unix is None else [http.unix]
        return http_listening(app, listen, paths, front=front, groups=groups, held=[*tcp, *unix])

    def for_webhooks(self, incoming: Sequence[web.RouteDef]) -> Listening:
        """Return the webhooks' own listener, where the settings name one."""
        listen = self._settings.webhooks.listen
        if listen is None:
            return nullcontext(Bound())
        app, held = public_application([*incoming, *health.alive()]), self._held.of("webhooks")
        return http_listening(app, None if held else listen, section="webhooks", held=held)

    def for_players(self, linker: Linker, clock: Clock) -> Listening:
        """Return the public page's own listener, where the settings name one."""
        page = self._settings.link_page
        if page.listen is None:
            return nullcontext(Bound())
        campaign = next(
            known for known in self._settings.campaigns if page.campaign in {None, known.id}
        )
        # Cookies are signed with something that outlives a restart, and that nobody else has.
        secret = read_secret(campaign.api_key_file, f"API key of campaign {campaign.id},")
        key = hmac.digest(secret.encode(), b"campaign-bridge link page", "sha256")
        pages = site.LinkSite(linker, page, campaign.id, key, clock)
        app, held = site.page_application(pages, health.alive()), self._held.of("link-page")
        return http_listening(app, None if held else page.listen, section="link_page", held=held)


def control_socket(config: Path) -> Path:
    """Return where the control socket will be; makes its folder.

    Raises:
        SettingsError: the folder can't be made.
    """
    folder = runtime_dirs(config)[0]
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o755)
    except OSError as failure:
        raise SettingsError(
            f"the control socket's folder {folder} can't be made: {failure.strerror}",
            hint="Set RUNTIME_DIRECTORY to a folder that the daemon's user may write.",
        ) from failure
    return folder / CONTROL_SOCKET
