"""A list that comes in pages, read to its end, whatever the API says of its length.

In: a way to read one page. Out: rows, each once. Ends for certain: an answer that says for ever
that there is more is found out.
"""

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import TypeVar

from bridge.campaigns.readings import PAGE
from bridge.campaigns.schemas import Page
from bridge.errors import CampaignError

T = TypeVar("T")

#: Rows of one list after which it is taken for endless.
MOST_ROWS = 1_000_000
#: Pages in a row without a new row. While one page is read, new rows may push old ones onto the
#: next; more than that is an API that always gives the same page.
_STALE = 3


async def every_row(
    page: Callable[[int, int], Awaitable[Page[T]]],
    name: Callable[[T], str],
    *,
    offset: int = 0,
    limit: int = PAGE,
    most: int = MOST_ROWS,
) -> AsyncIterator[T]:
    """Yield each row from `offset` on; `name` tells rows apart, "" where that isn't possible.

    Neither `hasMore` nor `total` is believed alone: the list ends with an empty page, or where
    both agree that it does. A list that shrinks while it is read may hide rows.

    Raises:
        CampaignError: a page can't be read, or the list doesn't end.
    """
    seen: set[str] = set()
    last: tuple[T, ...] = ()
    begun, yielded, stale = offset, 0, 0
    while yielded < most:
        found = await page(limit, offset)
        fresh = () if found.rows == last else _unseen(found.rows, name, seen)
        for row in fresh:
            yield row
        yielded += len(fresh)
        last, offset, stale = found.rows, offset + len(found.rows), 0 if fresh else stale + 1
        if _is_last(found, limit) or (stale and _all_was_seen(found, begun + yielded)):
            return
        if stale >= _STALE:
            raise CampaignError("the list doesn't end: its pages repeat themselves")
    raise CampaignError(f"the list doesn't end: {yielded} rows were read")


def _unseen(rows: tuple[T, ...], name: Callable[[T], str], seen: set[str]) -> list[T]:
    """Return the rows that are new, and note their names."""
    fresh = []
    for row in rows:
        named = name(row)
        if not named or named not in seen:
            fresh.append(row)
            seen.add(named)
    return fresh


def _is_last(found: Page[T], limit: int) -> bool:
    if not found.rows:
        return True
    reached = found.total is None or found.offset + len(found.rows) >= found.total
    if found.has_more is None:
        return reached and len(found.rows) < limit
    return reached and not found.has_more


def _all_was_seen(found: Page[T], seen: int) -> bool:
    """Whether a page that brought nothing new is the end: as many were seen as there are."""
    return not found.has_more if found.total is None else seen >= found.total
