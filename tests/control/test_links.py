"""Linking as games ask for it over HTTP: bodies, statuses, rights."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from bridge.outbox.links import Look, SessionState
from tests.support.clock import FakeClock
from tests.support.road import Road, Town, road_of, town_in, until

ALICE = "steam:76561197960265729"
PATH = f"/v1/players/{ALICE}/link"
MAIL = {"email": "alice@example.com"}
KEYS = {"url", "session", "state", "detail", "campaign", "expires_at"}


@pytest.fixture
async def town(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Town]:
    monkeypatch.setenv("RUNTIME_DIRECTORY", str(tmp_path / "run"))
    async with town_in(tmp_path) as made:
        (tmp_path / "read-token").write_text("read-token-1")
        yield made


@pytest.fixture
async def road(town: Town) -> AsyncIterator[Road]:
    more = '[[tokens]]\nrole = "read"\nfile = "read-token"\n'
    text = town.config.read_text()
    town.config.write_text(text.replace("[udp]", f"{more}[udp]"))
    async with road_of(town) as made:
        yield made


async def begin(road: Road, body: object, bearer: str = "game-token-1") -> tuple[int, Any]:
    return await road.call("POST", PATH, body, bearer)


async def test_a_session_begins_with_the_url_that_the_game_shows(road: Road, town: Town) -> None:
    status, begun = await begin(road, MAIL)

    assert status == 201
    assert set(begun) == KEYS
    assert begun["state"] == "pending"
    assert begun["url"].startswith(f"{town.sandbox.url}/link?session=")
    assert (begun["campaign"], begun["detail"]) == (town.campaign.id, "")


async def test_the_newest_session_is_what_is_told(road: Road) -> None:
    assert (await road.call("GET", PATH))[0] == 404
    _, begun = await begin(road, MAIL)

    status, told = await road.call("GET", PATH, None, "game-token-1")

    assert (status, told) == (200, begun)


async def test_an_api_that_is_away_is_told_by_202_and_no_url(road: Road, town: Town) -> None:
    await town.admin.set_faults({"error_500": 1.0})

    status, begun = await begin(road, MAIL)

    assert status == 202
    assert (begun["state"], begun["url"]) == ("starting", None)


@pytest.mark.parametrize("path", [PATH, f"/v1/players/{ALICE}"])
async def test_who_polls_need_not_wait_for_the_next_look(town: Town, path: str) -> None:
    """The clock stands still: no look is ever due by time."""
    async with road_of(town, FakeClock()) as road:
        _, begun = await begin(road, MAIL)
        await approve(town, begun["url"])
        await road.call("GET", path, None, "game-token-1")

        async def linked() -> bool:
            links = (await road.call("GET", f"/v1/operator/players/{ALICE}"))[1]["links"]
            return bool(links)

        await until(linked)


async def approve(town: Town, session_url: str) -> None:
    """Approve a link as the player's browser would."""
    headers = {
        "Authorization": f"Bearer {town.campaign.api_key}",
        "X-Campaign-Id": town.campaign.id,
    }
    url = f"{town.sandbox.api_url}/v1/users/link/approve"
    body = {"sessionKey": session_url.partition("session=")[2]}
    async with (
        aiohttp.ClientSession() as session,
        session.post(url, json=body, headers=headers) as answer,
    ):
        assert answer.status < 300, await answer.text()


async def test_an_ended_session_shows_no_url(road: Road) -> None:
    await begin(road, MAIL)
    outbox = road.daemon._outbox  # nobody else can end a session so
    await outbox.look_at_session(1, Look(SessionState.DECLINED, "the player said no"), "test")

    told = (await road.call("GET", PATH))[1]
    picture = await road.call("GET", f"{PATH}.svg")

    assert (told["state"], told["url"]) == ("declined", None)
    assert told["detail"] == "the player said no"
    assert picture[0] == 404
    assert "declined" in picture[1]["detail"]


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({}, "/email"),
        ({"email": None}, "/email"),
        ({"email": 7}, "/email"),
        ({"email": "alice"}, "/email"),
        ({**MAIL, "campaign": "other"}, "/campaign"),
        ({**MAIL, "campaign": ["x"]}, "/campaign"),
        ({**MAIL, "mail": "x"}, "/mail"),
    ],
)
async def test_a_bad_field_is_pointed_at(road: Road, body: object, pointer: str) -> None:
    status, problem = await begin(road, body)

    assert status == 422
    assert [error["pointer"] for error in problem["errors"]] == [pointer]


async def test_what_is_no_object_is_refused(road: Road) -> None:
    assert (await begin(road, ["alice"]))[0] == 400
    assert (await road.call("POST", "/v1/players/nobody/link", MAIL))[0] == 422
    url = f"{road.url}{PATH}"
    headers = {"Authorization": "Bearer game-token-1"}
    async with (
        aiohttp.ClientSession() as session,
        session.post(url, data=b"{", headers=headers) as answer,
    ):
        assert answer.status == 400


async def test_who_may_only_read_begins_nothing(road: Road) -> None:
    assert (await begin(road, MAIL, "read-token-1"))[0] == 403
    assert (await begin(road, MAIL, "wrong"))[0] == 401
    assert (await road.call("GET", PATH))[0] == 404


async def test_the_address_is_in_no_answer_and_no_log(
    road: Road, capsys: pytest.CaptureFixture[str]
) -> None:
    _, begun = await begin(road, MAIL)
    told = (await road.call("GET", PATH))[1]
    story = (await road.call("GET", f"/v1/players/{ALICE}"))[1]

    assert "alice@example.com" not in f"{begun}{told}{story}"
    logged = capsys.readouterr()
    assert "alice@example.com" not in logged.out + logged.err
