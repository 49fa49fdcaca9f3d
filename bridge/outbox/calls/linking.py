"""Which player is whom, and how that came about.

In: the contract's calls. Out: their answers. Each is one transaction on the ledger, or one look.
"""

import asyncio
from collections.abc import Sequence

from bridge.outbox import reading
from bridge.outbox.calls.store import Store, seconds_until
from bridge.outbox.ledger import (
    linking,
)
from bridge.outbox.ledger.book import Book
from bridge.outbox.links import CodeFor, Link, Look, NewSession, Session
from bridge.outbox.views import Note


class Linking(Store):
    """Which player is whom, and how that came about."""

    async def link(self, campaign: str, player: str, user_ref: str, via: str) -> int:
        """Link a player and release what waited; see the contract."""
        released = await self.change(
            lambda book: linking.link(book, campaign, player, user_ref, via)
        )
        self._wake([campaign])
        return released

    async def unlink(self, campaign: str, player: str, via: str) -> int:
        """Forget a link and hold what waits; see the contract."""
        held = await self.change(lambda book: linking.unlink(book, campaign, player, via))
        self._wake([campaign])  # it may have let others through a fence
        return held

    async def links(self, player: str | None = None) -> Sequence[Link]:
        """Return the links of one player, or all."""
        return await self.look(lambda rows: reading.links(rows, player))

    async def link_notes(self, player: str, limit: int = 20) -> Sequence[Note]:
        """Return what became of a player's links, newest first."""
        return await self.look(lambda rows: reading.link_notes(rows, player, limit))

    async def forget(self, player: str, who: str) -> int:
        """Unlink a player and erase what names a person; see the contract."""
        forgotten = await self.change(lambda book: linking.forget(book, player, who), erases=True)
        self._wake()
        return forgotten

    async def forget_strangers(self, after: float) -> int:
        """Erase the addresses of sessions that never became a player's; see the contract."""
        before = self._clock.now() - round(after * 1000)
        if not await self.look(lambda rows: rows.links.strangers(before)):
            return 0
        return await self.change(lambda book: linking.forget_strangers(book, before), erases=True)

    async def begin_session(self, new: NewSession) -> Session:
        """Return the open session, else a new one; see the contract."""
        session = await self.change(lambda book: linking.begin(book, new), grows=True)
        self._sessions.set()
        return session

    async def look_at_session(self, session_id: int, found: Look, via: str) -> Session | None:
        """Take in what a look found; see the contract."""
        session = await self.change(lambda book: linking.look(book, session_id, found, via))
        if session is not None:
            self._wake([session.campaign])
        self._sessions.set()
        return session

    async def sessions_due(self, limit: int) -> Sequence[Session]:
        """Return the sessions to be looked at now."""
        now = self._clock.now()
        return await self.look(lambda rows: rows.links.sessions_due(now, limit))

    async def next_session_in(self) -> float | None:
        """Return when a session is to be looked at, in seconds."""
        now = self._clock.now()
        return seconds_until(await self.look(lambda rows: rows.links.next_session_look()), now)

    async def sessions(self, player: str, limit: int = 20) -> Sequence[Session]:
        """Return a player's sessions, newest first."""
        return await self.look(lambda rows: rows.links.sessions_of(player, limit))

    async def session(self, session_id: int) -> Session | None:
        """Return one session."""
        return await self.look(lambda rows: rows.links.session(session_id))

    def watch_sessions(self) -> asyncio.Event:
        """Return the event that says that a session may have to be looked at."""
        return self._sessions

    async def give_code(self, code: str, stands_for: CodeFor, lives: float) -> None:
        """Keep a code for a while; see the contract."""
        await self.change(lambda book: linking.give_code(book, code, stands_for, lives), grows=True)

    async def find_code(self, code: str) -> CodeFor | None:
        """Return whom a fresh code stands for."""
        now = self._clock.now()
        return await self.look(lambda rows: linking.find_code(Book(rows, now), code))

    async def spend_code(self, code: str) -> CodeFor | None:
        """Return whom a fresh code stands for, and end it."""
        return await self.change(lambda book: linking.spend_code(book, code))

    async def redeem(self, code: str, player: str) -> Link:
        """Link the player who typed a code; see the contract."""
        link = await self.change(lambda book: linking.redeem(book, code, player))
        self._wake([link.campaign])
        return link
