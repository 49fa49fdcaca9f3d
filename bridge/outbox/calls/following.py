"""What sources are remembered on.

In: the contract's calls. Out: their answers. Each is one transaction on the ledger, or one look.
"""

from collections.abc import Mapping, Sequence

from bridge.outbox.calls.store import Store
from bridge.outbox.ledger import (
    following,
)
from bridge.outbox.views import (
    AsideView,
    RememberedSource,
    SourceState,
)


class Following(Store):
    """What sources are remembered on."""

    async def source(self, name: str, part: str = "") -> SourceState | None:
        """Return what a source has come to; see the contract."""
        return await self.look(lambda rows: rows.sources.state(name, part), at_once=True)

    async def parts(self, name: str) -> Mapping[str, str]:
        """Return the places of a source's state files."""
        return await self.look(lambda rows: rows.sources.parts(name), at_once=True)

    async def remembered_sources(self) -> Sequence[RememberedSource]:
        """Return the sources that were ever adopted."""
        return await self.look(lambda rows: rows.sources.known(), at_once=True)

    async def adopt_sources(self, scopes: Mapping[str, str]) -> None:
        """Remember sources and the scopes of their ids."""
        await self.change(lambda book: following.adopt(book, scopes), at_once=True)

    async def asides(self, name: str, limit: int = 100) -> Sequence[AsideView]:
        """Return messages that were kept aside, oldest first."""
        return await self.look(lambda rows: rows.sources.asides(name, limit), at_once=True)

    async def drop_aside(self, number: int) -> None:
        """Forget a message that was kept aside."""
        await self.change(lambda book: book.rows.sources.drop_aside(number))
