"""No foreign names, one envelope for errors."""

import io
from collections.abc import AsyncIterator

import pytest

from bridge.sandbox.guard import is_loopback
from tests.sandbox.play import Play, full_disk, playing


@pytest.fixture
async def play() -> AsyncIterator[Play]:
    async with playing() as opened:
        yield opened


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.9.10", "::1", "localhost"])
def test_loopback_is_known_by_its_names(host: str) -> None:
    assert is_loopback(host)


@pytest.mark.parametrize("host", ["", "0.0.0.0", "10.0.0.1", "example.com", "localhost.evil.test"])
def test_other_names_are_not_loopback(host: str) -> None:
    assert not is_loopback(host)


@pytest.mark.parametrize("host", ["evil.test", "evil.test:80", "10.0.0.1:8798", "[", "::::", ""])
async def test_a_foreign_host_is_refused_everywhere(play: Play, host: str) -> None:
    for path in (play.path, "/sandbox/v1/campaigns", "/nowhere"):
        reply = await play.call("GET", path, headers={"Host": host})

        assert (reply.status, set(reply.json)) == (403, {"success", "error"})

    for path in ("/", "/dashboard/campaigns", "/link?session=x", "/invite/x"):
        reply = await play.call("GET", path, headers={"Host": host})

        assert (reply.status, reply.headers["Content-Type"][:9]) == (403, "text/html")


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1:1", "[::1]:8798", "LOCALHOST:5"])
async def test_every_name_of_this_machine_is_taken(play: Play, host: str) -> None:
    assert (await play.call("GET", play.path, headers={"Host": host})).status == 200


async def test_a_page_of_another_origin_can_not_use_the_own_calls(play: Play) -> None:
    token = {"Authorization": f"Bearer {play.sandbox.admin_token}"}

    foreign = await play.call(
        "GET", "/sandbox/v1/faults", headers={**token, "Origin": "http://127.0.0.1:1"}
    )
    own = await play.call(
        "GET", "/sandbox/v1/faults", headers={**token, "Origin": play.sandbox.url}
    )

    assert (foreign.status, own.status) == (403, 200)


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/nowhere", 404),
        ("GET", "/api/v1/campaigns", 404),
        ("GET", "/api/v1/campaign/%ff/x", 404),
        ("DELETE", "{campaign}", 405),
        ("POST", "{campaign}/start", 405),
        ("PUT", "/sandbox/v1/campaigns", 405),
    ],
)
async def test_unknown_routes_and_methods_answer_in_the_envelope(
    play: Play, method: str, path: str, status: int
) -> None:
    reply = await play.call(method, path.format(campaign=play.path))

    assert (reply.status, reply.json["success"]) == (status, False)
    assert isinstance(reply.json["error"], str)
    assert ("Allow" in reply.headers) == (status == 405)


async def test_a_body_that_is_too_large_answers_in_the_envelope(play: Play) -> None:
    for path in (f"{play.path}/events", "/sandbox/v1/campaigns"):
        token = {} if path.startswith("/api") else _admin(play)
        reply = await play.call("POST", path, io.BytesIO(b"x" * 1_100_000), headers=token)

        assert (reply.status, reply.json["success"]) == (413, False)


async def test_a_full_disk_answers_503_and_pays_once_when_there_is_room_again(play: Play) -> None:
    with full_disk():
        refused = await play.event("key-1")

    accepted = await play.event("key-1")

    assert (refused.status, refused.json["success"]) == (503, False)
    assert accepted.status == 202
    assert await play.paid_keys() == ["key-1"]


def _admin(play: Play) -> dict[str, str]:
    return {"Authorization": f"Bearer {play.sandbox.admin_token}"}
