"""An owner at the dashboard of a sandbox with one active campaign, real sockets and files."""

from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest

from tests.sandbox.play import HandClock, Play, playing
from tests.support.surf import Page, Surfer, surfing


@dataclass(frozen=True, slots=True)
class Owner:
    """A browser that is signed in, and the campaign that it looks at."""

    surfer: Surfer
    play: Play
    clock: HandClock

    @property
    def base(self) -> str:
        return f"/dashboard/campaigns/{self.play.campaign.id}"

    async def see(self, below: str = "") -> Page:
        """Open a page of the campaign."""
        page = await self.surfer.get(self.base + below)
        assert page.status == 200, page.text
        return page

    async def do(self, below: str, form: str, press: str = "", **typed: str) -> Page:
        """Open a page of the campaign, fill one of its forms in, send it."""
        return await self.surfer.send((await self.see(below)).form(form), press, **typed)


async def sign_in(surfer: Surfer, play: Play) -> None:
    page = await surfer.get("/dashboard/sign-in")
    page = await surfer.send(page.form("/sign-in"), token=play.sandbox.admin_token)
    assert page.path == "/dashboard/campaigns", page.text


@pytest.fixture
async def owner() -> AsyncIterator[Owner]:
    clock = HandClock()
    async with playing(clock=clock) as play, surfing(play.sandbox.url) as surfer:
        await sign_in(surfer, play)
        yield Owner(surfer, play, clock)
