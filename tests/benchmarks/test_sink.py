"""The sink that stands for the API: each key is paid once, a daemon's questions are answered."""

import asyncio
import os
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest

from benchmarks.contract import Bench
from benchmarks.references.client import client
from benchmarks.references.sink import EVERY, Ledger, Sink, middle, sink
from bridge.campaigns.api import campaign_api
from bridge.settings.models import DeliverySettings

CAMPAIGN = "camp_bench"


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    core = min(os.sched_getaffinity(0))
    return Bench(tmp_path, quick=True, pairs=1, serve=core, load=core)


@pytest.fixture
async def api(bench: Bench) -> AsyncIterator[Sink]:
    async with sink(bench) as running:
        yield running


async def post(api: Sink, *keys: str, user: str = "user-1") -> list[int]:
    url = f"{api.url}/v1/campaign/{CAMPAIGN}/events"
    body = {"eventCode": "match_won", "userRef": user}
    statuses = []
    async with aiohttp.ClientSession() as session:
        for key in keys:
            async with session.post(url, json=body, headers={"Idempotency-Key": key}) as answer:
                assert (await answer.json())["success"] is (answer.status == 202)
                statuses.append(answer.status)
    return statuses


async def test_each_key_counts_once(api: Sink) -> None:
    assert await post(api, "a", "b", "a") == [202, 202, 202]
    count = await api.count()
    assert (count.taken, count.duplicates) == (2, 1)
    await api.reset()
    assert (await api.count()).taken == 0


async def test_a_paused_sink_is_a_stopped_campaign_that_takes_nothing(api: Sink) -> None:
    await api.pause()
    assert await post(api, "a") == [400]
    async with campaign_api(api.url, CAMPAIGN, "key", DeliverySettings()) as calls:
        assert not (await calls.details.standing()).active
        await api.resume()
        assert (await calls.details.standing()).active
    assert (await api.count()).taken == 0


async def test_the_bridge_reads_histories_in_pages_and_the_total(api: Sink) -> None:
    await post(api, *(f"key-{n}" for n in range(5)))
    async with campaign_api(api.url, CAMPAIGN, "key", DeliverySettings()) as calls:
        rows = [row async for row in calls.users.whole_history("user-1", limit=2)]
        none = [row async for row in calls.users.whole_history("user-2")]
        paid = (await calls.details.standing()).paid_out
        codes = {event.code for event in await calls.details.configured_events()}
    assert [row.id for row in rows] == [f"tx-{n}" for n in range(1, 6)]
    assert {row.event_code for row in rows} == {"match_won"} <= codes
    assert not none
    assert paid == 5


async def test_requests_in_one_piece_and_in_pieces(api: Sink) -> None:
    host, port = api.url.removesuffix("/api").removeprefix("http://").split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    head = "POST /api/v1/campaign/c/events HTTP/1.1\r\nidempotency-key: {}\r\ncontent-length: 2"
    both = "".join(f"{head.format(n)}\r\n\r\n{{}}" for n in (1, 2)).encode()
    for piece in (both, both[:20], both[20:-1], both[-1:]):
        writer.write(piece)
        await writer.drain()
        await asyncio.sleep(0.01)
    for _ in range(4):
        assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 202")
        await reader.readexactly(len(b'{"success": true}'))
    writer.close()
    count = await api.count()
    assert (count.taken, count.duplicates) == (2, 2)


async def test_the_plain_client_posts_each_event_once(bench: Bench, api: Sink) -> None:
    await client(bench, api.url, 2 * EVERY, 10)
    count, timeline = await api.count(), await api.timeline()
    assert (count.taken, count.duplicates, len(timeline)) == (2 * EVERY, 0, 2)


def test_the_rate_leaves_out_the_ends() -> None:
    slow_at_its_ends = [0.0, *(10.0 + n for n in range(9)), 30.0]
    assert middle(slow_at_its_ends) == EVERY
    with pytest.raises(ValueError, match="too few"):
        middle([1.0])


def test_a_ledger_tells_what_it_took() -> None:
    ledger = Ledger()
    body = b'{"eventCode":"win","userRef":"u"}'
    ledger.take(b"k", body)
    (row,) = ledger.history("u", 10, 0)["transactions"]
    assert (row["eventCode"], row["userRef"]) == ("win", "u")
