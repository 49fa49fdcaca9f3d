"""The parts page on a real socket, and a small page of a room of its own."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import jinja2
import pytest
from aiohttp import web

from bridge.look.assets import static_routes
from bridge.look.page import environment, render, see_other
from bridge.look.parts import parts_page

ROOM = {
    "job.html": """
{% extends "look/base.html" %}
{% import "look/parts.html" as look %}
{% block title %}Job{% endblock %}
{% block layout %}narrow{% endblock %}
{% block main %}
{{ look.heading("Job") }}
{% call look.live("/job", "state", seconds=1, until=done) %}
  {% if done %}{{ look.badge("Done", "good") }}{% else %}{{ look.pending("Running…") }}{% endif %}
{% endcall %}
{% set job = [("job", "7")] %}
{{ look.confirm("Stop…", "It stops for good.", "Stop it", "/stopped", "a-token", fields=job) }}
{% endblock %}
"""
}


@dataclass
class Site:
    """Where the pages are, and what was posted to them."""

    url: str = ""
    asked: int = 0
    #: From this look on, the job is done.
    done_after: int = 10**9
    posted: list[dict[str, str]] = field(default_factory=list)


@pytest.fixture
def pages() -> jinja2.Environment:
    return environment(jinja2.DictLoader(ROOM))


@pytest.fixture
async def site(pages: jinja2.Environment) -> AsyncIterator[Site]:
    async with serving(pages) as made:
        yield made


@asynccontextmanager
async def serving(pages: jinja2.Environment) -> AsyncIterator[Site]:
    """Serve the parts page and the room's on a free port."""
    made = Site()
    app = web.Application()
    app.add_routes([*_routes(pages, made), *static_routes()])
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    made.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    try:
        yield made
    finally:
        await runner.cleanup()


def _routes(pages: jinja2.Environment, site: Site) -> list[web.RouteDef]:
    async def parts(request: web.Request) -> web.Response:
        return parts_page(pages)

    async def job(request: web.Request) -> web.Response:
        site.asked += 1
        return render(pages, "job.html", done=site.asked > site.done_after)

    async def stopped(request: web.Request) -> web.Response:
        site.posted.append({name: str(value) for name, value in (await request.post()).items()})
        return see_other("/job")

    return [web.get("/", parts), web.get("/job", job), web.post("/stopped", stopped)]
