"""The campaign's users: each one's standing and payouts, and the list of who is linked.

In: userRefs. Out: values, pages, or all rows one after the other. Changes nothing.
"""

from collections.abc import AsyncIterator
from functools import partial

from bridge.campaigns.paging import MOST_ROWS, every_row
from bridge.campaigns.readings import PAGE, USER, USERS
from bridge.campaigns.schemas import LinkedUser, Page, Transaction, UserStanding
from bridge.campaigns.schemas.documents import inner
from bridge.campaigns.schemas.pagination import page_of
from bridge.campaigns.schemas.users import linked_user_of, transaction_of, user_standing_of
from bridge.campaigns.transport import Transport, segment


class Users:
    """The calls on a campaign's users."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    async def standing(self, user_ref: str) -> UserStanding:
        """GET how one user stands.

        Raises:
            CampaignError: they can't be read; `not_found` where the campaign doesn't know them.
        """
        document = await self._transport.read(self._user(user_ref))
        return user_standing_of(inner(document, "data"), user_ref)

    async def history(self, user_ref: str, limit: int = PAGE, offset: int = 0) -> Page[Transaction]:
        """GET one page of a user's payouts; as `standing`."""
        path = f"{self._user(user_ref)}/events"
        document = await self._transport.read(path, limit=limit, offset=offset)
        read = partial(transaction_of, asked=user_ref)
        return page_of(inner(document, "data"), "transactions", offset, read)

    def whole_history(
        self, user_ref: str, offset: int = 0, limit: int = PAGE, most: int = MOST_ROWS
    ) -> AsyncIterator[Transaction]:
        """Yield a user's payouts from all pages, each once; raises what `every_row` raises."""
        page = partial(self.history, user_ref)
        return every_row(page, lambda row: row.id, offset=offset, limit=limit, most=most)

    async def linked(self, limit: int = PAGE, offset: int = 0) -> Page[LinkedUser]:
        """GET one page of the users that are linked; as `standing`."""
        path = f"{self._transport.campaign}/{USERS}"
        document = await self._transport.read(path, limit=limit, offset=offset)
        return page_of(inner(document, "data"), "users", offset, linked_user_of)

    def all_linked(
        self, offset: int = 0, limit: int = PAGE, most: int = MOST_ROWS
    ) -> AsyncIterator[LinkedUser]:
        """Yield linked users from all pages, each once; raises what `every_row` raises."""
        return every_row(
            self.linked, lambda row: row.user_ref, offset=offset, limit=limit, most=most
        )

    def _user(self, user_ref: str) -> str:
        return f"{self._transport.campaign}/{USER}/{segment(user_ref)}"
