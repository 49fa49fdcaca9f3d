"""Linking as games, the page and the daemon use it.

In: players, e-mail addresses, codes. Out: sessions and codes, kept. Runs the rounds that find out
what became of them.
"""

import asyncio
import random
import re
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from datetime import datetime
from typing import Final

from bridge.campaigns.apis import Apis
from bridge.campaigns.readings import email_as_sent
from bridge.errors import FieldProblem, MessageRejected
from bridge.events import Clock
from bridge.linking.codes import new_code
from bridge.linking.rounds import LinkingSide, LinkRounds
from bridge.outbox.links import CodeFor, NewSession, Session, SessionState
from bridge.settings.models import LinkingSettings, LinkPageSettings

#: Seconds that a caller waits for the API to begin a session; the rounds go on with it.
_PATIENCE: Final = 5.0
_EMAIL: Final = re.compile(r"[^@\s\x00-\x1f\x7f]+@[^@\s\x00-\x1f\x7f]+")
_LONGEST_EMAIL: Final = 254


class Linker:
    """Begins link sessions and gives codes. `page` may be replaced while it runs."""

    def __init__(
        self,
        outbox: LinkingSide,
        rounds: LinkRounds,
        page: LinkPageSettings,
        clock: Clock,
        chance: random.Random,
    ) -> None:
        self._outbox = outbox
        self._rounds = rounds
        self._clock = clock
        self._chance = chance
        self.page = page

    def replace(self, settings: LinkingSettings) -> None:
        """Go on by other settings."""
        self._rounds.replace(settings)

    # -- sessions ---------------------------------------------------------------------------

    async def begin(self, campaign: str, player: str | None, email: str) -> Session:
        """Begin a link session, or return the open one of this player and address.

        It is on disk first, and asked for under its own key again and again: where the API can't
        be reached it stays `starting`, without a URL.

        Raises:
            MessageRejected: this is no e-mail address.
            StoreError: the disk refused.
        """
        lives = self._rounds.settings.session_lives.total_seconds()
        address = checked_email(email)
        session = await self._outbox.begin_session(NewSession(campaign, player, address, lives))
        if session.state is not SessionState.STARTING:
            return session
        with suppress(TimeoutError):
            async with asyncio.timeout(_PATIENCE):
                await self._rounds.look_at(session)
        return await self._outbox.session(session.id) or session

    async def session(self, session_id: int) -> Session | None:
        """Return one session as it stands."""
        return await self._outbox.session(session_id)

    async def newest(self, player: str) -> Session | None:
        """Return a player's newest session."""
        return next(iter(await self._outbox.sessions(player, 1)), None)

    async def hurry(self, player: str) -> None:
        """Have a player's open session looked at now: somebody waits for it."""
        session = await self.newest(player)
        if session is not None:
            self._rounds.hurry(session)

    # -- codes ------------------------------------------------------------------------------

    @property
    def page_url(self) -> str | None:
        """Where players find the public page, None where there is none."""
        page = self.page
        if page.listen is None or page.public_url is None:
            return None
        return f"{page.public_url.rstrip('/')}/link"

    async def code_for_player(self, campaign: str, player: str) -> tuple[str, datetime]:
        """Return a fresh code that the player takes to the page, and when it ends."""
        return await self._code(CodeFor(campaign, player=player))

    async def code_for_session(self, session: Session) -> tuple[str, datetime]:
        """Return a fresh code that the player of an approved session types in the game."""
        return await self._code(CodeFor(session.campaign, session_id=session.id))

    async def _code(self, stands_for: CodeFor) -> tuple[str, datetime]:
        code, lives = new_code(self._chance), self.page.code_lives
        await self._outbox.give_code(code, stands_for, lives.total_seconds())
        return code, self._clock.now() + lives

    async def find_code(self, code: str) -> CodeFor | None:
        """Return whom a fresh code stands for, and leave it fresh."""
        return await self._outbox.find_code(code)

    async def begin_by_code(self, code: str, email: str) -> Session | None:
        """Begin the session of the player whom a code stands for; None where it is no good.

        Raises:
            MessageRejected: this is no e-mail address; the code stays fresh.
            StoreError: the disk refused.
        """
        checked_email(email)
        found = await self._outbox.find_code(code)
        if found is None or found.player is None:
            return None
        spent = await self._outbox.spend_code(code)
        if spent is None or spent.player is None:
            return None
        return await self.begin(spent.campaign, spent.player, email)


def checked_email(email: object) -> str:
    """Return an address as it is sent; raises `MessageRejected` where it is none."""
    text = email_as_sent(email) if isinstance(email, str) else ""
    if len(text) > _LONGEST_EMAIL or not text.isprintable() or not _EMAIL.fullmatch(text):
        detail = "must be an e-mail address"
        raise MessageRejected(f"email {detail}", fields=[FieldProblem("/email", detail)])
    return text


@asynccontextmanager
async def linking(
    outbox: LinkingSide,
    apis: Apis,
    settings: LinkingSettings,
    page: LinkPageSettings,
    clock: Clock,
    on_death: "Callable[[asyncio.Task[None]], None]",
) -> AsyncIterator[Linker]:
    """Run the rounds as long as this is entered; `on_death` hears of their end."""
    chance = random.SystemRandom()
    rounds = LinkRounds(outbox, apis, settings, clock, chance)
    task = asyncio.create_task(rounds.run())
    task.add_done_callback(on_death)
    try:
        yield Linker(outbox, rounds, page, clock, chance)
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
