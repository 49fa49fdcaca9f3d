"""Link invites: shareable links by which players link themselves. Wholly our reading.

In: what an invite shall be. Out: what it is.
"""

from collections.abc import AsyncIterator
from functools import partial

from bridge.campaigns.paging import MOST_ROWS, every_row
from bridge.campaigns.readings import INVITES, PAGE
from bridge.campaigns.schemas import Invite, InviteChange, Page
from bridge.campaigns.schemas.documents import inner
from bridge.campaigns.schemas.invites import invite_of
from bridge.campaigns.schemas.pagination import page_of
from bridge.campaigns.transport import Done, Transport, segment


class Invites:
    """The calls on a campaign's link invites.

    Each that changes something raises `CallFailed`: refused, or `maybe_done` where nobody knows.
    """

    def __init__(self, transport: Transport) -> None:
        self._transport = transport
        self._path = f"{transport.campaign}/{INVITES}"

    async def create(self, wanted: InviteChange, key: str) -> Invite:
        """POST a new invite."""
        return self._invite(await self._transport.change("POST", self._path, key, wanted.document))

    async def update(self, invite: str, change: InviteChange, key: str) -> Invite:
        """PATCH an invite's label and limits."""
        path = f"{self._path}/{segment(invite)}"
        return self._invite(await self._transport.change("PATCH", path, key, change.document))

    async def pause(self, invite: str, key: str) -> Invite:
        """Let nobody in by it until it is resumed."""
        return await self._decide(invite, "pause", key)

    async def resume(self, invite: str, key: str) -> Invite:
        """Open a paused invite again."""
        return await self._decide(invite, "resume", key)

    async def revoke(self, invite: str, key: str) -> Invite:
        """Close it for ever."""
        return await self._decide(invite, "revoke", key)

    async def listing(self, limit: int = PAGE, offset: int = 0) -> Page[Invite]:
        """GET one page of the invites.

        Raises:
            CampaignError: they can't be read.
        """
        document = await self._transport.read(self._path, limit=limit, offset=offset)
        read = partial(invite_of, base_url=self._transport.base_url)
        return page_of(inner(document, "data"), "invites", offset, read)

    def all(
        self, offset: int = 0, limit: int = PAGE, most: int = MOST_ROWS
    ) -> AsyncIterator[Invite]:
        """Yield invites from all pages, each once; raises what `every_row` raises."""
        return every_row(self.listing, lambda row: row.id, offset=offset, limit=limit, most=most)

    async def _decide(self, invite: str, decision: str, key: str) -> Invite:
        path = f"{self._path}/{segment(invite)}/{decision}"
        return self._invite(await self._transport.change("POST", path, key))

    def _invite(self, done: Done) -> Invite:
        data = inner(done.document, "data")
        return invite_of(inner(data, "invite"), self._transport.base_url)
