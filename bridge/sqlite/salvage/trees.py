"""The rows of each table, however much of its tree is left.

In: pages, and the tables that are looked for. Out: rows by table; how many cells and pages could
not be read. First each tree is followed from its root; then every page that no tree leads to any
more is looked at, and given to the one table whose rows it can hold.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from bridge.sqlite.salvage.cells import Kind, Page, Row, Unreadable, Value
from bridge.sqlite.salvage.pages import Pages
from bridge.sqlite.salvage.tables import Index, Table

_SCHEMA_FIELDS = 5


@dataclass(slots=True)
class Loss:
    """What could not be read of a table: rows, and pages with nobody knows how many rows."""

    rows: int = 0
    pages: int = 0


class Trees:
    """All trees of a damaged database."""

    def __init__(
        self, pages: Pages, tables: Sequence[Table], indexes: Sequence[Index] = ()
    ) -> None:
        self.pages = pages
        self.tables = tables
        self.indexes = indexes
        #: By table: what could not be read of it.
        self.losses: dict[str, Loss] = {}
        roots = dict(self._roots())
        self._seen: set[int] = {1}
        wanted: list[Table | Index] = [*tables, *indexes]
        self._trees = {
            each.name: self._follow(each.name, roots.get(each.name, each.root)) for each in wanted
        }
        for name, root in roots.items():  # other trees' pages are nobody's to adopt
            if name not in self._trees:
                self._follow(name, root)
        self._adopt()

    def rows(self, table: Table) -> Iterator[dict[str, Value]]:
        """Yield the rows of a table that can be read."""
        loss = self.losses.setdefault(table.name, Loss())
        for stored in self._stored(table.name):
            row = None if stored is None else table.row(stored)
            if row is None:
                loss.rows += 1
            else:
                yield row

    def keys(self, index: Index) -> Iterator[tuple[dict[str, Value], int]]:
        """Yield what an index says: its columns, and the row's number."""
        for stored in self._stored(index.name):
            if stored is None or len(stored.values) != len(index.columns) + 1:
                continue
            *values, number = stored.values
            if isinstance(number, int):
                yield dict(zip(index.columns, values, strict=True)), number

    # -- reading ----------------------------------------------------------------------------

    def _page(self, number: int) -> Page:
        if not 1 <= number <= self.pages.count:
            raise Unreadable
        return Page(number, self.pages.page(number), self.pages.usable)

    def _fetch(self, number: int) -> bytes:
        return self.pages.page(number) if 1 <= number <= self.pages.count else b""

    def _stored(self, name: str) -> Iterator[Row | None]:
        for number in self._trees[name]:
            yield from self._page(number).rows(self._fetch)

    def _roots(self) -> Iterator[tuple[str, int]]:
        """Yield where trees begin, as the file's own schema says it where it can be read."""
        todo, seen = [1], {1}
        while todo:
            try:
                page = self._page(todo.pop())
            except Unreadable:
                continue
            below = [child for child in page.children() if child not in seen]
            seen.update(below)
            todo += below
            for row in page.rows(self._fetch):
                if row is not None and len(row.values) == _SCHEMA_FIELDS:
                    name, root = row.values[1], row.values[3]
                    if isinstance(name, str) and isinstance(root, int) and root > 0:
                        yield name, root

    def _follow(self, name: str, root: int) -> list[int]:
        """Return the pages of a tree that can be read and hold rows."""
        found, todo = [], [root]
        loss = self.losses.setdefault(name, Loss())
        while todo:
            number = todo.pop()
            if number in self._seen:
                continue
            try:
                page = self._page(number)
            except Unreadable:
                loss.pages += 1
                continue
            self._seen.add(number)
            todo += page.children()
            if page.kind is not Kind.TABLE_INNER:
                found.append(number)
        return found

    # -- pages that no tree leads to ----------------------------------------------------------

    def _adopt(self) -> None:
        if not any(loss.pages for loss in self.losses.values()):
            return
        for number in self.pages.numbers():
            if number in self._seen:
                continue
            try:
                page = self._page(number)
            except Unreadable:
                continue
            owner = self._owner(page)
            if owner is not None:
                self._trees[owner.name].append(number)

    def _owner(self, page: Page) -> Table | None:
        """Return the one table that every row of a page fits; None where several could be it."""
        if page.kind is Kind.TABLE_INNER or page.cells == 0:
            return None
        rows = [row for row in page.rows(self._fetch) if row is not None]
        fitting = [table for table in self.tables if all(table.row(row) for row in rows)]
        return fitting[0] if rows and len(fitting) == 1 else None
