"""The witness of a ledger: what was last known to be on disk, kept beside the database.

In: a ledger's identity and sequence number after each commit. Out: at the next start, whether the
database is the one that was left: not an older copy, not another machine's, not a new one in place
of a lost one.

The file has two slots that are written in turn, each in one write, so that a torn one leaves the
other. The first write after a start is synced, so that no power cut leaves rows beside an empty
file. Later ones are not: after a cut the witness may be behind the database, which is harmless;
only a database behind its witness is an alarm, and no cut makes that.
"""

import hashlib
import json
import os
from contextlib import suppress
from pathlib import Path
from typing import Final, Self
from uuid import UUID

from bridge.errors import StoreUnavailable
from bridge.outbox.views import Standing
from bridge.record import record

SLOT: Final = 512
_DIGEST: Final = 32
_FLAGS: Final = os.O_RDWR | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_CLOEXEC", 0)


@record
class Testimony:
    """What was seen of a ledger, and on which machine (None: nobody can tell)."""

    ledger: UUID
    sequence: int
    machine: str | None


@record
class Heard:
    """What a witness file says: nothing where there is none, `damaged` where no slot is whole."""

    testimony: Testimony | None = None
    damaged: bool = False


def witness_path(path: Path) -> Path:
    """Return where the witness of the outbox at `path` is."""
    return path.with_name(f"{path.name}.witness")


def hear(path: Path) -> Heard:
    """Return what the witness at `path` says, without opening it for anything else.

    Raises:
        OSError: it is there and can't be read.
    """
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        return Heard()
    return _heard(data, there=True)[0]


class Witness:
    """An open witness file."""

    def __init__(self, file: int, heard: Heard, written: int) -> None:
        self._file = file
        self._written = written
        #: What it said when it was opened.
        self.heard = heard
        #: Why the last write failed, or None.
        self.trouble: str | None = None

    @classmethod
    def open(cls, path: Path) -> Self:
        """Open the witness at `path`, making the file where it isn't there.

        Raises:
            StoreUnavailable: it can't be read and written.
        """
        try:
            there = path.exists()
            file = os.open(path, _FLAGS, 0o600)
            if not there:
                _sync_folder(path.parent)
        except OSError as failure:
            raise StoreUnavailable(
                f"the witness {path} can't be opened: {failure.strerror}",
                hint="Give it to the daemon's user; it belongs beside the outbox.",
            ) from failure
        return cls(file, *_heard(os.pread(file, 2 * SLOT, 0), there=there))

    def write(self, testimony: Testimony) -> bool:
        """Keep what was seen last; False where the disk refused, which `trouble` explains."""
        self._written += 1
        try:
            os.pwrite(self._file, _bytes(self._written, testimony), self._written % 2 * SLOT)
        except OSError as failure:
            self._written -= 1
            self.trouble = failure.strerror or str(failure)
            return False
        self.trouble = None
        return True

    def sync(self) -> None:
        """Have what was written survive a power cut."""
        with suppress(OSError):  # it may be behind; that is harmless
            os.fsync(self._file)

    def close(self) -> None:
        """Sync and close the file."""
        try:
            self.sync()
        finally:
            os.close(self._file)


def _sync_folder(folder: Path) -> None:
    if os.name != "posix":  # elsewhere a folder can't be opened, and a new file's name lasts
        return
    opened = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)


def _bytes(written: int, testimony: Testimony) -> bytes:
    said = [written, str(testimony.ledger), testimony.sequence, testimony.machine]
    payload = json.dumps(said, separators=(",", ":")).encode()
    digest = hashlib.sha256(payload).hexdigest()[:_DIGEST].encode()
    return (digest + b" " + payload).ljust(SLOT - 1) + b"\n"


def _heard(data: bytes, *, there: bool) -> tuple[Heard, int]:
    """Return what a witness's bytes say, and how often it was written."""
    slots = [_slot(data[number * SLOT : (number + 1) * SLOT]) for number in (0, 1)]
    whole = [slot for slot in slots if slot is not None]
    if not whole:
        return Heard(None, damaged=there), 0
    written, testimony = max(whole, key=lambda slot: slot[0])
    return Heard(testimony), written


def _slot(data: bytes) -> tuple[int, Testimony] | None:
    """Read one slot; None where it was never written, or not wholly."""
    digest, payload = data[:_DIGEST], data[_DIGEST + 1 :].rstrip()
    if len(data) != SLOT or hashlib.sha256(payload).hexdigest()[:_DIGEST].encode() != digest:
        return None
    written, ledger, sequence, machine = json.loads(payload)
    return written, Testimony(UUID(ledger), sequence, machine)


def doubt(standing: Standing, heard: Heard, machine: str | None, trace: str = "") -> str:
    """Return why the ledger must not be trusted blindly, "" where it may.

    `machine` is this machine's id, None where nobody can tell; `trace` says what an earlier ledger
    has left, which tells of a loss where the witness was lost as well. A reboot, a crash or a power
    cut is never a reason.
    """
    said = heard.testimony
    if said is None:
        return _unheard(standing, heard) or ("" if standing.rows else trace)
    if said.ledger != standing.identity:
        return _OTHER if standing.rows else _LOST
    if standing.sequence < said.sequence:
        return (
            f"the database is an old copy, or its end is lost: it ends at change "
            f"{standing.sequence}, and change {said.sequence} was seen here; what was sent in "
            "between is not in it"
        )
    if standing.copied:
        return _COPIED
    return _MOVED if machine is not None and said.machine not in {None, machine} else ""


_OTHER: Final = "this database isn't the one that was here: its witness knows another ledger"
_LOST: Final = "a new, empty database is in the place of a ledger that has been lost"
_COPIED: Final = "the database is a copy made by a backup; what was sent since is not in it"
_MOVED: Final = "the database comes from another machine, which may be running it still"


def _unheard(standing: Standing, heard: Heard) -> str:
    if heard.damaged and standing.rows:
        return "the witness of the ledger is damaged, so nobody can say whether this is an old copy"
    if heard.damaged:
        return "a new, empty database is beside a damaged witness: a ledger may have been lost"
    if standing.rows:
        return "the witness of the ledger is missing, so nobody can say whether this is an old copy"
    return ""
