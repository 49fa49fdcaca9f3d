"""The generator of HTTP load counts what was answered, and nothing else."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from benchmarks import machine
from benchmarks.contract import Bench
from benchmarks.load.events import SIZE, event, player
from benchmarks.load.job import QUANTILES, Job, Report, generate, quantiles
from benchmarks.load.requests import requests
from benchmarks.references.echo import echo
from benchmarks.references.trivial import trivial

Address = tuple[str, int]


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    cores = machine.cores()
    return Bench(tmp_path, quick=True, pairs=1, serve=cores[0], load=cores[-1])


@asynccontextmanager
async def answering(answer: Callable[[int, bytes], list[bytes]]) -> AsyncIterator[Address]:
    """Serve what `answer` says to request number n, piece by piece; no piece: hang up."""
    seen = 0

    async def caller(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal seen
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                length = int(head.lower().partition(b"content-length: ")[2].split(b"\r")[0])
                pieces = answer(seen, await reader.readexactly(length))
                seen += 1
                for piece in pieces:
                    writer.write(piece)
                    await writer.drain()
                    await asyncio.sleep(0.01)
                if not pieces:
                    return
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(caller, "127.0.0.1", 0)
    async with server:
        yield server.sockets[0].getsockname()


def said(status: str, body: object) -> bytes:
    data = json.dumps(body, separators=(",", ":")).encode()
    return b"HTTP/1.1 %s\r\nContent-Length: %d\r\n\r\n%s" % (status.encode(), len(data), data)


def test_an_event_has_its_size_an_id_and_a_player() -> None:
    events = [json.loads(event(number, players=3, beyond=10)) for number in range(6)]

    assert len({one["id"] for one in events}) == 6
    assert {one["player"] for one in events} == {player(n) for n in (10, 11, 12)}
    assert {len(event(number)) for number in (0, 7, 9_999_999)} == {SIZE}


def test_more_members_come_on_top() -> None:
    assert json.loads(event(1, more=',"ack":true')) == {**json.loads(event(1)), "ack": True}


@pytest.mark.parametrize(("form", "whole"), [("single", 25), ("array", 3), ("lines", 3)])
def test_all_events_are_in_the_requests(form: str, whole: int) -> None:
    job = Job(("127.0.0.1", 1), "secret", 25, form=form, group=10, first=100)

    made = requests(job)

    assert len(made) == whole
    for number in range(100, 125):
        assert sum(b'"bench/%010d"' % number in request for request in made) == 1
    assert all(b"Authorization: Bearer secret\r\n" in request for request in made)


@pytest.mark.parametrize("fresh", [False, True])
async def test_each_request_is_posted_once(bench: Bench, fresh: bool) -> None:
    async with trivial(bench) as address:
        report = await generate(bench, Job(address, "none", 500, callers=8, fresh=fresh))

    assert report.clean() is report
    assert (report.acknowledged, report.statuses) == (500, {"202": 500})
    assert list(report.latencies) == sorted(report.latencies)
    assert report.per_second > 0


async def test_the_echo_takes_events_and_nothing_else(bench: Bench) -> None:
    async with echo(bench) as address:
        taken = await generate(bench, Job(address, "none", 50, callers=4))
        refused = await generate(bench, Job(address, "none", 50, form="array", group=10))

    assert taken.statuses == {"200": 50}
    assert refused.statuses == {"422": 5}


async def test_an_open_loop_keeps_its_rate(bench: Bench) -> None:
    async with trivial(bench) as address:
        report = await generate(bench, Job(address, "none", 100, callers=8, rate=200.0))

    assert report.clean().acknowledged == 100
    assert report.seconds >= 99 / 200


async def test_in_an_open_loop_a_pause_is_felt_by_all_who_were_due(bench: Bench) -> None:
    def once_slow(number: int, _: bytes) -> list[bytes]:
        whole = said("202 Accepted", {})
        return [whole[:-1], *[b""] * 50, whole[-1:]] if number == 0 else [whole]

    async with answering(once_slow) as address:
        report = await generate(bench, Job(address, "none", 20, callers=1, rate=1000.0))

    assert report.clean().acknowledged == 20
    assert report.latencies[0] >= 0.4  # all of them waited for the first


async def test_known_ones_refused_ones_and_broken_connections_are_told_apart(bench: Bench) -> None:
    answers = [
        [said("202 Accepted", {"duplicate": False})],
        [said("202 Accepted", {"duplicate": True})],
        [said("429 Too Many Requests", {})],
        [],
        [said("202 Accepted", {"duplicate": False})],
    ]
    async with answering(lambda number, _: answers[number]) as address:
        report = await generate(bench, Job(address, "none", 5))

    assert (report.acknowledged, report.duplicates) == (2, 1)
    assert report.statuses == {"202": 3, "429": 1, "0": 1}
    assert len(report.refusals) == len(QUANTILES)
    with pytest.raises(RuntimeError, match="means nothing"):
        report.clean()


async def test_of_arrays_the_counts_are_read(bench: Bench) -> None:
    answer = said("202 Accepted", {"stored": 7, "duplicates": 2, "rejected": 1})

    async with answering(lambda *_: [answer[:30], answer[30:]]) as address:
        report = await generate(bench, Job(address, "none", 20, form="array", group=10))

    assert (report.acknowledged, report.duplicates, report.rejected) == (14, 4, 2)


async def test_it_ends_when_its_time_is_over(bench: Bench) -> None:
    async with trivial(bench) as address:
        report = await generate(
            bench, Job(address, "none", 5_000, callers=1, rate=100.0, seconds=0.2)
        )

    assert 0 < report.clean().acknowledged < 5_000


async def test_a_generator_that_fails_says_why(bench: Bench) -> None:
    async with answering(lambda *_: [b"HTTP/1.1 202 Accepted\r\n\r\n"]) as address:
        with pytest.raises(RuntimeError, match="an answer without a length"):
            await generate(bench, Job(address, "none", 1))


def test_quantiles_are_of_what_was_measured() -> None:
    values = quantiles([float(n) for n in range(1000)])
    report = Report(1000, 0, 0, 1.0, 0.5, latencies=values)

    assert report.latency(0.5) == 500
    assert report.latency(0.99) == 990
    assert report.latency(1.0) == 999
    assert quantiles([]) == []
