"""A listener for webhooks on a real socket, an outbox behind it, and the API that signs.

In: what the API says. Out: answers, and what is on disk. Knows nothing of what is tested.
"""

import sqlite3
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import aiohttp

from bridge.control import health
from bridge.control.webhooks import PATH, Receiver, routes
from bridge.events import State
from bridge.intake.listen import http_listening, public_application
from bridge.outbox.store import SqliteOutbox, open_outbox
from bridge.outbox.views import Listing
from bridge.sandbox.readings import Hook
from bridge.sandbox.webhooks.announcing import envelope
from bridge.sandbox.webhooks.signature import HEADER, sign
from tests.outbox.play import CAMPAIGN, Play, entry
from tests.support.clock import FakeClock

SECRET, OLD_SECRET, OTHER_SECRET = "s3cret-of-one", "s3cret-of-yore", "s3cret-of-two"
OTHER = "camp_2"

OLDEST = timedelta(days=2)

CANARY = "canary-7b1f"


@dataclass(frozen=True, slots=True)
class Reply:
    """What the sender of a webhook hears."""

    status: int
    json: Any

    @property
    def became(self) -> str:
        assert self.status == 200, self.json
        return str(self.json["became"])

    @property
    def code(self) -> str:
        return str(self.json["type"]).rpartition(":")[2]


@dataclass
class Door:
    """A listener for webhooks and the outbox behind it."""

    play: Play
    outbox: SqliteOutbox
    receiver: Receiver
    path: Path
    port: int
    session: aiohttp.ClientSession

    @property
    def clock(self) -> FakeClock:
        return self.play.clock

    async def post(
        self, body: bytes, signature: str | None, headers: Mapping[str, str] | None = None
    ) -> Reply:
        named = dict(headers or {}) | ({} if signature is None else {HEADER: signature})
        url = f"http://127.0.0.1:{self.port}{PATH}"
        async with self.session.post(url, data=body, headers=named) as answer:
            return Reply(answer.status, await answer.json(content_type=None))

    async def hears(self, body: bytes, secret: str = SECRET) -> Reply:
        """Let a genuine webhook come."""
        return await self.post(body, sign(secret, body))

    def said(self, hook: Hook = Hook.EVENT_PAID, key: UUID | None = None, **data: Any) -> bytes:
        """Write a webhook as the API does, by today's clock."""
        now = round(self.clock.now().timestamp() * 1000)
        payout = {"user_ref": "usr_1", "eventCode": "EARN5", "transactionId": f"tx-{key}"}
        told = payout | data if hook in {Hook.EVENT_PAID, Hook.EVENT_FAILED} else data
        return envelope(now, CAMPAIGN, hook, told, None if key is None else str(key))

    def inbox(self) -> list[tuple[str, str, str, bytes]]:
        """Return the inbox as another process sees it: what is committed."""
        db = sqlite3.connect(f"file:{self.path}?mode=ro", uri=True)
        rows = db.execute("SELECT campaign, event, became, body FROM inbox").fetchall()
        db.close()
        return rows

    async def accepted(self, number: int = 1) -> UUID:
        """Return the key of an entry that the API has taken."""
        key = await self.play.put(entry(number))
        await self.play.accept(await self.play.claim())
        return key

    async def states(self) -> list[State]:
        views = await self.outbox.listing(Listing(limit=1000))
        return [view.state for view in reversed(views)]


@asynccontextmanager
async def door_in(folder: Path, secrets: Mapping[str, Sequence[str]]) -> AsyncIterator[Door]:
    clock = FakeClock()
    path = folder / "outbox.db"
    async with open_outbox(path, clock) as outbox, aiohttp.ClientSession() as session:
        receiver = Receiver(outbox, secrets, OLDEST, clock)
        app = public_application([*routes(receiver), *health.alive()])
        async with http_listening(app, "127.0.0.1:0", linger=0.2, section="webhooks") as bound:
            port = bound.tcp[0][1]
            yield Door(Play(outbox, clock), outbox, receiver, path, port, session)
