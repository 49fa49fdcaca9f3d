"""Link invites: shareable links by which players link themselves, each counted and attributed.

In: books within a transaction. Out: invites, enrolments. Knows nothing of HTTP. All of it is our
reading: Oncade documents the feature, `maxUses`, `expiresAt`, the label, pause and revoke.
"""

import secrets
from dataclasses import dataclass, replace

from bridge.sandbox.answers import Refused
from bridge.sandbox.books import Books
from bridge.sandbox.books.invites import Invite
from bridge.sandbox.books.sessions import LinkSession
from bridge.sandbox.linking import enrol, same_email, tell_enrolled
from bridge.sandbox.readings import (
    INVITE_CLOSED,
    INVITE_FIXED,
    INVITE_PREFIX,
    SESSION_PREFIX,
    UNKNOWN_INVITE,
    InviteState,
    LinkState,
)


@dataclass(frozen=True, slots=True)
class Terms:
    """What an owner says of an invite; `expires_at` is text as the API writes times."""

    label: str
    max_uses: int | None
    expires_at: str | None


def create(books: Books, campaign_id: str, terms: Terms) -> Invite:
    """Make an invite."""
    invite = Invite(
        INVITE_PREFIX + secrets.token_hex(8),
        campaign_id,
        secrets.token_urlsafe(18),
        terms.label,
        InviteState.ACTIVE,
        terms.max_uses,
        0,
        terms.expires_at,
        books.time,
        books.time,
    )
    books.invites.add(invite)
    return invite


def invite(books: Books, campaign_id: str, invite_id: str) -> Invite:
    """Return an invite.

    Raises:
        Refused: 404.
    """
    known = books.invites.find(campaign_id, invite_id)
    if known is None:
        raise Refused(UNKNOWN_INVITE)
    return known


def update(books: Books, known: Invite, terms: Terms) -> Invite:
    """Change label and limits.

    Raises:
        Refused: 400, it was revoked, or `maxUses` is below the uses so far.
    """
    if known.state is InviteState.REVOKED:
        raise Refused(INVITE_FIXED, "it was revoked")
    if terms.max_uses is not None and terms.max_uses < known.uses:
        raise Refused(INVITE_FIXED, f"it was used {known.uses} times already")
    return _saved(
        books,
        replace(known, label=terms.label, max_uses=terms.max_uses, expires_at=terms.expires_at),
    )


def pause(books: Books, known: Invite) -> Invite:
    """Let nobody use it until it is resumed.

    Raises:
        Refused: 400, it was revoked.
    """
    return _decided(books, known, InviteState.PAUSED)


def resume(books: Books, known: Invite) -> Invite:
    """Let players use it again, within its limits.

    Raises:
        Refused: 400, it was revoked.
    """
    return _decided(books, known, InviteState.ACTIVE)


def revoke(books: Books, known: Invite) -> Invite:
    """End it for good."""
    return _saved(books, replace(known, state=InviteState.REVOKED))


def of_token(books: Books, token: str) -> Invite:
    """Return the invite of a player's link.

    Raises:
        Refused: 404.
    """
    known = books.invites.of_token(token)
    if known is None:
        raise Refused(UNKNOWN_INVITE)
    return known


def use(books: Books, token: str, email: str) -> str:
    """Enrol a player; one who is linked already uses nothing up. Return the userRef.

    Look and count are one transaction, so that of two last uses at once one is refused.

    Raises:
        Refused: 404, or 410 where it is not active at this instant.
    """
    known = of_token(books, token)
    email = same_email(email)
    before = books.users.of_email(known.campaign_id, email)
    if before is not None and before.linked:
        return before.user_ref
    state = known.state_at(books.now)
    if state is not InviteState.ACTIVE:
        raise Refused(INVITE_CLOSED, f"it is {state}")
    books.invites.use(known.id)
    user_ref = enrol(books, known.campaign_id, email, known.id)
    session = LinkSession(
        SESSION_PREFIX + secrets.token_urlsafe(24),
        known.campaign_id,
        email,
        LinkState.APPROVED,
        user_ref,
        known.id,
        idempotency_key=None,
        created_at=books.time,
        expires_at=books.now,
        decided_at=books.time,
    )
    books.sessions.add(session)
    tell_enrolled(books, session)
    return user_ref


def _decided(books: Books, known: Invite, state: InviteState) -> Invite:
    if known.state is InviteState.REVOKED:
        raise Refused(INVITE_FIXED, "it was revoked")
    return _saved(books, replace(known, state=state))


def _saved(books: Books, changed: Invite) -> Invite:
    books.invites.save(changed)
    return replace(changed, updated_at=books.time)
