"""The achievements call, as engines make it: raw bytes on real sockets."""

import asyncio
import json
import socket
import struct
import zlib
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bridge.errors import StoreFull, StoreUnavailable

ITEM = b'{"player": "steam:1", "achievement": "first_blood"}'
SECOND = b'{"player": "steam:2", "achievement": "first_blood"}'


def ends(problem: Any, code: str) -> bool:
    return str(problem["type"]).endswith(f":{code}")


# -- one item -------------------------------------------------------------------------------


async def test_one_achievement_is_answered_when_it_is_on_disk(server: Any) -> None:
    answer = await server.post(ITEM, "Content-Type: application/json")

    assert answer.status == 202
    assert answer.headers["content-type"].startswith("application/json")
    assert set(answer.json) == {"key", "state", "duplicate", "durability"}
    assert answer.json["state"] == "stored"
    assert answer.json["durability"] == "disk"
    assert server.sink.bodies == [ITEM]


async def test_no_answer_leaves_before_the_sink_has_returned(server: Any) -> None:
    server.sink.open.clear()
    connection = await server.connect()
    await connection.send(server.request(ITEM))
    await server.sink.until(lambda: server.sink.bodies == [ITEM])

    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.05):
            await connection.reader.readexactly(1)
    server.sink.open.set()
    answer = await connection.answer()

    assert answer.status == 202


async def test_a_message_sent_twice_is_told_to_be_a_duplicate(server: Any) -> None:
    first = await server.post(ITEM)
    second = await server.post(ITEM)

    assert [first.json["duplicate"], second.json["duplicate"]] == [False, True]
    assert first.json["key"] == second.json["key"]


async def test_other_content_under_a_known_id_is_told(server: Any) -> None:
    answer = await server.post(b'{"player": "a:1", "achievement": "x", "details": {"new": true}}')

    assert answer.json["differs"] is True


async def test_what_only_counts_has_no_key(server: Any) -> None:
    item = b'{"player": "a:1", "achievement": "win"}'
    first, second = await server.post(item), await server.post(item)
    several = await server.post(b"[%s, %s]" % (item, item.replace(b"a:1", b"a:2")))

    counted = {"key": None, "state": "counted", "duplicate": False}
    assert first.json == {**counted, "durability": "disk"}
    assert second.json == {**counted, "duplicate": True, "durability": "disk"}
    assert (several.json["stored"], several.json["duplicates"]) == (1, 1)
    assert several.json["results"][1] == {"index": 1, **counted}


async def test_a_message_says_when_and_from_where_it_came_and_no_secret(
    server: Any, clock: Any
) -> None:
    await server.post(ITEM, "User-Agent: " + "x" * 500, "Content-Type: text/plain", "X-Other: y")
    (message,) = server.sink.messages

    assert message.source == ""
    assert message.position is None
    assert message.received_at == clock.now()
    assert message.peer == "127.0.0.1"
    assert message.headers == {"content-type": "text/plain", "user-agent": "x" * 200}


@pytest.mark.parametrize(
    ("body", "header", "status", "code"),
    [
        (b"", "", 400, "not-json"),
        (b"{", "", 400, "not-json"),
        (b'"x"', "Content-Type: application/json", 422, "invalid-message"),
        (b'{"achievement": "x"}', "", 422, "invalid-message"),
        (b'{"player": "a:1", "achievement": "unknown"}', "", 422, "no-rule"),
        (b'{"a": "' + b"x" * 65_536 + b'"}', "", 413, "too-large"),
        (b"--x", "Content-Type: multipart/form-data; boundary=x", 415, "unsupported-body"),
    ],
)
async def test_a_bad_message_is_refused_with_a_problem(
    server: Any, body: bytes, header: str, status: int, code: str
) -> None:
    answer = await server.post(body, *([header] if header else []))

    assert answer.status == status
    assert answer.headers["content-type"].startswith("application/problem+json")
    assert ends(answer.json, code)
    assert answer.json["hint"]


async def test_a_bad_field_is_pointed_at(server: Any) -> None:
    answer = await server.post(b"{}")

    assert answer.json["errors"] == [{"pointer": "/player", "detail": "is missing"}]


@pytest.mark.parametrize(
    ("failure", "status"), [(StoreFull(), 507), (StoreUnavailable(), 503), (RuntimeError("x"), 500)]
)
@pytest.mark.parametrize("body", [ITEM, b"[" + ITEM + b"]"])
async def test_when_nothing_can_be_stored_the_whole_call_says_so(
    server: Any, failure: Exception, status: int, body: bytes
) -> None:
    server.sink.failures.append(failure)
    answer = await server.post(body)
    again = await server.post(body)

    assert answer.status == status
    assert again.status == 202


async def test_a_call_without_a_token_stores_nothing(server: Any) -> None:
    request = server.request(ITEM).replace(b"Bearer g4me", b"Bearer wrong")
    answer = await server.call(request)
    reading = await server.call(server.request(ITEM).replace(b"g4me", b"r3ad"))

    assert [answer.status, reading.status] == [401, 403]
    assert server.sink.messages == []


async def test_a_web_page_can_pay_out_nothing(server: Any) -> None:
    answer = await server.post(ITEM, "Content-Type: text/plain", "Origin: https://evil.example")

    assert answer.status == 403
    assert server.sink.messages == []


# -- as the engines write it ----------------------------------------------------------------

BEARER = b"Authorization: Bearer g4me\r\n"


async def test_luasocket_calls_its_json_a_form(server: Any) -> None:
    request = (
        b"POST /v1/achievements HTTP/1.1\r\nHost: localhost\r\nConnection: close, TE\r\n"
        b"User-Agent: LuaSocket 3.0-rc1\r\nTE: trailers\r\n" + BEARER + b"Content-Length: "
        b"%d\r\nContent-Type: application/x-www-form-urlencoded\r\n\r\n%s" % (len(ITEM), ITEM)
    )
    answer = await server.call(request)

    assert answer.status == 202
    assert server.sink.bodies == [ITEM]


async def test_garrys_mod_sends_a_true_form(server: Any) -> None:
    body = b"player=steam%3A7656&achievement=first_blood&details%5Bmap%5D=gm_flatgrass"
    answer = await server.post(body, "Content-Type: application/x-www-form-urlencoded")

    assert answer.status == 202
    assert json.loads(server.sink.bodies[0]) == {
        "player": "steam:7656",
        "achievement": "first_blood",
        "details": {"map": "gm_flatgrass"},
    }


@pytest.mark.parametrize(
    "header",
    [
        "Content-Type: text/plain;charset=UTF-8",
        "Content-Type: application/json; charset=utf-8",
        "Accept: */*",
        "Sec-Fetch-Mode: cors",
    ],
)
async def test_fetch_calls_it_plain_text_and_others_nothing(server: Any, header: str) -> None:
    answer = await server.post(ITEM, header)

    assert answer.status == 202


async def test_java_asks_to_upgrade_to_h2c_with_every_post(server: Any) -> None:
    headers = (
        "Connection: Upgrade, HTTP2-Settings",
        "HTTP2-Settings: AAEAAEAAAAIAAAABAAMAAABkAAQBAAAAAAUAAEAA",
        "Upgrade: h2c",
        "Content-Type: application/json",
        "User-Agent: Java-http-client/17.0.9",
    )
    connection = await server.connect()
    statuses = []
    for body in (ITEM, SECOND):
        await connection.send(server.request(body, *headers))
        statuses.append((await connection.answer()).status)

    assert statuses == [202, 202]
    assert server.sink.bodies == [ITEM, SECOND]


async def test_mono_waits_for_100_continue(server: Any) -> None:
    connection = await server.connect()
    head = server.request(ITEM, "Expect: 100-continue").removesuffix(ITEM)
    await connection.send(head)
    async with asyncio.timeout(5):
        interim = await connection.reader.readuntil(b"\r\n\r\n")
    await connection.send(ITEM)
    answer = await connection.answer()

    assert interim.startswith(b"HTTP/1.1 100")
    assert answer.status == 202


async def test_a_client_that_expects_and_sends_at_once_is_answered_too(server: Any) -> None:
    answer = await server.post(ITEM, "Expect: 100-continue")

    assert answer.interim == (100,)
    assert answer.status == 202


def chunked(server: Any, *headers: str) -> bytes:
    request: bytes = server.request(b"", "Transfer-Encoding: chunked", *headers)
    return request.replace(b"Content-Length: 0\r\n", b"")


def chunk(data: bytes) -> bytes:
    return b"%x\r\n%s\r\n" % (len(data), data)


async def test_chunks_are_put_together(server: Any) -> None:
    connection = await server.connect()
    await connection.send(chunked(server) + chunk(ITEM[:20]))
    await connection.send(chunk(ITEM[20:]) + b"0\r\n\r\n")
    answer = await connection.answer()

    assert answer.status == 202
    assert server.sink.bodies == [ITEM]


async def test_a_compressed_body_is_read(server: Any) -> None:
    answer = await server.post(zlib.compress(ITEM), "Content-Encoding: deflate")

    assert answer.status == 202
    assert server.sink.bodies == [ITEM]


async def test_http_1_0_without_a_host_is_served_and_closed(server: Any) -> None:
    connection = await server.connect()
    await connection.send(
        b"POST /v1/achievements HTTP/1.0\r\n%sContent-Length: %d\r\n\r\n%s"
        % (BEARER, len(ITEM), ITEM)
    )
    answer = await connection.answer()
    async with asyncio.timeout(5):
        rest = await connection.reader.read()

    assert answer.status == 202
    assert rest == b""


async def test_a_query_string_changes_nothing(server: Any) -> None:
    answer = await server.post(ITEM, path="/v1/achievements?server=eu-1&x=%20")

    assert answer.status == 202


async def test_several_calls_share_a_connection(server: Any) -> None:
    connection = await server.connect()
    await connection.send(server.request(ITEM) + server.request(SECOND))
    answers = [await connection.answer(), await connection.answer()]

    assert [answer.status for answer in answers] == [202, 202]
    assert server.sink.bodies == [ITEM, SECOND]


async def test_a_game_that_posts_and_hangs_up_at_once_is_heard(server: Any) -> None:
    connection = await server.connect()
    await connection.send(server.request(ITEM))
    connection.writer.close()

    await server.sink.until(lambda: server.sink.bodies == [ITEM])


async def test_a_body_with_broken_chunks_is_refused(server: Any) -> None:
    connection = await server.connect()
    await connection.send(chunked(server) + b"5\r\n{\r\nnonsense")
    answer = await connection.answer()

    assert answer.status == 400
    assert server.sink.messages == []


async def test_a_body_that_is_cut_is_not_taken_and_harms_nobody(server: Any) -> None:
    connection = await server.connect()
    await connection.send(server.request(ITEM)[:-5])
    connection.writer.close()
    await connection.writer.wait_closed()
    answer = await server.post(SECOND)

    assert answer.status == 202
    assert server.sink.bodies == [SECOND]


async def test_a_client_that_hangs_holds_up_nobody_and_is_sent_away(serving: Any) -> None:
    async with serving(body_seconds=0.2) as server:
        slow = await server.connect()
        await slow.send(server.request(ITEM)[:-5])
        quick = await server.post(SECOND)
        answer = await slow.answer()

    assert quick.status == 202
    assert answer.status == 408
    assert ends(answer.json, "request-timeout")


# -- arrays ---------------------------------------------------------------------------------


async def test_an_array_is_answered_item_by_item_in_order(server: Any) -> None:
    await server.post(SECOND)
    bad = b'{"achievement": "x"}'
    answer = await server.post(b"[" + b",".join([ITEM, b"1", SECOND, bad]) + b"]")
    results = answer.json["results"]

    assert answer.status == 202
    assert set(answer.json) == {"stored", "duplicates", "rejected", "results"}
    assert [answer.json[name] for name in ("stored", "duplicates", "rejected")] == [1, 1, 2]
    assert [result["index"] for result in results] == [0, 1, 2, 3]
    assert set(results[0]) == {"index", "key", "state", "duplicate"}
    assert results[2]["duplicate"] is True
    assert ends(results[1]["error"], "invalid-message")
    assert results[3]["error"]["errors"][0]["pointer"] == "/player"


async def test_an_array_goes_to_the_sink_in_one_batch(server: Any) -> None:
    await server.post(b"[" + ITEM + b"," + SECOND + b"]")

    assert [[message.body for message in batch] for batch in server.sink.batches] == [
        [ITEM, SECOND]
    ]


@pytest.mark.parametrize("body", [b"[]", b"[1, 2]"])
async def test_an_array_without_a_good_item_is_no_error(server: Any, body: bytes) -> None:
    answer = await server.post(body)

    assert answer.status == 202
    assert answer.json["stored"] == 0
    assert server.sink.batches == []


async def test_a_body_above_the_limit_is_refused_before_it_is_read(server: Any) -> None:
    connection = await server.connect()
    head = server.request(b"").replace(b"Content-Length: 0", b"Content-Length: 8388609")
    await connection.send(head)
    answer = await connection.answer()

    assert answer.status == 413
    assert "8 MiB" in answer.json["detail"]


async def test_a_body_above_the_limit_in_chunks_is_refused_too(server: Any) -> None:
    connection = await server.connect()
    await connection.send(chunked(server))
    for _ in range(9):
        await connection.send(chunk(b" " * 2**20))
    answer = await connection.answer()

    assert answer.status == 413


# -- overload -------------------------------------------------------------------------------


async def test_when_too_much_waits_for_the_disk_a_call_is_sent_away(serving: Any) -> None:
    async with serving(waiting=2) as server:
        server.sink.open.clear()
        waiting = await server.connect()
        await waiting.send(server.request(b"[" + ITEM + b"," + SECOND + b"]"))
        await server.sink.until(lambda: len(server.sink.batches) == 1)
        refused = await server.post(ITEM)
        server.sink.open.set()
        stored = await waiting.answer()
        again = await server.post(ITEM)

    assert refused.status == 429
    assert refused.headers["retry-after"] == "1"
    assert [stored.status, again.status] == [202, 202]


# -- fuzz -----------------------------------------------------------------------------------


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    bodies=st.lists(
        st.binary() | st.text(alphabet='{}[]",:\\ \n\0e1-nul').map(str.encode), min_size=5
    ),
    content_type=st.sampled_from(
        ["application/json", "application/x-ndjson", "application/x-www-form-urlencoded", "a/b"]
    ),
)
def test_whatever_is_posted_nothing_breaks(
    serving: Any, bodies: list[bytes], content_type: str
) -> None:
    async def post_all() -> list[int]:
        async with serving() as server:
            header = f"Content-Type: {content_type}"
            return [(await server.post(body, header)).status for body in bodies]

    statuses = asyncio.run(post_all())

    assert set(statuses) <= {202, 400, 413, 415, 422}


async def test_a_reset_in_the_middle_of_a_call_is_no_failure(server: Any) -> None:
    with socket.create_connection((server.host, server.port)) as abrupt:
        abrupt.sendall(server.request(ITEM)[:-5])
        abrupt.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    answer = await server.post(SECOND)

    assert answer.status == 202
