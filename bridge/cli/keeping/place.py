"""Which outbox a command of keeping is about.

In: the configuration's path. Out: the outbox's path, and who has it open.
"""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from bridge.cli.control import find_daemon_of
from bridge.errors import CommandError, StoreLocked
from bridge.record import record
from bridge.settings.files import load_settings, outbox_path
from bridge.settings.units import units_of
from bridge.sqlite.files import beside, give_to_owner
from bridge.sqlite.lock import locked
from bridge.sqlite.scripts import Migration, load_migrations


@record
class Place:
    """The outbox's path, and the status of the daemon that answers for it (None: none does)."""

    outbox: Path
    daemon: dict[str, Any] | None

    @property
    def told(self) -> str:
        """Say it in a line."""
        if self.daemon is None:
            return f"outbox {self.outbox}, from the file"
        return f"outbox {self.outbox}, from the file, beside the daemon (pid {self.pid})"

    @property
    def pid(self) -> int:
        """The daemon's process."""
        return 0 if self.daemon is None else int(self.daemon["daemon"]["pid"])


def place_of(config: Path) -> Place:
    """Return where the outbox is: of the daemon that runs with `config`, else as that file says.

    Raises:
        SettingsError: no such daemon answers, and the file can't be read.
    """
    found = asyncio.run(find_daemon_of(config))
    if found.status is not None:
        return Place(Path(found.status["outbox"]), found.status)
    return Place(outbox_path(load_settings(config).outbox), None)


def migrations() -> tuple[Migration, ...]:
    """Return the steps of the outbox's schema."""
    return load_migrations("bridge.outbox.sqlite.migrations")


@contextmanager
def alone(outbox: Path, config: Path, what: str) -> Iterator[None]:
    """Hold the outbox's lock while it is replaced.

    Raises:
        CommandError: a daemon, or another command, has it open.
    """
    try:
        with locked(outbox):
            for ending in (".lock", ".owner"):
                give_to_owner(outbox.parent, beside(outbox, ending))
            yield
    except StoreLocked as held:
        raise CommandError(
            f"{what} needs the outbox for itself: {held}",
            hint=f"Stop the daemon first (systemctl stop {units_of(config)}), then run this again.",
        ) from held
