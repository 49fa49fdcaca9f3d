"""A probe on disk: written before anything is sent, so that it can be stopped at any moment.

In: a campaign of a host. Out: its probe, one file, replaced as a whole. Knows nothing of what is
probed.
"""

import hashlib
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from filelock import FileLock, Timeout
from pydantic import ValidationError

from bridge.cli.probe.trials import Probe
from bridge.errors import CommandError

#: Below the state dir.
FOLDER = "key-probes"
_SAFE = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_")


class Shelf:
    """Where the probe of one campaign lies. Host and campaign together name it."""

    def __init__(self, folder: Path, base_url: str, campaign: str) -> None:
        self._folder = folder
        self._of = (base_url, campaign)
        name = "".join(char if char in _SAFE else "_" for char in campaign)[:60]
        unique = hashlib.sha256(json.dumps(self._of).encode()).hexdigest()[:16]
        self.path = folder / f"{name}-{unique}.json"

    @contextmanager
    def held(self) -> Iterator[None]:
        """Keep every other process from probing this campaign meanwhile.

        Raises:
            CommandError: another one is at it, or the folder can't be written.
        """
        try:
            _make(self._folder)
            lock = FileLock(self.path.with_suffix(".lock"), mode=0o600)
            lock.acquire(blocking=False)
        except Timeout as taken:
            raise CommandError(
                "another command is just probing this campaign",
                hint="--status shows how far it is.",
            ) from taken
        except OSError as failure:
            raise self._not_kept(failure) from failure
        try:
            yield
        finally:
            lock.release()

    def read(self) -> Probe | None:
        """Return the probe, None where there is none.

        Raises:
            CommandError: there is one, and it can't be read.
        """
        try:
            probe = Probe.model_validate_json(self.path.read_bytes())
            if (probe.base_url, probe.campaign) != self._of or not probe.trials:
                raise ValueError("it belongs to another campaign")  # noqa: TRY301  # told below
        except FileNotFoundError:
            return None
        except (OSError, ValueError) as damaged:
            told = "it is damaged" if isinstance(damaged, ValidationError) else str(damaged)
            raise CommandError(
                f"the probe in {self.path} can't be read: {told}",
                hint="--forget removes it; the payouts it has made stay made.",
            ) from damaged
        return probe

    def write(self, probe: Probe) -> None:
        """Keep a probe; when this returns it survives a power cut.

        Raises:
            CommandError: it can't be kept, so nothing more must be sent.
        """
        fresh = self.path.with_name(f"{self.path.name}.new")
        try:
            _write_synced(fresh, probe.model_dump_json(indent=2).encode() + b"\n")
            fresh.replace(self.path)
            _sync_folder(self._folder)
        except OSError as failure:
            raise self._not_kept(failure) from failure

    def forget(self) -> None:
        """Remove the probe.

        Raises:
            CommandError: it can't be removed.
        """
        try:
            self.path.unlink(missing_ok=True)
            _sync_folder(self._folder)
        except OSError as failure:
            raise CommandError(
                f"the probe can't be forgotten: {failure}", hint=f"Remove {self.path}."
            ) from failure

    def _not_kept(self, failure: OSError) -> CommandError:
        return CommandError(
            f"the probe can't be kept in {self._folder}, so nothing more was sent: {failure}",
            hint="Make room there, or name another folder in $STATE_DIRECTORY.",
        )


# -- files ----------------------------------------------------------------------------------


def _make(folder: Path) -> None:
    """Make a folder for this user alone, and make it last."""
    if folder.is_dir():
        return
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    for parent in (folder, *folder.parents[:2]):
        _sync_folder(parent)


def _write_synced(path: Path, data: bytes) -> None:
    with suppress(FileNotFoundError):  # left by a crash
        path.unlink()
    file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(file, "wb") as opened:
        opened.write(data)
        opened.flush()
        os.fsync(opened.fileno())


def _sync_folder(folder: Path) -> None:
    if os.name != "posix":  # elsewhere a folder can't be opened, and a rename lasts by itself
        return
    opened = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)
