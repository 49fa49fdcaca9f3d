"""What was found, kept and lost, as plain values.

In: nothing. Out: frozen values that the command line and the log tell.
"""

from collections.abc import Mapping, Sequence
from dataclasses import field
from pathlib import Path

from bridge.outbox import life
from bridge.record import record


@record
class TableReport:
    """One table: rows that were kept and lost; pages of which nobody knows how many they held."""

    kept: int = 0
    lost: int = 0
    pages: int = 0


@record
class Salvaged:
    """What was salvaged of a damaged outbox, and what was not.

    `keys_only` are entries of which the key alone is left: what they pay is lost, and they are
    never paid twice. `missing` are ranges of entry numbers of which nothing is left; `after` is the
    last one that is known, behind which more may have been.
    """

    damage: str
    tables: Mapping[str, TableReport] = field(default_factory=dict)
    keys_only: int = 0
    mended: int = 0
    missing: Sequence[tuple[int, int]] = ()
    after: int = 0
    doubts: Sequence[str] = ()
    evidence: Path | None = None

    @property
    def kept(self) -> int:
        """How many rows were kept."""
        return sum(table.kept for table in self.tables.values())

    @property
    def lost(self) -> int:
        """How many rows are known to be lost."""
        return sum(table.lost for table in self.tables.values())

    @property
    def unknown(self) -> int:
        """How many entries are gone with their keys."""
        return sum(last - first + 1 for first, last in self.missing)

    def sentence(self) -> str:
        """Return it in one sentence, as the quarantine's reason and the log say it."""
        entries = self.tables.get("entries", TableReport())
        told = [f"{entries.kept} entries are whole"]
        if self.keys_only:
            told.append(f"of {self.keys_only} the key alone is left")
        if self.missing:
            told.append(f"{self.unknown} are gone with their keys (numbers {ranges(self.missing)})")
        if entries.pages and not self.missing:
            told.append(f"more may have been after number {self.after}")
        return f"{life.SALVAGED} ({self.damage}): {', '.join(told)}"


def ranges(missing: Sequence[tuple[int, int]], most: int = 8) -> str:
    """Return ranges of numbers as text."""
    told = [f"{a}" if a == b else f"{a}-{b}" for a, b in missing[:most]]
    return ", ".join(told) + (", …" if len(missing) > most else "")
