"""Streams of lines over HTTP: committed as they come."""

import asyncio
import json
from typing import Any

import pytest

from bridge.errors import StoreFull, StoreUnavailable

NDJSON = "Content-Type: application/x-ndjson"


def line(number: int) -> bytes:
    return b'{"player": "steam:%d", "achievement": "first_blood"}' % number


def chunk(data: bytes) -> bytes:
    return b"%x\r\n%s\r\n" % (len(data), data)


async def start(server: Any) -> Any:
    """Begin a chunked stream."""
    connection = await server.connect()
    request: bytes = server.request(b"", "Transfer-Encoding: chunked", NDJSON)
    await connection.send(request.replace(b"Content-Length: 0\r\n", b""))
    return connection


@pytest.mark.parametrize(
    "kind",
    ["application/x-ndjson", "application/ndjson", "application/jsonl; charset=utf-8"],
)
async def test_each_line_is_a_message_and_only_bad_ones_are_listed(server: Any, kind: str) -> None:
    body = b"\n".join([line(1), b"", b"nonsense", b" \r", line(2) + b"\r", b"{}", b"[]", line(1)])
    answer = await server.post(body, f"Content-Type: {kind}")

    assert answer.status == 202
    assert [answer.json[name] for name in ("stored", "duplicates", "rejected")] == [2, 1, 3]
    assert [result["index"] for result in answer.json["results"]] == [1, 3, 4]
    assert all(set(result) == {"index", "error"} for result in answer.json["results"])
    assert "results_truncated" not in answer.json


async def test_an_empty_stream_is_no_error(server: Any) -> None:
    answer = await server.post(b"\n\n", NDJSON)

    assert answer.status == 202
    assert answer.json == {"stored": 0, "duplicates": 0, "rejected": 0, "results": []}


async def test_lines_are_committed_while_the_stream_goes_on(server: Any) -> None:
    connection = await start(server)
    for number in range(3):
        await connection.send(chunk(line(number) + b"\n"))
        await server.sink.until(lambda count=number + 1: len(server.sink.bodies) == count)
    await connection.send(b"0\r\n\r\n")
    answer = await connection.answer()

    assert answer.json["stored"] == 3


async def test_what_was_committed_before_a_cut_stays_and_half_a_line_is_not_taken(
    server: Any,
) -> None:
    connection = await start(server)
    await connection.send(chunk(line(1) + b"\n" + line(2)))
    await server.sink.until(lambda: server.sink.bodies == [line(1)])
    connection.writer.close()
    await connection.writer.wait_closed()
    answer = await server.post(line(3))

    assert answer.status == 202
    assert server.sink.bodies == [line(1), line(3)]


async def test_a_stream_with_a_length_that_is_cut_is_not_taken_to_its_end(server: Any) -> None:
    connection = await server.connect()
    await connection.send(server.request(line(1) + b"\n" + line(2), NDJSON)[:-1])
    await server.sink.until(lambda: server.sink.bodies == [line(1)])
    connection.writer.close()
    await connection.writer.wait_closed()
    await server.post(line(3))

    assert server.sink.bodies == [line(1), line(3)]


async def test_a_line_that_is_too_long_spoils_no_other(server: Any) -> None:
    body = b"\n".join([line(1), b'{"a": "' + b"x" * 300_000 + b'"}', line(2)])
    answer = await server.post(body, NDJSON)

    assert [answer.json[name] for name in ("stored", "rejected")] == [2, 1]
    (result,) = answer.json["results"]
    assert result["index"] == 1
    assert result["error"]["type"].endswith(":too-large")
    assert "64 KiB" in result["error"]["detail"]


async def test_only_so_many_rejected_lines_are_listed(server: Any) -> None:
    answer = await server.post(b"nonsense\n" * 1001 + line(1), NDJSON)

    assert answer.json["rejected"] == 1001
    assert answer.json["stored"] == 1
    assert len(answer.json["results"]) == 1000
    assert answer.json["results_truncated"] is True


async def test_a_stream_may_be_larger_than_any_other_body(server: Any) -> None:
    padded = b'{"player": "a:1", "achievement": "x", "details": {"pad": "%s"}}\n' % (b"x" * 60_000)
    connection = await start(server)
    for _ in range(150):
        await connection.send(chunk(padded))
    await connection.send(b"0\r\n\r\n")
    answer = await connection.answer()

    assert len(padded) * 150 > 8 * 2**20
    assert answer.json["stored"] + answer.json["duplicates"] == 150


async def test_many_lines_are_committed_in_groups(server: Any) -> None:
    answer = await server.post(b"\n".join(line(n) for n in range(5000)), NDJSON)
    sizes = [len(batch) for batch in server.sink.batches]

    assert answer.json["stored"] == 5000
    assert server.sink.bodies == [line(n) for n in range(5000)]
    assert max(sizes) <= 1024
    assert len(sizes) < 100


@pytest.mark.parametrize(("failure", "status"), [(StoreFull(), 507), (StoreUnavailable(), 503)])
async def test_a_store_that_fails_in_the_middle_says_how_much_it_kept(
    server: Any, failure: Exception, status: int
) -> None:
    server.sink.failures = [None, failure]
    connection = await start(server)
    await connection.send(chunk(line(1) + b"\n" + line(2) + b"\nnonsense\n"))
    await server.sink.until(lambda: len(server.sink.bodies) == 2)
    await connection.send(chunk(line(3) + b"\n"))
    answer = await connection.answer()

    assert answer.status == status
    assert answer.headers["content-type"].startswith("application/problem+json")
    assert answer.json["status"] == status
    assert [answer.json[name] for name in ("stored", "duplicates", "rejected")] == [2, 0, 1]


async def test_a_stream_waits_where_a_single_call_is_sent_away(serving: Any) -> None:
    async with serving(waiting=1) as server:
        server.sink.open.clear()
        first = await server.connect()
        await first.send(server.request(line(1)))
        await server.sink.until(lambda: server.sink.bodies == [line(1)])
        stream = await start(server)
        await stream.send(chunk(line(2) + b"\n") + b"0\r\n\r\n")
        refused = await server.post(line(3))
        server.sink.open.set()
        answers = [await first.answer(), await stream.answer()]

    assert refused.status == 429
    assert [answer.status for answer in answers] == [202, 202]
    assert json.loads(answers[1].body)["stored"] == 1


async def test_a_silent_stream_holds_up_nobody(server: Any) -> None:
    silent = [await start(server) for _ in range(20)]
    async with asyncio.timeout(5):
        answer = await server.post(line(1))

    assert len(silent) == 20
    assert answer.status == 202
