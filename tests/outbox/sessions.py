"""Link sessions, and short words for what becomes of them.

In: players, what a look or a webhook says. Out: sessions, links. Knows nothing of what is tested.
"""

import hashlib
from datetime import timedelta

from bridge.outbox.links import Look, NewSession, Session, SessionState
from bridge.outbox.proofs import Became, Proof, Webhook
from bridge.outbox.views import LaneTerms
from bridge.testing import START
from tests.outbox.play import ALICE, CAMPAIGN, HOUR, Play

EMAIL = "alice@example.com"
MINECRAFT = "minecraft:069a79f4-44e9-4726-a5be-fca90e38aaf5"
ONE_EACH = LaneTerms(CAMPAIGN)
PENDING = Look(SessionState.PENDING, "", "ls_1", "https://pay.example.org/1", None, 10.0)
DECLINED = Look(SessionState.DECLINED, "the player said no")
EXPIRED = Look(SessionState.EXPIRED, "nobody approved in time")
FAILED = Look(SessionState.FAILED, "the API refused it")


def linked(user_ref: str = "usr_1") -> Look:
    """Return a look that found an approval."""
    return Look(SessionState.LINKED, "", "ls_1", None, user_ref)


def new(player: str | None = ALICE, email: str = EMAIL, campaign: str = CAMPAIGN) -> NewSession:
    return NewSession(campaign, player, email, HOUR)


async def begin(play: Play, player: str | None = ALICE, email: str = EMAIL) -> Session:
    return await play.outbox.begin_session(new(player, email))


async def look(play: Play, session: Session, found: Look) -> Session:
    after = await play.outbox.look_at_session(session.id, found, "session")
    assert after is not None
    assert await play.outbox.session(session.id) == after
    return after


async def said(play: Play, proof: Proof, *, at: float | None = None) -> Became:
    """Let a webhook come, sent so many seconds after the start."""
    sent_at = None if at is None else START + timedelta(seconds=at)
    body = f"{proof} {sent_at}".encode()
    digest = hashlib.sha256(body).digest()[:16]
    return await play.outbox.receive(Webhook(digest, CAMPAIGN, "Link", sent_at, body, proof))


async def user_of(play: Play, player: str = ALICE) -> str | None:
    found = [link.user_ref for link in await play.outbox.links(player)]
    return found[0] if found else None


async def due(play: Play) -> list[int]:
    return [session.id for session in await play.outbox.sessions_due(10)]
