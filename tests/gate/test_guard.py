"""The gate in front of real calls."""

import asyncio
import json
import os
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientSession, UnixConnector, web
from aiohttp.test_utils import TestClient
from pytest_aiohttp.plugin import AiohttpClient
from structlog.testing import capture_logs

from bridge.errors import SettingsError, StoreCorrupt, StoreFull
from bridge.gate.guard import ROLE, Gate, middlewares, require
from bridge.gate.peers import Peers
from bridge.gate.roles import Right, Role
from bridge.gate.tokens import Tokens
from bridge.settings.models import HttpSettings, UdpSettings

Client = TestClient[web.Request, web.Application]


def tokens(**roles: Role) -> Tokens:
    return Tokens({sha256(token.encode()).digest(): role for token, role in roles.items()})


ALL = tokens(g4me=Role.GAME, r3ad=Role.READ, op3r=Role.OPERATOR)


async def _ok(request: web.Request) -> web.Response:
    return web.json_response({"role": request[ROLE]})


async def _open(request: web.Request) -> web.Response:
    return web.json_response({"role": request.get(ROLE)})


async def _fail(request: web.Request) -> web.Response:
    raise {
        "full": StoreFull(),
        "corrupt": StoreCorrupt(),
        "bug": RuntimeError("hunter2"),
    }[request.match_info["how"]]


async def _away(request: web.Request) -> web.Response:
    raise web.HTTPFound("/open")


def app(gate: Gate) -> web.Application:
    built = web.Application(middlewares=middlewares(gate))
    built.add_routes(
        [
            web.post("/post", require(Right.POST)(_ok)),
            web.post("/decide", require(Right.DECIDE)(_ok)),
            web.get("/read", require(Right.READ)(_ok)),
            web.get("/open", _open),
            web.get("/fail/{how}", _fail),
            web.get("/away", _away),
        ]
    )
    return built


@pytest.fixture
async def client(aiohttp_client: AiohttpClient) -> Client:
    return await aiohttp_client(app(Gate(ALL)))


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


async def problem(response: Any) -> dict[str, Any]:
    assert response.content_type == "application/problem+json"
    document: dict[str, Any] = await response.json(content_type=None)
    assert document["status"] == response.status
    return document


@pytest.mark.parametrize(
    ("token", "call", "status"),
    [
        ("g4me", ("POST", "/post"), 200),
        ("op3r", ("POST", "/post"), 200),
        ("r3ad", ("POST", "/post"), 403),
        ("r3ad", ("GET", "/read"), 200),
        ("g4me", ("GET", "/read"), 403),
        ("g4me", ("POST", "/decide"), 403),
        ("op3r", ("POST", "/decide"), 200),
        ("wrong", ("POST", "/post"), 401),
        ("", ("POST", "/post"), 401),
    ],
)
async def test_a_token_opens_what_its_role_may(
    client: Client, token: str, call: tuple[str, str], status: int
) -> None:
    response = await client.request(*call, headers=bearer(token))

    assert response.status == status


async def test_a_call_without_a_token_is_told_how_to_show_one(client: Client) -> None:
    response = await client.post("/post")

    assert response.status == 401
    assert response.headers["WWW-Authenticate"] == "Bearer"
    assert "Bearer" in (await problem(response))["hint"]


@pytest.mark.parametrize("header", ["Basic g4me", "g4me", "Bearer", "Token g4me"])
async def test_other_credentials_are_nobodys(client: Client, header: str) -> None:
    response = await client.post("/post", headers={"Authorization": header})

    assert response.status == 401


async def test_the_scheme_may_be_written_in_any_case(client: Client) -> None:
    response = await client.post("/post", headers={"Authorization": "bearer  g4me "})

    assert response.status == 200


async def test_an_open_route_needs_no_token_and_minds_no_wrong_one(client: Client) -> None:
    plain = await client.get("/open")
    wrong = await client.get("/open", headers=bearer("wrong"))

    assert [plain.status, wrong.status] == [200, 200]
    assert await wrong.json() == {"role": None}


async def test_tokens_can_be_replaced_while_it_runs(aiohttp_client: AiohttpClient) -> None:
    gate = Gate(ALL)
    client = await aiohttp_client(app(gate))

    gate.replace(tokens(fr3sh=Role.GAME))
    old = await client.post("/post", headers=bearer("g4me"))
    new = await client.post("/post", headers=bearer("fr3sh"))

    assert [old.status, new.status] == [401, 200]


async def test_without_tokens_everybody_here_is_a_game_and_no_more(
    aiohttp_client: AiohttpClient,
) -> None:
    client = await aiohttp_client(app(Gate(Tokens(), unsafe_no_token=True)))

    post = await client.post("/post")
    old_token = await client.post("/post", headers=bearer("left-over"))
    decide = await client.post("/decide")

    assert [post.status, old_token.status, decide.status] == [200, 200, 403]


async def test_a_wrong_token_is_refused_even_where_none_is_needed(
    aiohttp_client: AiohttpClient,
) -> None:
    client = await aiohttp_client(app(Gate(ALL, unsafe_no_token=True)))

    wrong = await client.post("/post", headers=bearer("wrong"))
    none = await client.post("/post")

    assert [wrong.status, none.status] == [401, 200]


def test_no_token_is_needed_only_on_this_machine() -> None:
    gate = Gate(Tokens(), unsafe_no_token=True)

    assert gate.role_of(None, local=lambda: True) is Role.GAME
    assert gate.role_of(None, local=lambda: False) is None


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "http://evil.example"},
        {"Origin": "null"},
        {"Host": "evil.example"},
        {"Sec-Fetch-Site": "cross-site"},
    ],
)
async def test_a_foreign_page_is_refused_even_with_a_token(
    client: Client, headers: dict[str, str]
) -> None:
    response = await client.post("/post", headers=headers | bearer("g4me"))

    assert response.status == 403
    assert "foreign" in (await problem(response))["detail"]


async def raw(client: Client, request: bytes) -> bytes:
    reader, writer = await asyncio.open_connection(client.host, client.port)
    writer.write(request)
    async with asyncio.timeout(5):
        answer = await reader.readuntil(b"\r\n")
    writer.close()
    await writer.wait_closed()
    return answer


async def test_an_old_client_without_a_host_is_let_in_and_a_new_one_is_not(client: Client) -> None:
    rest = b"Authorization: Bearer g4me\r\nContent-Length: 0\r\n\r\n"

    old = await raw(client, b"POST /post HTTP/1.0\r\n" + rest)
    new = await raw(client, b"POST /post HTTP/1.1\r\n" + rest)

    assert old.split()[1] == b"200"
    assert new.split()[1] == b"400"


async def test_the_routers_refusals_are_problems_too(client: Client) -> None:
    missing = await client.get("/nothing")
    method = await client.get("/post")

    assert (await problem(missing))["type"].endswith(":not-found")
    assert (await problem(method))["detail"] == "Here only POST can be called."
    assert method.headers["Allow"] == "POST"


async def test_a_redirect_is_no_problem(client: Client) -> None:
    response = await client.get("/away", allow_redirects=False)

    assert response.status == 302


async def test_a_known_error_is_explained(client: Client) -> None:
    response = await client.get("/fail/full")

    assert response.status == 507
    assert (await problem(response))["type"].endswith(":store-full")


async def test_a_bug_is_logged_with_its_trace_and_told_without_its_text(client: Client) -> None:
    with capture_logs() as logs:
        response = await client.get("/fail/bug?token=s3cr3t")
    document = await problem(response)

    assert response.status == 500
    assert "hunter2" not in json.dumps(document)
    (line,) = logs
    assert line["action"] == "unexpected_error"
    assert isinstance(line["exc_info"], RuntimeError)
    assert "s3cr3t" not in str({k: v for k, v in line.items() if k != "exc_info"})


async def test_an_error_that_only_the_operator_can_mend_is_logged(client: Client) -> None:
    with capture_logs() as logs:
        response = await client.get("/fail/corrupt")

    assert response.status == 500
    assert [line["action"] for line in logs] == ["call_failed"]


@pytest.fixture
async def unix_url(tmp_path: Path) -> Any:
    runner = web.AppRunner(app(Gate(ALL)), access_log=None)
    await runner.setup()
    path = tmp_path / "s"
    await web.UnixSite(runner, str(path)).start()
    yield path
    await runner.cleanup()


async def test_our_own_user_is_an_operator_over_a_unix_socket(unix_url: Path) -> None:
    async with ClientSession(connector=UnixConnector(str(unix_url))) as session:
        plain = await session.post("http://localhost/decide")
        game = await session.post("http://localhost/decide", headers=bearer("g4me"))
        wrong = await session.post("http://localhost/decide", headers=bearer("wrong"))

    assert [plain.status, game.status, wrong.status] == [200, 403, 401]


def test_a_gate_is_built_from_the_settings(tmp_path: Path) -> None:
    (tmp_path / "token").write_text("g4me")
    http = HttpSettings(
        listen="game.lan:8797", token_file=tmp_path / "token", allowed_hosts=("Bridge.lan:80",)
    )

    gate = Gate.load(http, [], UdpSettings())

    assert gate.role_of("g4me", local=lambda: False) is Role.GAME
    assert gate.hosts.names == {"game.lan", "bridge.lan"}
    assert gate.peers == Peers()


def test_a_gate_is_not_built_with_a_group_that_is_not_there() -> None:
    http = HttpSettings(unsafe_no_token=True, allowed_groups=("no-such-group",))

    with pytest.raises(SettingsError):
        Gate.load(http, [], UdpSettings())


def test_root_counts_as_operator_whoever_runs_the_daemon() -> None:
    assert Peers().role_of_user(0, os.getegid()) is Role.OPERATOR
