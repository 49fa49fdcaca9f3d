"""What goes wrong under a call, and the problem document that tells of it."""

from io import BytesIO
from uuid import UUID

import pytest

from bridge.errors import (
    BridgeError,
    RulesChanged,
    SettingsError,
    StoreCorrupt,
    StoreFull,
    StoreUnavailable,
)
from tests.control.conftest import RULE, Control
from tests.outbox.play import ALICE

KEY = UUID("6e0cf6a6-1d2e-4c0b-9b1a-0c5a54c9b6f4")


@pytest.mark.parametrize(
    ("error", "status", "code"),
    [
        (SettingsError("line 7: no such field"), 422, "settings"),
        (RulesChanged("the rule stands elsewhere"), 409, "rules-changed"),
        (StoreUnavailable("the disk is gone"), 503, "store-unavailable"),
        (StoreFull("no space left"), 507, "store-full"),
        (StoreCorrupt("page 3 is damaged"), 500, "store-corrupt"),
    ],
)
async def test_an_error_under_a_call_is_explained(
    desk: Control, error: BridgeError, status: int, code: str
) -> None:
    desk.reload_fails = error
    reply = await desk.call("POST", "/v1/operator/reload")

    assert (reply.status, reply.code) == (status, code)
    assert reply.json["detail"] == str(error)
    assert reply.json["hint"] == error.hint
    assert ("retry-after" in reply.headers) == isinstance(error, StoreUnavailable)


async def test_a_body_that_is_too_long_is_told_so(desk: Control) -> None:
    reply = await desk.call("POST", "/v1/operator/reload", raw=b"")
    too_long = await desk.call("PUT", "/v1/operator/rules", raw=BytesIO(b" " * (9 * 1024 * 1024)))

    assert reply.status == 200
    assert too_long.status == 413
    assert too_long.code


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("GET", f"/v1/achievements/{KEY}", None),
        ("GET", f"/v1/players/{ALICE}", None),
        ("PUT", f"/v1/players/{ALICE}", {"userRef": "usr_1"}),
        ("DELETE", f"/v1/players/{ALICE}", None),
        ("GET", "/v1/operator/status", None),
        ("GET", "/v1/operator/entries", None),
        ("POST", f"/v1/operator/entries/{KEY}/decision", {"decision": "retry"}),
        ("GET", "/v1/operator/players", None),
        ("GET", "/v1/operator/rules", None),
        ("PUT", "/v1/operator/rules", {"definitions": [RULE]}),
        ("GET", "/metrics", None),
    ],
)
async def test_a_store_that_is_gone_is_told_by_every_call_that_needs_it(
    desk: Control, method: str, path: str, body: object
) -> None:
    await desk.outbox.database.__aexit__()
    reply = await desk.call(method, path, body)
    alive = await desk.call("GET", "/healthz", token=None)

    assert (reply.status, reply.code) == (503, "store-unavailable")
    assert reply.headers["retry-after"]
    assert alive.status == 200
