"""A bad road for webhooks: they are lost, doubled, late and out of order.

In: the sandbox's webhooks. Out: what of them reaches the bridge. The sandbox is told 200 even of
the lost ones, so it never sends them again.
"""

import asyncio
import random
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import aiohttp
from aiohttp import web

#: What becomes of a webhook; those that aren't named here arrive at once.
_FATES = ("lost", "doubled", "late", "straight")
_LATEST = 1.5


@dataclass(slots=True)
class BadRoad:
    """Stands between the sandbox and the bridge; `url` is where the sandbox posts."""

    to: str
    chance: random.Random
    session: aiohttp.ClientSession
    url: str = ""
    fates: Counter[str] = field(default_factory=Counter)
    under_way: set[asyncio.Task[None]] = field(default_factory=set)

    async def take(self, request: web.Request) -> web.Response:
        body, fate = await request.read(), self.chance.choice(_FATES)
        self.fates[fate] += 1
        for _ in range({"lost": 0, "doubled": 2}.get(fate, 1)):
            wait = self.chance.uniform(0, _LATEST) if fate == "late" else 0.0
            task = asyncio.create_task(self._pass_on(dict(request.headers), body, wait))
            self.under_way.add(task)
            task.add_done_callback(self.under_way.discard)
        return web.Response()

    async def _pass_on(self, headers: dict[str, str], body: bytes, wait: float) -> None:
        kept = {name: value for name, value in headers.items() if name.startswith("X-")}
        kept["Content-Type"] = "application/json"
        await asyncio.sleep(wait)
        try:
            async with self.session.post(self.to, data=body, headers=kept) as answer:
                self.fates[f"answered {answer.status}"] += 1
        except (aiohttp.ClientError, TimeoutError, OSError):
            self.fates["nobody there"] += 1  # the daemon has just been killed: lost as well


@asynccontextmanager
async def bad_road(to: str, chance: random.Random) -> AsyncIterator[BadRoad]:
    """Open the road to the bridge's webhook call at `to`."""
    async with aiohttp.ClientSession() as session:
        road = BadRoad(to, chance, session)
        app = web.Application()
        app.router.add_post("/hook", road.take)
        runner = web.AppRunner(app, access_log=None)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        road.url = f"http://127.0.0.1:{runner.addresses[0][1]}/hook"
        try:
            yield road
        finally:
            await runner.cleanup()
            await asyncio.gather(*road.under_way)
