"""What aiohttp does when nothing is kept (E): parse, validate with pydantic, answer, forget.

In: a `Bench`. Out: a process on its `serve` processor with stock asyncio, which answers each event
with its own bytes. One made with `python -m benchmarks.references.echo` ends when its standard
input does. Knows nothing of the bridge.
"""

import asyncio
import os
import sys
from contextlib import AbstractAsyncContextManager
from typing import Any, Final

from aiohttp import web
from pydantic import BaseModel, ConfigDict, ValidationError

from benchmarks.contract import Bench
from benchmarks.references.serving import serving

#: Seconds after which it ends by itself.
LIFE: Final = 4 * 3600


class Event(BaseModel):
    """An event as a game posts it."""

    model_config = ConfigDict(extra="forbid")

    player: str
    achievement: str
    id: str | None = None
    details: dict[str, Any] = {}


async def answer(request: web.Request) -> web.Response:
    """Take one event, validate it, and say it again; 422 where it is none."""
    body = await request.read()
    try:
        Event.model_validate_json(body)
    except ValidationError as problem:
        return web.Response(status=422, text=str(problem))
    return web.Response(body=body, content_type="application/json")


def echo(bench: Bench) -> AbstractAsyncContextManager[tuple[str, int]]:
    """Run it on `bench.serve` as long as this is entered; its address is yielded."""
    return serving(bench, "benchmarks.references.echo")


async def serve(life: float = LIFE) -> None:
    """Answer on a free port of loopback, say which, and end with the standard input."""
    loop = asyncio.get_running_loop()
    app = web.Application()
    app.router.add_post("/v1/achievements", answer)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0, backlog=1024).start()
    reader = asyncio.StreamReader()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    sys.stdout.write(f"{runner.addresses[0][1]}\n")
    sys.stdout.flush()
    try:
        await asyncio.wait_for(reader.read(), life)
    except TimeoutError:
        sys.stderr.write("the echo's time is over\n")
    await runner.cleanup()


if __name__ == "__main__":
    os.sched_setaffinity(0, {int(sys.argv[1])})
    asyncio.run(serve())
