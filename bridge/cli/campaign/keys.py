"""Idempotency keys of orders, on disk before the order is sent and until it is answered.

In: a campaign of a host. Out: one file an order that is open, so that after a timeout or a crash
the same order goes out under the same key. Knows nothing of what the orders do.
"""

import hashlib
import json
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path

from filelock import FileLock, Timeout

from bridge.errors import CommandError
from bridge.record import record

_SAFE = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_")
_LONGEST_KEY = 200


@record
class OrderKey:
    """An order's Idempotency-Key, and when it was first used."""

    text: str
    made_at: datetime


class Drawer:
    """The keys of one campaign's open orders. Host and campaign together name it: one campaign id
    at the sandbox and at the real host are two.
    """

    def __init__(self, folder: Path, base_url: str, campaign: str) -> None:
        self._folder = folder
        self._of = {"base_url": base_url, "campaign": campaign}
        name = "".join(char if char in _SAFE else "_" for char in campaign)[:60]
        unique = hashlib.sha256(json.dumps(self._of, sort_keys=True).encode()).hexdigest()[:16]
        self._stem = f"{name}-{unique}"

    def path(self, order: str) -> Path:
        """Return where the key of an order lies while it is open."""
        return self._folder / f"{self._stem}.{order}.json"

    @contextmanager
    def held(self) -> Iterator[None]:
        """Keep every other process from giving orders to this campaign meanwhile.

        Raises:
            CommandError: another one is at it, or the folder can't be written.
        """
        try:
            _make(self._folder)
            lock = FileLock(self._folder / f"{self._stem}.lock", mode=0o600)
            lock.acquire(blocking=False)
        except Timeout as taken:
            raise CommandError(
                "another command is just giving this campaign an order",
                hint="Wait for it to end, and look at the campaign before ordering again.",
            ) from taken
        except OSError as failure:
            raise self._not_kept(failure) from failure
        try:
            yield
        finally:
            lock.release()

    def read(self, order: str) -> OrderKey | None:
        """Return the key of an open order, None where none is open.

        Raises:
            CommandError: there is a key, and it can't be read.
        """
        path = self.path(order)
        try:
            kept = json.loads(path.read_bytes())
            return _order_key(kept, {**self._of, "order": order})
        except FileNotFoundError:
            return None
        except (OSError, ValueError, TypeError, KeyError, RecursionError) as damaged:
            raise CommandError(
                f"an earlier {order} is open, and its key in {path} can't be read: {damaged}",
                hint="Look at the campaign with `campaign-bridge campaign show`; if that order was "
                "not carried out, give it afresh with --new-key.",
            ) from damaged

    def write(self, order: str, key: OrderKey) -> None:
        """Keep a key; when this returns it survives a power cut.

        Raises:
            CommandError: it can't be kept, so nothing must be sent.
        """
        path = self.path(order)
        kept = {
            **self._of,
            "order": order,
            "key": key.text,
            "made_at": key.made_at.astimezone(UTC).isoformat(),
        }
        fresh = path.with_name(f"{path.name}.new")
        try:
            _write_synced(fresh, json.dumps(kept, indent=2).encode() + b"\n")
            fresh.replace(path)
            _sync_folder(self._folder)
        except OSError as failure:
            raise self._not_kept(failure) from failure

    def forget(self, orders: Iterable[str]) -> None:
        """Forget keys for good: one that came back would make a new order look like an old one.

        Raises:
            CommandError: one can't be forgotten.
        """
        for order in orders:
            try:
                self.path(order).unlink(missing_ok=True)
                _sync_folder(self._folder)
            except OSError as failure:
                raise CommandError(
                    f"the {order} was answered, but its key can't be forgotten: {failure}",
                    hint=f"Remove {self.path(order)} before the next {order}.",
                ) from failure

    def _not_kept(self, failure: OSError) -> CommandError:
        return CommandError(
            f"the Idempotency-Key can't be kept in {self._folder}, so nothing was sent: {failure}",
            hint="Make room there, or name another folder in $STATE_DIRECTORY.",
        )


def _order_key(kept: dict[str, object], of: dict[str, str]) -> OrderKey:
    if {name: kept[name] for name in of} != of:
        raise ValueError("it belongs to another order")
    text, made_at = str(kept["key"] or ""), datetime.fromisoformat(str(kept["made_at"]))
    if not (text.isascii() and text.isprintable() and 0 < len(text) <= _LONGEST_KEY):
        raise ValueError("it holds no key")
    if made_at.utcoffset() is None:
        raise ValueError("its time names no timezone")
    return OrderKey(text, made_at)


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
