"""One page of a list, and what the API says of the rest.

In: the `pagination` of an answer. Out: a page. What it says of the rest is not believed blindly:
see `bridge.campaigns.paging`.
"""

from collections.abc import Callable
from typing import Generic, TypeVar

from bridge.campaigns.schemas.documents import Document, count, rows
from bridge.record import record

T = TypeVar("T")


@record
class Page(Generic[T]):
    """Some rows of a list; `total` and `has_more` are None where the API doesn't say."""

    rows: tuple[T, ...]
    offset: int
    total: int | None = None
    has_more: bool | None = None


def page_of(document: Document, name: str, offset: int, read: Callable[[Document], T]) -> Page[T]:
    """Read one page of the list `name`.

    Raises:
        CampaignError: there is no such list, or `read` finds a row that can't be used.
    """
    told = document.get("pagination")
    pagination = told if isinstance(told, dict) else {}
    more = pagination.get("hasMore")
    return Page(
        tuple(map(read, rows(document, name))),
        offset,
        count(pagination.get("total")),
        more if isinstance(more, bool) else None,
    )
