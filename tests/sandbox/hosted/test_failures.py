"""What goes wrong on a page is a page; what goes wrong in the API stays in its envelope."""

import pytest
from aiohttp import web
from structlog.testing import capture_logs

from bridge.look.page import SECURITY_HEADERS, environment
from bridge.sandbox.guard import is_page
from bridge.sandbox.hosted.failures import as_pages
from tests.sandbox.hosted.conftest import Stage
from tests.support.surf import surfing


@pytest.mark.parametrize(
    ("path", "page"),
    [
        *((path, True) for path in ("/", "/dashboard", "/dashboard/x", "/link", "/invite/x")),
        *((path, True) for path in ("/look/look.css",)),
        *((path, False) for path in ("/api/v1/campaign/x", "/sandbox/v1/faults", "/openapi.json")),
        *((path, False) for path in ("/dashboards", "/linked", "/x/dashboard")),
    ],
)
def test_pages_are_known_by_their_first_step(path: str, page: bool) -> None:
    assert is_page(path) is page


async def test_a_foreign_host_is_told_by_a_page(stage: Stage) -> None:
    for path in ("/", "/dashboard/campaigns", "/link", "/invite/x", "/look/look.css"):
        page = await stage.player.get(path, {"Host": "evil.test"})

        assert page.status == 403, path
        assert "Host is not a loopback address" in page.text
        assert {name: page.headers[name] for name in SECURITY_HEADERS} == SECURITY_HEADERS


async def test_a_method_that_a_page_lacks_is_told_by_a_page(stage: Stage) -> None:
    page = await stage.player.post("/dashboard/sign-in/", [])
    wrong = await stage.player.post("/dashboard/campaigns", [])

    assert page.status == 404
    assert wrong.status == 405
    assert "GET" in wrong.headers["Allow"]
    assert "<h1>" in wrong.html


async def test_a_form_that_is_too_long_is_told_by_a_page(stage: Stage) -> None:
    page = await stage.player.post("/link", [("session", "x" * 1_100_000)])

    assert page.status == 413
    assert "What was sent is too long." in page.text


async def test_a_bug_is_told_by_a_page_without_its_details_and_logged_without_secrets() -> None:
    async def broken(_: web.Request) -> web.Response:
        api_key = "sandbox_" + "a" * 64
        raise RuntimeError(f"no page for {api_key[:7]}")

    pages = environment("bridge.sandbox.hosted")
    pages.globals.update(product="Sandbox", marker="pretend money")
    app = web.Application(middlewares=[as_pages(pages)])
    app.router.add_get("/link", broken)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        root = f"http://127.0.0.1:{runner.addresses[0][1]}"
        async with surfing(root) as player:
            with capture_logs() as logs:
                page = await player.get("/link")
    finally:
        await runner.cleanup()

    assert page.status == 500
    assert "RuntimeError" not in page.html
    assert "Traceback" not in page.html
    assert [line["action"] for line in logs] == ["sandbox_failed"]
    assert "RuntimeError: no page for sandbox" in logs[0]["trace"]
    assert "a" * 64 not in str(logs)
