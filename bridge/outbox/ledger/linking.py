"""Linking: players, their userRefs, the sessions and codes by which they come about.

In: links by hand, looks at sessions, codes. Out: links kept, held entries released, in one go.
"""

import hashlib
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

from bridge.errors import CodeRefused, LinkRefused
from bridge.events import State
from bridge.outbox import life
from bridge.outbox.entry import Entry, as_millis, as_moment
from bridge.outbox.ledger import braking
from bridge.outbox.ledger.book import Book
from bridge.outbox.links import CodeFor, Link, Look, NewSession, Session, SessionState

#: Milliseconds for which a new session is left to who began it: they ask the API at once.
_LEFT_ALONE = 6000


def link(book: Book, campaign: str, player: str, user_ref: str, via: str) -> int:
    """Link a player and release what waited for it; return how many entries that were.

    Raises:
        LinkRefused: the userRef has all the players of this namespace that it may have.
    """
    _refuse_too_many(book, campaign, player, user_ref)
    known = book.rows.links.user_ref(campaign, player)
    book.rows.links.set(Link(campaign, player, user_ref, as_moment(book.now), via))
    moved = _move_open(book, campaign, player, lambda entry: _linked(book, entry, user_ref))
    if known != user_ref:
        book.note_link(via, "link", player, f"to {user_ref} in {campaign}")
    return moved


def _linked(book: Book, before: Entry, user_ref: str) -> Entry:
    after = life.linked(before, user_ref, book.now)
    freed = after.state is State.DUE and before.state is State.HELD
    return braking.linked(book, after) if freed else after


def _refuse_too_many(book: Book, campaign: str, player: str, user_ref: str) -> None:
    most = book.rows.lanes.of(campaign).per_user
    if most == 0:
        return
    namespace = player.partition(":")[0]
    others = [
        link.player
        for link in book.rows.links.of_user(campaign, user_ref)
        if link.player != player and link.player.partition(":")[0] == namespace
    ]
    if len(others) >= most:
        whom = ", ".join(others[:3])
        raise LinkRefused(f"userRef {user_ref} is linked to {whom}; it may have {most} {namespace}")


def unlink(book: Book, campaign: str, player: str, via: str) -> int:
    """Forget a link and hold what would have been sent by it; return how many entries."""
    known = book.rows.links.user_ref(campaign, player)
    book.rows.links.drop(campaign, player)
    held = _move_open(book, campaign, player, lambda entry: life.unlinked(entry, book.now))
    if known is not None:
        book.note_link(via, "unlink", player, f"from {known} in {campaign}")
    return held


def unlink_user(book: Book, campaign: str, user_ref: str, via: str, before: int) -> int:
    """Forget the links that lead to a userRef, but none that is younger than `before`."""
    links = [
        found
        for found in book.rows.links.of_user(campaign, user_ref)
        if as_millis(found.since) <= before
    ]
    for found in links:
        unlink(book, campaign, found.player, via)
    return len(links)


def _move_open(book: Book, campaign: str, player: str, change: Callable[[Entry], Entry]) -> int:
    """Change a player's open entries; return how many were released or held by it.

    Each is read again: the one before may have let it through their fence.
    """
    moved = 0
    for found in book.rows.entries.open_of(campaign, player):
        before = book.rows.entries.by_id(found.id)
        after = change(before)
        book.move(before, after)
        moved += (before.state, before.reason) != (after.state, after.reason)
    return moved


def forget(book: Book, player: str, who: str) -> int:
    """Unlink a player everywhere and erase the addresses and names kept for it."""
    links = book.rows.links.of_player(player)
    for found in links:
        unlink(book, found.campaign, player, who)
    book.rows.links.forget(player)
    book.note_link(who, "forget", player, "")
    return len(links)


def forget_strangers(book: Book, before: int) -> int:
    """Erase the addresses of sessions that ended before a time and never became a player's."""
    return book.rows.links.forget_strangers(before)


# -- sessions -------------------------------------------------------------------------------


def begin(book: Book, new: NewSession) -> Session:
    """Return the open session of this player and address, or a new one that is to be begun."""
    links = book.rows.links
    known = links.open_session(new.campaign, new.player, new.email)
    if known is not None:
        return known
    number = links.begun_before(new.campaign, new.player, new.email)
    now = as_moment(book.now)
    session = Session(
        0,
        _session_key(new, number, book.now if new.player is None else 0),
        new.campaign,
        new.player,
        new.email,
        None,
        None,
        SessionState.STARTING,
        "",
        None,
        now,
        now,
        now + timedelta(seconds=new.lives),
        0,
    )
    return links.insert_session(session, book.now + _LEFT_ALONE)


def _session_key(new: NewSession, number: int, moment: int) -> str:
    """Return the Idempotency-Key of a session: the same for each try to begin it."""
    text = "\0".join([new.campaign, new.player or "", new.email, str(number), str(moment)])
    return "link-" + hashlib.sha256(text.encode()).hexdigest()[:32]


def look(book: Book, session_id: int, found: Look, via: str) -> Session | None:
    """Take in what a look at a session found; link its player where a userRef is there."""
    session = book.rows.links.session(session_id)
    if session is None or not session.state.is_open:
        return session
    return _moved(book, session, found, via)


def said(book: Book, session: Session, found: Look, via: str) -> Session:
    """Take in what a webhook said of a session: also after it was given up, unless forgotten."""
    if session.email is None:
        return session
    if session.state is SessionState.LINKED and session.user_ref == found.user_ref:
        return session
    return _moved(book, session, found, via)


def _moved(book: Book, session: Session, found: Look, via: str) -> Session:
    after = replace(
        session,
        state=found.state,
        detail=found.detail,
        session_key=found.session_key or session.session_key,
        url=found.url or session.url,
        user_ref=found.user_ref or session.user_ref,
        updated_at=as_moment(book.now),
        looks=session.looks + 1,
    )
    if after.state is SessionState.LINKED and after.player is not None:
        after = _with_link(book, after, via)
    wait = None if found.again_in is None else book.now + round(found.again_in * 1000)
    book.rows.links.save_session(after, wait if after.state.is_open else None)
    return after


def _with_link(book: Book, session: Session, via: str) -> Session:
    try:
        link(book, session.campaign, session.player or "", session.user_ref or "", via)
    except LinkRefused as refused:
        return replace(session, state=SessionState.REFUSED, detail=str(refused))
    return session


# -- codes ----------------------------------------------------------------------------------


def code_digest(code: str) -> bytes:
    """Return the hash under which a code is kept: what letters mean doesn't hang on their case."""
    plain = "".join(char for char in code.upper() if char.isalnum())
    return hashlib.sha256(plain.encode()).digest()[:16]


def give_code(book: Book, code: str, stands_for: CodeFor, lives: float) -> None:
    """Keep a code for a while; it stands in the place of an older one."""
    ends_at = book.now + round(lives * 1000)
    book.rows.links.add_code(code_digest(code), stands_for, ends_at)


def find_code(book: Book, code: str) -> CodeFor | None:
    """Return whom a fresh code stands for."""
    return book.rows.links.code(code_digest(code), book.now)


def spend_code(book: Book, code: str) -> CodeFor | None:
    """Return whom a fresh code stands for, and end it."""
    digest = code_digest(code)
    stands_for = book.rows.links.code(digest, book.now)
    if stands_for is not None:
        book.rows.links.use_code(digest, book.now)
    return stands_for


def redeem(book: Book, code: str, player: str) -> Link:
    """Link the player who typed a code in the game to the user who was shown it.

    The same player may say it again: the answer to the first time may have been lost.

    Raises:
        CodeRefused: nobody was shown this code, or not lately.
        LinkRefused: the userRef is another player's.
    """
    digest = code_digest(code)
    session = _session_of(book, book.rows.links.code(digest, book.now))
    if session is None:
        before = _session_of(book, book.rows.links.used_code(digest))
        if before is not None:
            links = book.rows.links.of_player(player)
            for known in links:
                if (known.campaign, known.user_ref) == (before.campaign, before.user_ref):
                    return known
    if session is None or session.user_ref is None:
        raise CodeRefused("this code is unknown, was used, or is too old")
    book.rows.links.use_code(digest, book.now)
    link(book, session.campaign, player, session.user_ref, "code")
    after = replace(session, player=player, updated_at=as_moment(book.now))
    book.rows.links.save_session(after, None)
    return Link(session.campaign, player, session.user_ref, as_moment(book.now), "code")


def _session_of(book: Book, stands_for: CodeFor | None) -> Session | None:
    if stands_for is None or stands_for.session_id is None:
        return None
    return book.rows.links.session(stands_for.session_id)
