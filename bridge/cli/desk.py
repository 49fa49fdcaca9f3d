"""The operator's desk, wherever it stands: in the running daemon, else over the outbox itself.

In: the configuration. Out: one set of calls that the commands use without knowing which of the
two they talk to; a line on stderr says it.
"""

import os
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Protocol

from bridge.cli.control import Search, find_daemon, find_daemon_of, opened, operator
from bridge.cli.printing import note, note_unreadable
from bridge.cli.refused import not_allowed
from bridge.cli.remote import RemoteDesk
from bridge.control.desk import Desk
from bridge.control.views import Json, report_view
from bridge.daemon import SystemClock
from bridge.daemon.pruning import prune_policy
from bridge.daemon.reading import lane_terms, with_keys
from bridge.delivery.confirmers import reconcile_once
from bridge.errors import BridgeError, CommandError, SettingsError, StoreLocked
from bridge.outbox.archive.pruning import Pruned
from bridge.outbox.memory import MemoryOutbox
from bridge.outbox.store import open_outbox
from bridge.record import record
from bridge.settings.files import load_settings, outbox_path
from bridge.settings.models import Settings
from bridge.settings.units import AS_SERVICE

#: Where systemd keeps the state of services whose user exists only while they run.
SERVICES = Path("/var/lib/private")


class AnyDesk(Protocol):
    """The calls of `bridge.control.desk.Desk`; they raise what its calls raise."""

    async def status(self) -> Json:
        """Return the numbers of every campaign, and what the daemon says of itself."""
        ...

    async def entries(
        self,
        campaign: str | None = None,
        player: str | None = None,
        state: str | None = None,
        limit: int = 100,
        reason: str | None = None,
    ) -> list[Json]:
        """Return entries, newest first."""
        ...

    async def receipt(self, key: str) -> Json:
        """Return everything that is known of one entry."""
        ...

    async def decide(self, key: str, decision: str, who: str) -> Json:
        """Carry out a decision about one entry."""
        ...

    async def release(self, reason: Any, campaign: Any, who: str) -> Json:
        """Let everything go that a brake holds."""
        ...

    async def forget_shadow(self, who: str) -> Json:
        """Make as if shadow mode's entries had never come."""
        ...

    async def expire(self, older_than: Any, who: str) -> Json:
        """Discard what has waited for a link for longer than so many seconds."""
        ...

    async def prune(self, *, dry_run: bool) -> Json:
        """Let go what is older than the settings say."""
        ...

    async def players(self) -> list[Json]:
        """Return every link."""
        ...

    async def player(self, player: str) -> Json:
        """Return one player's links and how much is held for them."""
        ...

    async def player_story(self, player: str, limit: int = 50) -> Json:
        """Return everything that is known of one player."""
        ...

    async def link(self, player: str, user_ref: Any, campaign: Any, who: str) -> Json:
        """Link a player and release what waited."""
        ...

    async def link_many(self, links: Any, who: str) -> list[Json]:
        """Link many players; say of each what was released, or its error."""
        ...

    async def unlink(self, player: str, campaign: Any, who: str) -> Json:
        """Forget a player's link; what waits is held."""
        ...

    async def forget(self, player: str, who: str) -> Json:
        """Unlink a player everywhere, and erase addresses and names kept for it."""
        ...

    async def pause(self, campaign: Any, why: Any, who: str) -> Json:
        """Send nothing of a campaign until it is resumed."""
        ...

    async def resume(self, campaign: Any, who: str) -> Json:
        """Let a paused campaign go on."""
        ...

    async def accept_total(self, campaign: Any, who: str) -> Json:
        """Count what was paid beside our ledger as not ours from now on."""
        ...

    async def reconcile(self, campaign: Any) -> list[Json]:
        """Compare the ledger with the API's history."""
        ...

    async def rules(self) -> list[Json]:
        """Return the rules that the outbox remembers, in order."""
        ...

    async def accept_rules(self, definitions: Sequence[str], journal: str) -> None:
        """Remember other rules, on an operator's word."""
        ...


@record
class Counter:
    """The desk and who stands before it. `daemon` is the daemon's status, None where none runs.

    `unreadable` is why the settings can't be read now: the daemon goes on with those before.
    """

    desk: AnyDesk
    who: str
    outbox: Path
    loaded: Settings | None
    daemon: Json | None = None
    exists: bool = True
    unreadable: SettingsError | None = None

    @property
    def settings(self) -> Settings:
        """The settings as the file says them; raises `SettingsError` where it can't be read."""
        if self.loaded is None:
            raise self.unreadable or SettingsError()
        return self.loaded

    @property
    def campaigns(self) -> list[str]:
        """The ids of the configured campaigns; of an unreadable file, those that the daemon has."""
        if self.loaded is not None:
            return [campaign.id for campaign in self.loaded.campaigns]
        return [lane["campaign"] for lane in (self.daemon or {}).get("lanes", ())]


@asynccontextmanager
async def desk_for(
    config: Path, *, creates: bool = False, quiet: bool = False
) -> AsyncIterator[Counter]:
    """Open the desk of the outbox that the configuration names.

    An outbox that isn't there yet is an empty one, and is made only where the command `creates`.
    A configuration that can't be read keeps nobody from the daemon that was started with it.

    Raises:
        SettingsError: the configuration can't be used, and no daemon that answers runs with it.
        StoreLocked: a process has the outbox open that can't be asked.
        StoreError: the outbox can't be opened.
    """
    try:
        settings = load_settings(config)
    except SettingsError as unreadable:
        async with _in_spite_of(unreadable, config) as counter:
            yield counter
        return
    outbox = outbox_path(settings.outbox)
    say: Callable[[str], None] = (lambda text: None) if quiet else note
    found = await find_daemon(outbox, config)
    if found.socket is not None and found.status is not None:
        say(f"outbox {outbox}, through the daemon (pid {found.status['daemon']['pid']})")
        async with opened(found.socket) as control:
            yield Counter(RemoteDesk(control), operator(), outbox, settings, found.status)
        return
    async with _direct(settings, outbox, found, creates=creates) as counter:
        say(
            f"outbox {outbox}, directly: no daemon runs for it"
            if counter.exists
            else f"outbox {outbox} is not there yet, and no daemon runs for it"
        )
        yield counter


@asynccontextmanager
async def _in_spite_of(unreadable: SettingsError, config: Path) -> AsyncIterator[Counter]:
    """Open the desk of the daemon that was started with a file that can't be read any more."""
    found = await find_daemon_of(config)
    if found.socket is None or found.status is None:
        raise unreadable
    note_unreadable(unreadable)
    async with opened(found.socket) as control:
        yield Counter(
            RemoteDesk(control),
            operator(),
            Path(found.status["outbox"]),
            None,
            found.status,
            unreadable=unreadable,
        )


@asynccontextmanager
async def _direct(
    settings: Settings, outbox: Path, found: Search, *, creates: bool
) -> AsyncIterator[Counter]:
    campaigns = [campaign.id for campaign in settings.campaigns]
    who = f"operator {operator()}"
    clock = SystemClock()
    if not (creates or _is_there(outbox)):
        empty = Desk(MemoryOutbox(clock), campaigns)
        yield Counter(empty, who, outbox, settings, exists=False)
        return
    refuse_strangers_files(outbox, _user())
    try:
        async with open_outbox(outbox, clock, settings.outbox.reserve) as opened_outbox:

            async def compare(campaign: str | None) -> list[Json]:
                keyed = with_keys(settings.campaigns)
                found = await reconcile_once(keyed, opened_outbox, settings, clock, campaign)
                return [report_view(report) for report in found]

            if creates:  # what is about to be written must be held to the settings' limits
                await opened_outbox.adopt_lanes(lane_terms(settings))

            async def prune(*, dry_run: bool) -> Pruned:
                return await opened_outbox.prune(prune_policy(settings), dry_run=dry_run)

            desk = Desk(opened_outbox, campaigns, reconcile=compare, prune=prune)
            yield Counter(desk, who, outbox, settings)
    except StoreLocked as locked:
        raise _explained(locked, found) from locked


def _is_there(outbox: Path) -> bool:
    try:
        return outbox.exists()
    except PermissionError as denied:
        raise not_allowed(denied) from denied


def _explained(locked: StoreLocked, found: Search) -> BridgeError:
    """Say why the process that holds the lock could not be asked instead."""
    if found.limited:
        met = f"its control socket {found.socket} lets this user post and nothing else"
    else:
        met = "; ".join(found.met) or "it answers on no control socket that is known here"
    return StoreLocked(
        f"{locked}; {met}",
        hint="Run this as the daemon's user (sudo -u USER …), with the daemon's RUNTIME_DIRECTORY; "
        "or stop that process first.",
    )


def _user() -> int:
    return os.geteuid() if os.name == "posix" else -1


def refuse_strangers_files(outbox: Path, user: int, services: Path = SERVICES) -> None:
    """Keep root from leaving files that the daemon's own user could not open.

    Raises:
        CommandError: `user` is root and would write into another user's folder.
    """
    folder = next(parent for parent in outbox.parents if parent.exists())
    owner = folder.stat().st_uid
    if user == 0 and owner != 0:
        raise CommandError(
            f"{folder} belongs to user {owner}; root's files in it would lock the daemon out",
            hint=f"Run it as the service does: {AS_SERVICE}"
            if folder.resolve().is_relative_to(services)
            else f"Run this command as that user: sudo -u '#{owner}' campaign-bridge …",
        )


_remote: type[AnyDesk] = RemoteDesk
_direct_one: type[AnyDesk] = Desk
