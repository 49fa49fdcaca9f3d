"""Link sessions and what has become of them.

In: JSON of the link calls, bare objects without a wrapper. Out: values.
"""

from bridge.campaigns.readings import LINK_ENDED, NO_USER
from bridge.campaigns.schemas.documents import Document, needed, text, web_url
from bridge.errors import CampaignError
from bridge.record import record


@record
class LinkSession:
    """Where a player approves a link, and the session that is polled.

    `created` is False where the API says that the session was there before; that doesn't say
    that anybody is linked.
    """

    url: str
    session: str
    created: bool


@record
class LinkDetails:
    """A link session as either form of the call tells it; `status` is empty in the global one."""

    user_ref: str | None
    email: str
    status: str = ""
    name: str = ""

    @property
    def linked(self) -> bool:
        """Whether the player has approved."""
        return self.user_ref is not None

    @property
    def ended(self) -> bool:
        """Whether nobody will link through this session any more."""
        return not self.linked and self.status.lower() in LINK_ENDED


def link_session_of(
    document: Document, location: str | None, base_url: str, *, created: bool
) -> LinkSession:
    """Read the answer of POST …/users/link/initiate; the URL may stand in `Location` alone.

    Raises:
        CampaignError: there is no session key, or no URL of the web.
    """
    url = web_url(document.get("url"), base_url) or web_url(location, base_url)
    if url is None:
        raise CampaignError("the answer holds no URL that a player could open")
    return LinkSession(url, needed(document, "sessionKey"), created)


def link_details_of(document: Document) -> LinkDetails:
    """Read either form of the details; whatever is no userRef says that nobody is linked."""
    user_ref = document.get("userRef")
    linked = isinstance(user_ref, str) and user_ref not in NO_USER
    return LinkDetails(
        user_ref if linked and isinstance(user_ref, str) else None,
        text(document.get("prefilledEmail")),
        text(document.get("status")),
        text(document.get("campaignName")) or text(document.get("gameName")),
    )
