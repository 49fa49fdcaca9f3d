"""C: a plain aiohttp client that posts events to a bare sink, as a user would write it.

In: a sink's URL, how many calls, how many in flight. Out: a process on the `serve` processor that
makes them; the sink has the timeline. It keeps nothing on disk and tries nothing twice: what
delivery would cost if nothing were promised.
"""

import asyncio
import json
import os
import sys
from collections.abc import Iterator
from typing import Final
from uuid import uuid4

import aiohttp

from benchmarks.contract import Bench

#: Users and event codes, as many as the deliveries that it is compared with.
USERS: Final = 1000
CODE: Final = "match_won"
CAMPAIGN: Final = "camp_bench"
#: Seconds that one run may take.
_MOST: Final = 600.0
_HEADERS: Final = {
    "Authorization": "Bearer key_of_the_benchmarks",
    "X-Oncade-API-Version": "v1",
    "X-Campaign-Id": CAMPAIGN,
    "Content-Type": "application/json",
}


async def post_all(base_url: str, calls: int, in_flight: int) -> None:
    """Post `calls` events, `in_flight` at once, each answer read."""
    url = f"{base_url}/v1/campaign/{CAMPAIGN}/events"
    connector = aiohttp.TCPConnector(limit=in_flight)
    async with aiohttp.ClientSession(connector=connector, headers=_HEADERS) as session:
        left = iter(range(calls))
        async with asyncio.TaskGroup() as group:
            for _ in range(in_flight):
                group.create_task(_caller(session, url, left))


async def _caller(session: aiohttp.ClientSession, url: str, left: Iterator[int]) -> None:
    for number in left:
        body = json.dumps({"eventCode": CODE, "userRef": f"user-{number % USERS}"}).encode()
        headers = {"Idempotency-Key": str(uuid4())}
        async with session.post(url, data=body, headers=headers) as answer:
            await answer.read()
            answer.raise_for_status()


async def client(bench: Bench, base_url: str, calls: int, in_flight: int) -> None:
    """Run it as a process on `bench.serve` to its end.

    Raises:
        RuntimeError: it failed; its standard error says why.
    """
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "benchmarks.references.client",
        *(str(word) for word in (bench.serve, base_url, calls, in_flight)),
    )
    try:
        code = await asyncio.wait_for(process.wait(), _MOST)
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    if code != 0:
        raise RuntimeError(f"the plain client ended with code {code}; its standard error says why")


if __name__ == "__main__":
    os.sched_setaffinity(0, {int(sys.argv[1])})
    asyncio.run(post_all(sys.argv[2], int(sys.argv[3]), int(sys.argv[4])))
