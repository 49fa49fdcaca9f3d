"""What the API says of a link session: one call, and what its answer means.

In: a session, a campaign's link calls. Out: a `Look`. Decides nothing about time but the pauses
between looks.
"""

import random
from collections.abc import Sequence
from datetime import datetime
from typing import Final

from bridge.campaigns.failures import CallFailed
from bridge.campaigns.links import Links
from bridge.campaigns.readings import LINK_DECLINED, LINK_EXPIRED
from bridge.campaigns.schemas import LinkDetails
from bridge.errors import CampaignError
from bridge.outbox.links import Look, Session, SessionState

#: Seconds between looks; the last one repeats.
WAITS: Final[Sequence[float]] = (2, 3, 5, 5, 10, 10, 15, 30, 60)
#: Refusals of the first call that asking again won't change.
_FINAL: Final = frozenset({400, 404, 422})
#: A host that hasn't the campaign's form of the details says so with one of these.
_NO_SUCH_CALL: Final = frozenset({404, 405, 501})


async def ask(links: Links, session: Session, now: datetime, chance: random.Random) -> Look:
    """Begin a session, or look at it; never raises what the API did wrong."""
    try:
        if session.state is SessionState.STARTING:
            look = await _begin(links, session)
        else:
            look = await _look(links, session)
    except CampaignError as failure:
        look = Look(session.state, f"{failure.reason}: asked again soon")
    return _in_time(look, session, now, chance)


async def _begin(links: Links, session: Session) -> Look:
    if session.email is None:
        return Look(SessionState.FAILED, "the address was forgotten before it began")
    try:
        begun = await links.initiate(session.email, session.key)
    except CallFailed as failure:
        if failure.maybe_done or failure.status not in _FINAL:
            raise
        return Look(SessionState.FAILED, f"the API refused it: {failure.words}")
    return Look(SessionState.PENDING, "", begun.session, begun.url)


async def _look(links: Links, session: Session) -> Look:
    details = await _details(links, session.session_key or "")
    if details.user_ref is not None:
        return Look(SessionState.LINKED, user_ref=details.user_ref)
    status = details.status.lower()
    if status in LINK_DECLINED:
        return Look(SessionState.DECLINED, "the player said no")
    if status in LINK_EXPIRED:
        return Look(SessionState.EXPIRED, "nobody approved it in time")
    if details.ended:
        return Look(SessionState.FAILED, f"the API says {status}")
    return Look(SessionState.PENDING)


async def _details(links: Links, key: str) -> LinkDetails:
    try:
        return await links.details_in_campaign(key)
    except CallFailed as failure:
        if failure.status not in _NO_SUCH_CALL:
            raise
    return await links.details(key)


def _in_time(look: Look, session: Session, now: datetime, chance: random.Random) -> Look:
    """Say when to look again; a session whose time is over has expired."""
    if not look.state.is_open:
        return look
    if now >= session.ends_at:
        return Look(SessionState.EXPIRED, "nobody approved it in time")
    first = look.state is not session.state
    wait = WAITS[0 if first else min(session.looks, len(WAITS) - 1)]
    again_in = wait * (0.8 + 0.4 * chance.random())
    return Look(look.state, look.detail, look.session_key, look.url, None, again_in)
