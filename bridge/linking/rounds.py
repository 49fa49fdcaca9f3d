"""The rounds over open link sessions: each is begun, looked at, and looked at again.

In: an outbox that knows the sessions, the campaigns' calls. Out: looks, kept. Many sessions cost a
bounded number of calls at once and a second; webhooks make most of them needless.
"""

import asyncio
import contextlib
import random
from datetime import timedelta
from typing import Final, Protocol

import structlog

from bridge.campaigns.apis import Apis
from bridge.errors import StoreError
from bridge.events import Clock
from bridge.linking.asking import ask
from bridge.outbox.contract import Braking, Linking
from bridge.outbox.links import Look, Session, SessionState
from bridge.settings.models import LinkingSettings

log = structlog.get_logger("linking")

#: Calls a second, over all sessions.
RATE: Final = 20.0
#: Seconds between looks at one session for which somebody waits.
HURRY_EVERY: Final = 1.0
#: Seconds to wait when the outbox can't be written, or a campaign isn't configured any more.
_STORE_PAUSE: Final = 1.0
_NO_CAMPAIGN: Final = 60.0
_EXPIRE_EVERY: Final = timedelta(hours=1).total_seconds()
#: How long the address of a session is kept that never became a player's, in seconds.
STRANGERS_KEPT: Final = timedelta(days=1).total_seconds()


class LinkingSide(Linking, Braking, Protocol):
    """What linking needs of an outbox."""


class LinkRounds:
    """Looks at open sessions until cancelled; `settings` may be replaced while it runs."""

    def __init__(
        self,
        outbox: LinkingSide,
        apis: Apis,
        settings: LinkingSettings,
        clock: Clock,
        chance: random.Random,
    ) -> None:
        self._outbox = outbox
        self._apis = apis
        self.settings = settings
        self._clock = clock
        self._chance = chance
        self._wake = outbox.watch_sessions()
        self._under_way: dict[int, asyncio.Task[None]] = {}
        self._allowance = RATE
        self._allowed_at = clock.monotonic()
        self._expired_at = self._swept_at = float("-inf")
        #: Session → when it was last looked at because somebody waited for it.
        self._hurried: dict[int, float] = {}

    def hurry(self, session: Session) -> None:
        """Look at a session at once, since somebody waits for it; not what comes too often.

        Never more than once a second, nor beyond the bounds of all looks: then the next look
        comes when it is due. Where nothing has changed, no later look is put off by it.
        """
        now = self._clock.monotonic()
        known = {id_: at for id_, at in self._hurried.items() if now - at < HURRY_EVERY}
        self._hurried = known
        if session.state is not SessionState.PENDING or session.id in {*known, *self._under_way}:
            return
        if len(self._under_way) < self.settings.concurrency and self._may_call():
            known[session.id] = now
            self._take(session, hurried=True)

    def replace(self, settings: LinkingSettings) -> None:
        """Go on by other settings, at once."""
        self.settings = settings
        self._expired_at = float("-inf")
        self._wake.set()

    async def run(self) -> None:
        """Go round until cancelled."""
        try:
            while True:
                self._wake.clear()
                await self._pause(await self._round())
        finally:
            tasks = list(self._under_way.values())
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _round(self) -> float | None:
        """Start what is due and allowed; return in how many seconds there may be more."""
        try:
            expire_in = await self._expire()
            sweep_in = await self._sweep()
            free = self.settings.concurrency - len(self._under_way)
            if free <= 0:
                return None
            due = await self._outbox.sessions_due(self.settings.concurrency)
            new = [session for session in due if session.id not in self._under_way][:free]
            for session in new:
                if not self._may_call():
                    return 1 / RATE
                self._take(session)
            if self._under_way:
                return _STORE_PAUSE
            waits = (await self._outbox.next_session_in(), expire_in, sweep_in)
            return min(wait for wait in waits if wait is not None)
        except StoreError as failure:
            log.warning("can't look", action="linking_store_failed", error=str(failure))
            return _STORE_PAUSE

    def _may_call(self) -> bool:
        now = self._clock.monotonic()
        grown = self._allowance + (now - self._allowed_at) * RATE
        self._allowance, self._allowed_at = min(RATE, grown), now
        if self._allowance < 1:
            return False
        self._allowance -= 1
        return True

    def _take(self, session: Session, *, hurried: bool = False) -> None:
        task = asyncio.create_task(self.look_at(session, hurried=hurried))
        self._under_way[session.id] = task
        task.add_done_callback(lambda _: self._done(session))

    def _done(self, session: Session) -> None:
        task = self._under_way.pop(session.id)
        self._wake.set()
        if not task.cancelled() and (failure := task.exception()) is not None:
            log.error("a look failed", action="linking_look_failed", error=repr(failure))

    async def look_at(self, session: Session, *, hurried: bool = False) -> None:
        """Ask the API about a session and keep what it says; of a `hurried` look only news."""
        api = self._apis.get(session.campaign)
        if api is None:
            look = Look(session.state, "its campaign isn't configured", again_in=_NO_CAMPAIGN)
        else:
            look = await ask(api.links, session, self._clock.now(), self._chance)
        if hurried and look.state is session.state:
            return
        after = await self._outbox.look_at_session(session.id, look, "session")
        if after is not None and after.state is not session.state:
            log.info(
                "link session",
                action="link_session",
                session=session.id,
                player=session.player,
                state=after.state.value,
            )

    async def _expire(self) -> float | None:
        """Discard what has waited for a link for too long, where the settings say so.

        Returns in how many seconds to look again; None where nothing expires.
        """
        if self.settings.held_expires is None:
            return None
        older = self.settings.held_expires.total_seconds()
        now, every = self._clock.monotonic(), min(older, _EXPIRE_EVERY)
        if now - self._expired_at < every:
            return every - (now - self._expired_at)
        self._expired_at = now
        count = await self._outbox.expire(older, "held_expires")
        if count:
            log.info("held entries discarded", action="held_expired", entries=count)
        return every

    async def _sweep(self) -> float:
        """Forget whose sessions ended a day ago and became no player's; return when to again."""
        now = self._clock.monotonic()
        if now - self._swept_at >= _EXPIRE_EVERY:
            self._swept_at = now
            count = await self._outbox.forget_strangers(STRANGERS_KEPT)
            if count:
                log.info("addresses erased", action="strangers_forgotten", sessions=count)
        return _EXPIRE_EVERY - (now - self._swept_at)

    async def _pause(self, seconds: float | None) -> None:
        if seconds is not None and seconds <= 0:
            await asyncio.sleep(0)
            return
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._wake.wait()
