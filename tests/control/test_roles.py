"""Who may call what: every route, every role, and nobody."""

from dataclasses import dataclass
from uuid import UUID

import pytest

from bridge.events import State
from tests.control.conftest import RULE, Control
from tests.outbox.play import ALICE

NOBODY, STRANGER = None, "str4nger"
KEY = UUID("0b1f2a3c-4d5e-4f60-8a7b-9c0d1e2f3a4b")


@dataclass(frozen=True)
class Route:
    """A call, what it says, and the tokens that may make it."""

    method: str
    path: str
    body: object
    may: frozenset[str]


GAME, READ, DECIDE = (
    frozenset({"g4me", "r3ad", "0perator"}),
    frozenset({"r3ad", "0perator"}),
    frozenset({"0perator"}),
)
ROUTES = [
    Route("GET", "/v1/achievements/{key}", None, GAME),
    Route("GET", f"/v1/players/{ALICE}", None, GAME),
    Route("PUT", f"/v1/players/{ALICE}", {"userRef": "usr_1"}, DECIDE),
    Route("DELETE", f"/v1/players/{ALICE}", None, DECIDE),
    Route("GET", "/v1/operator/status", None, READ),
    Route("GET", "/v1/operator/entries", None, READ),
    Route("POST", "/v1/operator/entries/{key}/decision", {"decision": "discard"}, DECIDE),
    Route("GET", "/v1/operator/players", None, READ),
    Route("GET", "/v1/operator/rules", None, READ),
    Route("PUT", "/v1/operator/rules", {"definitions": [RULE], "journal": "ok"}, DECIDE),
    Route("POST", "/v1/operator/reload", None, DECIDE),
    Route("GET", "/metrics", None, READ),
]
NAMES = [f"{route.method} {route.path}" for route in ROUTES]
EVERY_ROUTE = pytest.mark.parametrize("route", ROUTES, ids=NAMES)


@EVERY_ROUTE
@pytest.mark.parametrize("token", ["g4me", "r3ad", "0perator"])
async def test_a_role_may_do_what_it_may_and_nothing_else(
    desk: Control, route: Route, token: str
) -> None:
    key = await desk.put()
    reply = await desk.call(route.method, route.path.format(key=key), route.body, token=token)

    if token in route.may:
        assert reply.status == 200, reply.body
    else:
        assert (reply.status, reply.code) == (403, "not-allowed")


@EVERY_ROUTE
async def test_nobody_may_do_anything(desk: Control, route: Route) -> None:
    key = await desk.put()
    path = route.path.format(key=key)
    for token in (NOBODY, STRANGER, ""):
        reply = await desk.call(route.method, path, route.body, token=token)

        assert (reply.status, reply.code) == (401, "not-authenticated")
        assert reply.headers["www-authenticate"] == "Bearer"


@EVERY_ROUTE
async def test_the_daemons_own_user_may_do_everything_over_the_unix_socket(
    desk: Control, route: Route
) -> None:
    key = await desk.put()
    reply = await desk.as_peer(route.method, route.path.format(key=key), route.body)

    assert reply.status == 200, reply.body


@EVERY_ROUTE
async def test_a_page_of_another_origin_may_do_nothing(desk: Control, route: Route) -> None:
    reply = await desk.call(
        route.method, route.path.format(key=KEY), route.body, Origin="https://example.com"
    )

    assert reply.status == 403
    assert reply.code


@pytest.mark.parametrize("token", ["g4me", "r3ad", NOBODY])
async def test_what_is_refused_changes_nothing(desk: Control, token: str | None) -> None:
    key = await desk.put()
    for route in ROUTES:
        if route.may == DECIDE:
            await desk.call(route.method, route.path.format(key=key), route.body, token=token)

    assert await desk.play.state(key) is State.HELD
    assert await desk.outbox.links() == []
    assert await desk.outbox.remembered_rules() == []
    assert desk.reloads == 0


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("POST", f"/v1/players/{ALICE}", ["DELETE", "GET", "HEAD", "PUT"]),
        ("DELETE", "/v1/operator/rules", ["GET", "HEAD", "PUT"]),
        ("GET", "/v1/operator/reload", ["POST"]),
    ],
)
async def test_another_method_is_told_which_ones_there_are(
    desk: Control, method: str, path: str, allowed: list[str]
) -> None:
    reply = await desk.call(method, path)

    assert reply.code == "method-not-allowed"
    assert sorted(reply.headers["allow"].split(",")) == allowed


async def test_a_path_that_leads_nowhere_is_told_so(desk: Control) -> None:
    for path in ("/", "/v1", "/v1/players", "/v1/operator", "/v1/operator/nothing"):
        reply = await desk.call("GET", path)

        assert (reply.status, reply.code) == (404, "not-found")
