"""Links of users: begun by a campaign, approved or declined by the player, removed.

In: books within a transaction. Out: sessions and users, with the webhooks that tell of them.
Knows nothing of HTTP.

```text
           initiate            approve
 (email) ──────────▶ pending ─────────▶ approved ── remove ──▶ (the user is removed;
                      │    └─ decline ─▶ declined               the same email has the
                      └─ time is over ─▶ expired                same userRef again)
```
"""

import secrets

from bridge.sandbox.answers import Json, Refused
from bridge.sandbox.books import Books
from bridge.sandbox.books.sessions import LinkSession
from bridge.sandbox.books.users import User
from bridge.sandbox.readings import (
    SESSION_OVER,
    SESSION_PREFIX,
    UNKNOWN_SESSION,
    UNKNOWN_USER,
    USER_PREFIX,
    Hook,
    LinkState,
)
from bridge.sandbox.webhooks.announcing import announce


def same_email(email: str) -> str:
    """Return the form in which email addresses are compared."""
    return email.strip().lower()


def initiate(
    books: Books, campaign_id: str, email: str, key: str | None, lifetime: float
) -> tuple[LinkSession, bool]:
    """Begin a link, or return the session that is pending or has linked this email already.

    The second value says whether the session is new.
    """
    email = same_email(email)
    latest = books.sessions.latest_of_email(campaign_id, email)
    if latest is not None and _still_good(books, latest):
        return latest, False
    session = LinkSession(
        SESSION_PREFIX + secrets.token_urlsafe(24),
        campaign_id,
        email,
        LinkState.PENDING,
        user_ref=None,
        invite_id=None,
        idempotency_key=key,
        created_at=books.time,
        expires_at=books.now + int(lifetime * 1000),
        decided_at=None,
    )
    books.sessions.add(session)
    _tell(books, session, Hook.LINK_STARTED, None)
    return session, True


def _still_good(books: Books, session: LinkSession) -> bool:
    state = session.state_at(books.now)
    if state is LinkState.APPROVED and session.user_ref is not None:
        user = books.users.find(session.campaign_id, session.user_ref)
        return user is not None and user.linked
    return state is LinkState.PENDING


def session(books: Books, session_key: str) -> LinkSession:
    """Return a session.

    Raises:
        Refused: 404.
    """
    known = books.sessions.find(session_key)
    if known is None:
        raise Refused(UNKNOWN_SESSION)
    return known


def approve(books: Books, session_key: str) -> str:
    """Link the session's player; approving again changes nothing. Return the userRef.

    Raises:
        Refused: 404, or 400 where it was declined or is over.
    """
    known = session(books, session_key)
    state = known.state_at(books.now)
    if state is LinkState.APPROVED and known.user_ref is not None:
        return known.user_ref
    if state is not LinkState.PENDING:
        raise Refused(SESSION_OVER, f"it is {state}")
    user_ref = enrol(books, known.campaign_id, known.email)
    books.sessions.decide(session_key, LinkState.APPROVED, user_ref)
    _tell(books, known, Hook.LINK_SUCCEEDED, user_ref)
    return user_ref


def decline(books: Books, session_key: str) -> None:
    """Decline a session; declining again changes nothing.

    Raises:
        Refused: 404, or 400 where it was approved or is over.
    """
    known = session(books, session_key)
    state = known.state_at(books.now)
    if state is LinkState.DECLINED:
        return
    if state is not LinkState.PENDING:
        raise Refused(SESSION_OVER, f"it is {state}")
    books.sessions.decide(session_key, LinkState.DECLINED)
    _tell(books, known, Hook.LINK_CANCELED, None)


def expire(books: Books) -> bool:
    """End the sessions whose time is over, and tell of them; whether there were any."""
    over = books.sessions.over()
    for each in over:
        books.sessions.decide(each.session_key, LinkState.EXPIRED)
        _tell(books, each, Hook.LINK_FAILED, None)
    return bool(over)


def enrol(books: Books, campaign_id: str, email: str, invite_id: str | None = None) -> str:
    """Link the user with an email, who keeps the userRef of before; return it."""
    known = books.users.of_email(campaign_id, email)
    user_ref = known.user_ref if known else USER_PREFIX + secrets.token_hex(8)
    books.users.link(campaign_id, user_ref, email, invite_id)
    return user_ref


def remove(books: Books, campaign_id: str, user_ref: str, key: str | None) -> None:
    """End a link.

    Raises:
        Refused: 404, there is none.
    """
    if not books.users.remove(campaign_id, user_ref):
        raise Refused(UNKNOWN_USER)
    announce(books, campaign_id, Hook.LINK_REMOVED, {"user_ref": user_ref}, key)


def known_user(books: Books, campaign_id: str, user_ref: str) -> User:
    """Return a user who is linked or was.

    Raises:
        Refused: 404.
    """
    user = books.users.find(campaign_id, user_ref)
    if user is None:
        raise Refused(UNKNOWN_USER)
    return user


def _tell(books: Books, about: LinkSession, hook: Hook, user_ref: str | None) -> None:
    data: dict[str, Json] = {"sessionKey": about.session_key, "user_ref": user_ref}
    if about.invite_id is not None:
        data["inviteId"] = about.invite_id
    announce(books, about.campaign_id, hook, data, about.idempotency_key)


def tell_enrolled(books: Books, about: LinkSession) -> None:
    """Tell of a session that was approved from its beginning: an invite's."""
    _tell(books, about, Hook.LINK_SUCCEEDED, about.user_ref)
