"""The public page on the whole road: both ways through it, and everything that goes wrong."""

import re

import aiohttp
import pytest

from bridge.look.page import SECURITY_HEADERS
from bridge.outbox.links import Look, SessionState
from tests.linking.page.conftest import ALICE, BOB, Square, code_in, square_in
from tests.support.road import Town, until
from tests.support.surf import surfing

HOSTILE = '"><script>alert(1)</script>'


# -- from the browser to the game -----------------------------------------------------------


async def test_a_player_who_begins_on_the_page_types_a_code_in_the_game(square: Square) -> None:
    key = (await square.road.post(ALICE, "first_blood"))[1]["key"]

    page = await square.ask()
    assert "Approve it" in page.text
    await square.approve(page)
    shown = await square.until_told("Type this in the game")
    status, answer = await square.say(ALICE, code_in(shown))
    told = await square.until_told("You are linked")

    assert status == 202, answer
    assert ALICE in told.text
    assert len(await square.links(ALICE)) == 1

    async def paid() -> bool:
        receipt = (await square.road.call("GET", f"/v1/achievements/{key}"))[1]
        return bool(receipt["entry_state"] == "confirmed")

    await until(paid)
    assert len(await square.town.ledger()) == 1


async def test_the_code_stays_the_same_while_the_page_is_looked_at(square: Square) -> None:
    await square.approve(await square.ask())
    first = code_in(await square.until_told("Type this in the game"))

    assert code_in(await square.player.get("/link")) == first


async def test_only_the_browser_that_asked_sees_the_code(square: Square) -> None:
    await square.approve(await square.ask())
    await square.until_told("Type this in the game")

    async with surfing(square.url) as stranger:
        seen = await stranger.get("/link?session=1")
        forged = await stranger.get("/link", {"Cookie": "campaign-bridge-link=x.1.00"})

    for page in (seen, forged):
        assert "!link" not in page.html
        assert page.form("/link").value("email") == ""


async def test_of_two_browsers_with_one_address_the_first_code_counts(square: Square) -> None:
    """The API has one session an address, so it approves both; a user has one player."""
    mine = await square.ask("shared@example.com")
    async with surfing(square.url) as other:
        page = await other.get("/link")
        await other.send(page.form("/link"), email="shared@example.com")
        await square.approve(mine)
        first = code_in(await square.until_told("Type this in the game"))
        second = code_in(await square.until_told("Type this in the game", other))

    assert first != second
    assert (await square.say(ALICE, first))[0] == 202
    assert (await square.say(BOB, second))[0] == 409
    assert await square.links(BOB) == []


async def test_a_restart_of_the_daemon_loses_no_player(town: Town) -> None:
    public = "http://127.0.0.1:8796"
    async with square_in(town, public=public) as before:
        page = await before.ask()
        jar = before.player.http.cookie_jar
        cookie = next(iter(jar)).value
    async with square_in(town, public=public) as after:
        await after.approve(page)
        seen = []

        async def told() -> bool:
            headers = {"Cookie": f"campaign-bridge-link={cookie}"}
            seen[:] = [await after.player.get("/link", headers)]
            return "Type this in the game" in seen[0].text

        await until(told)


# -- from the game to the browser -----------------------------------------------------------


async def test_a_player_who_comes_from_the_game_brings_a_code(square: Square) -> None:
    status, begun = await square.road.call("POST", f"/v1/players/{ALICE}/link", {}, "game-token-1")
    assert (status, begun["state"], begun["session"]) == (201, "code", None)
    assert begun["url"] == f"http://127.0.0.1:8796/link?code={begun['code']}"

    page = await square.player.get(begun["url"].partition("8796")[2])
    page = await square.player.send(page.form("/link"), email="alice@example.com")
    assert ALICE in page.text
    await square.approve(page)
    await square.until_told("You are linked")

    assert len(await square.links(ALICE)) == 1


async def picture(square: Square, player: str, code: str) -> tuple[int, str]:
    url = f"{square.road.url}/v1/players/{player}/link.svg"
    headers = {"Authorization": "Bearer game-token-1"}
    async with (
        aiohttp.ClientSession(headers=headers) as session,
        session.get(url, params={"code": code}) as answer,
    ):
        return answer.status, await answer.text()


async def test_the_url_with_a_code_is_a_picture_as_long_as_the_code_is_good(square: Square) -> None:
    begun = (await square.road.call("POST", f"/v1/players/{ALICE}/link", {}))[1]

    good = await picture(square, ALICE, begun["code"])
    others = await picture(square, BOB, begun["code"])
    await square.ask(code=begun["code"])
    used = await picture(square, ALICE, begun["code"])

    assert (good[0], others[0], used[0]) == (200, 404, 404)
    assert "<svg" in good[1]
    assert "unknown, was used, or is too old" in others[1]


async def test_a_code_is_good_once_and_a_wrong_one_never(square: Square) -> None:
    begun = (await square.road.call("POST", f"/v1/players/{ALICE}/link", {}))[1]
    await square.ask(code=begun["code"])
    async with surfing(square.url) as other:
        for code in (begun["code"], "AAAA-AAAA", HOSTILE):
            page = await other.get("/link")
            page = await other.send(page.form("/link"), email="b@example.com", code=code)

            assert page.status == 422
            assert "unknown, was used, or is too old" in page.text
            assert page.form("/link").value("email") == "b@example.com"
            assert "<script>alert" not in page.html


# -- what goes wrong ------------------------------------------------------------------------


@pytest.mark.parametrize("email", ["", "alice", "a b@example.com", HOSTILE, "x" * 300 + "@a.org"])
async def test_what_is_no_address_comes_back_with_a_sentence(square: Square, email: str) -> None:
    page = await square.ask(email)

    assert page.status == 422
    assert "Write one e-mail address" in page.text
    assert page.form("/link").value("email") == email.strip()
    assert "<script>alert" not in page.html


async def test_who_declines_is_told_and_may_begin_once_more(square: Square) -> None:
    await square.approve(await square.ask(), "Decline")
    page = await square.until_told("You declined")

    fresh = await square.player.send(page.form("/link"))

    assert fresh.form("/link").value("email") == ""


@pytest.mark.parametrize(
    ("state", "words"),
    [
        (SessionState.EXPIRED, "This took too long"),
        (SessionState.FAILED, "That did not work"),
        (SessionState.REFUSED, "Linked to somebody else"),
    ],
)
async def test_each_other_end_has_its_page(square: Square, state: SessionState, words: str) -> None:
    await square.ask()
    outbox = square.road.daemon._outbox  # nobody else can end a session so
    await outbox.look_at_session(1, Look(state, "what only operators read"), "test")

    page = await square.player.get("/link")

    assert words in page.text
    assert "what only operators read" not in page.html
    assert "Begin once more" in page.text


async def test_an_api_that_is_away_is_waited_for_on_the_page(town: Town) -> None:
    async with square_in(town, public="http://127.0.0.1:8796") as square:
        await town.admin.set_faults({"error_500": 1.0})
        page = await square.ask()
        assert "One moment" in page.text
        assert not any("session=" in link for link in page.links)
        await town.admin.set_faults({"error_500": 0.0})

        page = await square.until_told("Approve it")

    assert any("session=" in link for link in page.links)


async def test_the_page_never_says_whether_an_address_is_known(square: Square) -> None:
    await square.road.link(BOB, "usr_1")
    texts = set()
    for email in ("player1@example.com", "nobody@example.com"):
        async with surfing(square.url) as browser:
            page = await browser.get("/link")
            page = await browser.send(page.form("/link"), email=email)
            texts.add(page.text.replace(email, "…"))

    assert len(texts) == 1


# -- who may ----------------------------------------------------------------------------------


@pytest.mark.parametrize("token", [None, "", "wrong"])
async def test_a_form_that_is_not_the_page_s_own_does_nothing(
    square: Square, token: str | None
) -> None:
    await square.player.get("/link")
    csrf = [] if token is None else [("csrf", token)]

    page = await square.player.post("/link", [*csrf, ("email", "a@example.com")])

    assert page.status == 403
    assert "Open the page again" in page.text
    assert "alice" not in page.text
    assert await square.road.daemon._outbox.session(1) is None


async def test_a_page_of_another_site_can_t_send_the_form(square: Square) -> None:
    page = await square.player.get("/link")
    form = page.form("/link")
    fields = [(name, "a@example.com" if name == "email" else value) for name, value in form.fields]

    refused = await square.player.post("/link", fields, {"Sec-Fetch-Site": "cross-site"})
    async with surfing(square.url) as stranger:  # another browser with the first one's token
        await stranger.get("/link")
        stolen = await stranger.post("/link", fields)

    assert (refused.status, stolen.status) == (403, 403)


async def test_one_address_has_so_many_tries_a_minute(town: Town) -> None:
    async with square_in(town, a_minute=3, public="http://127.0.0.1:8796") as square:
        statuses = [(await square.ask("alice")).status for _ in range(4)]
        page = await square.ask("alice")

    assert statuses == [422, 422, 422, 429]
    assert int(page.headers["Retry-After"]) <= 20
    assert "Wait a minute" in page.text


async def test_behind_a_proxy_the_last_forwarded_address_counts(town: Town) -> None:
    async def tried(square: Square, forwarded: str) -> int:
        page = await square.player.get("/link")
        form = page.form("/link")
        headers = {"X-Forwarded-For": forwarded}
        return (await square.player.post("/link", form.fields, headers)).status

    public = "http://127.0.0.1:8796"
    async with square_in(town, a_minute=1, behind_proxy=True, public=public) as square:
        told = [
            await tried(square, forwarded)
            for forwarded in ("6.6.6.6, 1.1.1.1", "7.7.7.7, 1.1.1.1", "6.6.6.6, 2.2.2.2")
        ]
    async with square_in(town, a_minute=1, public=public) as square:
        direct = [await tried(square, forwarded) for forwarded in ("1.1.1.1", "2.2.2.2")]

    assert told == [422, 429, 422]
    assert direct == [422, 429]


async def test_nothing_of_the_bridge_answers_on_the_page_s_listener(square: Square) -> None:
    headers = {"Authorization": "Bearer operator-token-1"}
    paths = ["/v1/operator/status", f"/v1/players/{ALICE}", "/metrics", "/readyz", "/v1/stream"]

    statuses = {path: (await square.player.get(path, headers)).status for path in paths}

    assert statuses == dict.fromkeys(paths, 404)
    assert (await square.player.get("/healthz")).status == 200
    assert (await square.player.get("/")).path == "/link"


async def test_every_answer_has_the_page_s_policy(square: Square) -> None:
    for path in ("/link", "/nothing", "/link?code=x"):
        page = await square.player.get(path)

        assert {name: page.headers[name] for name in SECURITY_HEADERS} == SECURITY_HEADERS


async def test_too_long_a_form_is_refused(square: Square) -> None:
    await square.player.get("/link")

    page = await square.player.post("/link", [("email", "x" * 20_000)])

    assert page.status == 413
    assert "too long" in page.text


async def test_cookies_are_for_the_page_alone_and_for_https_where_it_is(town: Town) -> None:
    async def cookie(public: str) -> str:
        async with (
            square_in(town, public=public) as square,
            aiohttp.ClientSession() as http,
            http.get(f"{square.url}/link") as answer,
        ):
            return answer.headers["Set-Cookie"]

    there = await cookie("https://play.example.org/mine")
    here = await cookie("http://127.0.0.1:8796")

    assert re.search(r"HttpOnly; .*Path=/mine/link; SameSite=Lax; Secure$", there), there
    assert re.search(r"HttpOnly; .*Path=/link; SameSite=Lax$", here), here


async def test_a_path_before_the_page_is_kept(town: Town) -> None:
    async with square_in(town, public="http://127.0.0.1:8796/mine") as square:
        page = await square.player.get("/mine/link")
        assert page.form("/link").action == "/mine/link"
        (style,) = re.findall(r'href="([^"]+look\.css[^"]*)"', page.html)

        assert style.startswith("/mine/look/")
        assert (await square.player.get(style)).status == 200
        assert (await square.player.get("/link")).status == 200
