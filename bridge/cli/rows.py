"""A CSV file of links, read row by row: what can be linked, and what is wrong, with its line.

In: bytes. Out: rows and bad rows. Links nobody.
"""

import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final, Protocol

from bridge.control.asked import campaign_of, user_ref_of
from bridge.control.views import Json
from bridge.errors import BridgeError, CommandError
from bridge.players.canonical import canonical_player
from bridge.record import record

_HEADER_HINT: Final = "The first line names the columns: player,userRef and, if you like, campaign."
_COLUMNS: Final = ("player", "userref", "campaign")


@record
class Row:
    """One link to make."""

    line: int
    player: str
    user_ref: str
    campaign: str

    @property
    def body(self) -> Json:
        """Return it as the desk takes it."""
        return {"player": self.player, "userRef": self.user_ref, "campaign": self.campaign}


@record
class BadRow:
    """A row that links nobody, and why."""

    line: int
    error: str


class _Reader(Protocol):
    """What `csv.reader` returns."""

    @property
    def line_num(self) -> int: ...

    def __iter__(self) -> Iterator[list[str]]: ...

    def __next__(self) -> list[str]: ...


@dataclass(slots=True)
class Sheet:
    """What a file says; `ignored` are the columns that mean nothing here."""

    rows: list[Row] = field(default_factory=list)
    bad: list[BadRow] = field(default_factory=list)
    ignored: list[str] = field(default_factory=list)


def read_sheet(data: bytes, campaigns: Sequence[str], campaign: str | None) -> Sheet:
    """Read a file; `campaign` is that of rows which name none.

    Two rows that give one player two userRefs are both bad; the same row twice is one.

    Raises:
        CommandError: it has no header that can be used.
    """
    text = data.decode("utf-8-sig", "surrogateescape")
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    sheet = Sheet()
    places = _header(_next(reader), sheet)
    for line, cells in _lines(reader, sheet):
        try:
            sheet.rows.append(_row(line, cells, places, campaigns, campaign))
        except (BridgeError, ValueError) as bad:
            sheet.bad.append(BadRow(line, str(bad)))
    _refuse_contradictions(sheet)
    sheet.bad.sort(key=lambda bad: bad.line)
    return sheet


def _next(reader: Iterator[list[str]]) -> list[str]:
    try:
        return next(reader, [])
    except csv.Error as bad:
        raise CommandError(f"line 1 can't be read: {bad}", hint=_HEADER_HINT) from bad


def _header(cells: Sequence[str], sheet: Sheet) -> dict[str, int]:
    """Return where each known column is; any order, any case, `user_ref` as well."""
    names = [cell.strip().lower().replace("_", "") for cell in cells]
    places: dict[str, int] = {name: names.index(name) for name in _COLUMNS if name in names}
    lacking = [name for name in ("player", "userref") if name not in places]
    if lacking or len(names) != len(set(names)):
        what = "names a column twice" if not lacking else "names no player and userRef"
        raise CommandError(f"the first line {what}", hint=_HEADER_HINT)
    known = set(places.values())
    sheet.ignored = [cell for place, cell in enumerate(cells) if place not in known]
    return places


def _lines(reader: "_Reader", sheet: Sheet) -> Iterator[tuple[int, list[str]]]:
    """Return rows with the line on which each begins; what can't be read is bad, and passed by."""
    while True:
        line = reader.line_num + 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as bad:
            sheet.bad.append(BadRow(line, f"is no CSV: {bad}"))
            continue
        if any(cell.strip() for cell in cells):
            yield line, cells


def _row(
    line: int,
    cells: Sequence[str],
    places: dict[str, int],
    campaigns: Sequence[str],
    campaign: str | None,
) -> Row:
    if len(cells) <= max(places.values()):
        raise ValueError(f"has {len(cells)} cells; the header has more")
    given = {name: cells[place].strip() for name, place in places.items()}
    if any("\udc80" <= char <= "\udcff" for value in given.values() for char in value):
        raise ValueError("is not UTF-8")
    chosen = campaign_of(given.get("campaign") or campaign, campaigns)
    return Row(line, canonical_player(given["player"]), user_ref_of(given["userref"]), chosen)


def _refuse_contradictions(sheet: Sheet) -> None:
    first: dict[tuple[str, str], Row] = {}
    twice: dict[tuple[str, str], list[Row]] = {}
    for row in sheet.rows:
        other = first.setdefault((row.campaign, row.player), row)
        if other.user_ref != row.user_ref:
            twice.setdefault((row.campaign, row.player), [other]).append(row)
    for rows in twice.values():
        lines = ", ".join(str(row.line) for row in rows[:10])
        sheet.bad += [BadRow(row.line, f"lines {lines} contradict each other") for row in rows]
    sheet.rows = [row for place, row in first.items() if place not in twice]
