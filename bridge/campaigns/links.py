"""Links between players and the campaign: sessions begun, looked at, decided, ended.

In: email addresses, sessions, userRefs. Out: where the player approves, and what became of it.
"""

from bridge.campaigns.readings import SESSION_CREATED, email_as_sent
from bridge.campaigns.schemas import LinkDetails, LinkSession
from bridge.campaigns.schemas.links import link_details_of, link_session_of
from bridge.campaigns.transport import Transport

_LINK = "users/link"


class Links:
    """The linking calls."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    async def initiate(self, email: str, key: str) -> LinkSession:
        """Begin a link session, or get the one that is there; the same key gives the same one.

        Raises:
            CampaignError: it was refused, nobody knows, or the answer names no session.
        """
        path = f"{self._transport.campaign}/{_LINK}/initiate"
        done = await self._transport.change("POST", path, key, {"email": email_as_sent(email)})
        return link_session_of(
            done.document,
            done.headers.get("Location"),
            self._transport.base_url,
            created=done.status == SESSION_CREATED,
        )

    async def details(self, session: str) -> LinkDetails:
        """GET a session in the global form, which has no status.

        Raises:
            CallFailed: it can't be read; `not_found` where there is no such session.
        """
        return link_details_of(await self._transport.read(f"{_LINK}/details", session=session))

    async def details_in_campaign(self, session: str) -> LinkDetails:
        """GET a session in the campaign's form, which has a status; as `details`."""
        path = f"{self._transport.campaign}/{_LINK}/details"
        return link_details_of(await self._transport.read(path, session=session))

    async def approve(self, session: str, key: str) -> None:
        """Approve a session in the player's place.

        Raises:
            CallFailed: it was refused, or `maybe_done`: nobody knows.
        """
        await self._transport.change("POST", f"{_LINK}/approve", key, {"sessionKey": session})

    async def decline(self, session: str, key: str) -> None:
        """Decline a session in the player's place; as `approve`."""
        await self._transport.change("POST", f"{_LINK}/decline", key, {"sessionKey": session})

    async def remove(self, user_ref: str, key: str) -> None:
        """End a player's link; as `approve`. (The field is in snake_case here, alone of all.)"""
        await self._transport.change("POST", f"{_LINK}/remove", key, {"user_ref": user_ref})
