"""A bridge with its public page, a sandbox behind it, and players with browsers."""

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.support.road import Road, Town, road_of, town_in, until
from tests.support.surf import Page, Surfer, surfing

ALICE = "steam:76561197960265729"
BOB = "steam:76561197960265730"

CONFIG = """
[confirm]
looks = ["50ms"]
balance_every = "200ms"
[link_page]
listen = "127.0.0.1:0"
public_url = "{public}"
per_minute = {a_minute}
behind_proxy = {behind_proxy}
"""


@dataclass(slots=True)
class Square:
    """A town with a page, and one player's browser."""

    town: Town
    road: Road
    url: str
    player: Surfer

    async def ask(self, email: str = "alice@example.com", code: str = "") -> Page:
        page = await self.player.get("/link")
        return await self.player.send(page.form("/link"), email=email, code=code)

    async def approve(self, page: Page, decision: str = "Approve") -> None:
        """Decide on the campaign's own page, as the player who followed the link does."""
        (url,) = [link for link in page.links if "session=" in link]
        async with surfing(self.town.sandbox.url) as elsewhere:
            asked = await elsewhere.get(url)
            told = await elsewhere.send(asked.form("/link"), decision)
            assert told.status == 200

    async def until_told(self, words: str, player: Surfer | None = None) -> Page:
        seen: list[Page] = []

        async def told() -> bool:
            seen[:] = [await (player or self.player).get("/link")]
            return words in seen[0].text

        await until(told)
        return seen[0]

    async def say(self, player: str, code: str) -> tuple[int, Any]:
        """Type a code in the game's chat."""
        return await self.road.post(player, "link_code", details={"code": code})

    async def links(self, player: str) -> list[dict[str, str]]:
        found: list[dict[str, str]] = (await self.road.call("GET", f"/v1/players/{player}"))[1][
            "links"
        ]
        return found


def code_in(page: Page) -> str:
    found = re.search(r"!link ([A-Z0-9]{4}-[A-Z0-9]{4})", page.text)
    assert found, page.text
    return found[1]


@asynccontextmanager
async def square_in(
    town: Town,
    *,
    a_minute: int = 600,
    behind_proxy: bool = False,
    public: str = "https://play.example.org",
) -> AsyncIterator[Square]:
    text = CONFIG.format(a_minute=a_minute, behind_proxy=str(behind_proxy).lower(), public=public)
    town.configure(text)
    async with road_of(town) as road:
        ((host, port),) = road.daemon.report.page_bound.tcp
        url = f"http://{host}:{port}"
        async with surfing(url) as player:
            # The cookie is for HTTPS alone; the test stands where the proxy would.
            yield Square(town, road, url, player)


@pytest.fixture
async def town(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Town]:
    monkeypatch.setenv("RUNTIME_DIRECTORY", str(tmp_path / "run"))
    async with town_in(tmp_path) as made:
        yield made


@pytest.fixture
async def square(town: Town) -> AsyncIterator[Square]:
    async with square_in(town, public="http://127.0.0.1:8796") as made:
        yield made
