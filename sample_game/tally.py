"""The game's own account: a file of JSON lines with what was achieved and what was answered.

In: deeds and answers. Out: lines, each with the system before the method returns, and after a
crash the deeds that are still to be sent. Knows nothing of networks. README.md has the format.
"""

import json
import os
import threading
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Literal, Self, cast

from sample_game.achievements import Deed, Details

Via = Literal["http", "udp"]

_DEED = {"player", "achievement", "id", "occurred_at", "details", "via"}


class Tally:
    """One open tally file; its methods may be called from any thread and raise `OSError`."""

    def __init__(self, path: Path) -> None:
        self._lock = threading.Lock()
        self._torn = _ends_torn(path)
        # Unbuffered: a line is written whole or seen to fail, and outlives a kill of the game.
        self._file = path.open("ab", buffering=0)

    def achieved(self, deed: Deed, via: Via) -> None:
        """Write a deed down; only then may it be sent."""
        self._write({**deed.message(), "via": via})

    def acknowledged(
        self, deed_id: str, key: str | None, state: str, *, duplicate: bool, attempts: int
    ) -> None:
        """Write down that campaign-bridge has the deed; it need not be sent again."""
        answer = {"key": key, "state": state, "duplicate": duplicate, "attempts": attempts}
        self._write({"acknowledged": deed_id, **answer})

    def repeated(self, deed_id: str, via: Via, key: str | None, *, duplicate: bool) -> None:
        """Write down what a repeat of an already acknowledged deed was answered."""
        self._write({"repeated": deed_id, "via": via, "key": key, "duplicate": duplicate})

    def refused(self, deed_id: str, status: int, reason: str) -> None:
        """Write down that this deed will never be taken; it is not sent again."""
        self._write({"refused": deed_id, "status": status, "reason": reason})

    def close(self) -> None:
        self._file.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _write(self, line: Mapping[str, object]) -> None:
        data = json.dumps(line).encode() + b"\n"
        with self._lock:
            if self._torn:
                data = b"\n" + data
            self._torn = True  # until all of it is written
            if self._file.write(data) != len(data):
                raise OSError(f"the tally {self._file.name} could only be written in part")
            self._torn = False


def unanswered(path: Path) -> list[tuple[Deed, Via]]:
    """Return the deeds of an earlier run that were achieved, but neither acknowledged nor refused.

    A file that does not exist has none. A line cut short by a crash was never sent and is skipped.
    """
    still_open: dict[str, tuple[Deed, Via]] = {}
    for line in _lines(path):
        if line.keys() >= _DEED:
            deed = _deed(line)
            still_open[deed.id] = (deed, "udp" if line.get("via") == "udp" else "http")
        else:
            answered = line.get("acknowledged") or line.get("refused")
            still_open.pop(str(answered), None)
    return list(still_open.values())


def _lines(path: Path) -> Iterator[Mapping[str, object]]:
    if not path.is_file():
        return
    with path.open("rb") as file:
        for raw in file:
            try:
                line = json.loads(raw)
            except ValueError:
                continue
            if isinstance(line, dict):
                yield line


def _deed(line: Mapping[str, object]) -> Deed:
    player, achievement, deed_id, occurred_at = (
        str(line[name]) for name in ("player", "achievement", "id", "occurred_at")
    )
    return Deed(player, achievement, deed_id, occurred_at, cast("Details", line["details"]))


def _ends_torn(path: Path) -> bool:
    if not path.is_file() or path.stat().st_size == 0:
        return False
    with path.open("rb") as file:
        file.seek(-1, os.SEEK_END)
        return file.read(1) != b"\n"
