"""What is wrong with a declaration: everything at once, each with its table and key.

In: what is tried. Out: what came of it, and at the end one error.
"""

from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from bridge.errors import AdapterLoadError

T = TypeVar("T")


class Problems:
    """Collects what can't be used in the file at `path`."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._told: list[str] = []

    def add(self, table: str, key: str, why: str) -> None:
        """Note what is wrong with a key; `table` is "" for the file's own."""
        self._told.append(f"[{table}] {key}: {why}" if table else f"{key}: {why}")

    def of(self, table: str, key: str, make: Callable[[], T]) -> T | None:
        """Return what `make` returns; where it raises `ValueError`, note that and return None."""
        try:
            return make()
        except ValueError as wrong:
            self.add(table, key, str(wrong))
            return None

    def told(self) -> AdapterLoadError:
        """Return the error that tells of all of them, in one line."""
        return AdapterLoadError(f"{self._path.name}: {'; '.join(self._told)}")

    def refuse(self) -> None:
        """Raise that error where there is something to tell."""
        if self._told:
            raise self.told()
