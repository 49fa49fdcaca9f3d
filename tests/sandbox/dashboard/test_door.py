"""Nobody gets in without the token or the one-time link, and no form from elsewhere counts."""

from collections.abc import AsyncIterator

import pytest

from bridge.look.page import SECURITY_HEADERS
from bridge.sandbox.dashboard.visits import LIFETIME, MOST_VISITS, PATIENCE, Tries, Visits
from tests.sandbox.dashboard.conftest import Owner, sign_in
from tests.sandbox.play import HandClock, Play, playing
from tests.support.surf import Surfer, surfing

PAGES = [
    "/dashboard/campaigns",
    "/dashboard/campaigns/new",
    "/dashboard/faults",
    *(
        f"{{base}}{below}"
        for below in (
            *("", "/state", "/events", "/users", "/users/history?ref=usr_1", "/invites"),
            *("/payouts", "/keys", "/keys/new", "/webhook", "/webhook/log"),
        )
    ),
]
ACTIONS = [
    "/dashboard/campaigns/new",
    "/dashboard/faults",
    "/dashboard/sign-out",
    *(
        f"{{base}}{below}"
        for below in (
            *("/start", "/stop", "/withdraw", "/fund", "/event", "/events", "/events/remove"),
            *("/users/link", "/users/remove", "/invites", "/invites/inv_1", "/invites/inv_1/pause"),
            *("/invites/inv_1/resume", "/invites/inv_1/revoke", "/keys", "/keys/1/revoke"),
            *("/webhook", "/webhook/rotate", "/webhook/test", "/webhook/deliveries/1/resend"),
        )
    ),
]


@pytest.fixture
async def play() -> AsyncIterator[Play]:
    async with playing(active=False, clock=HandClock()) as opened:
        yield opened


@pytest.fixture
async def stranger(play: Play) -> AsyncIterator[Surfer]:
    async with surfing(play.sandbox.url) as surfer:
        yield surfer


# -- signed out -------------------------------------------------------------------------------


async def test_every_page_sends_a_stranger_to_sign_in(play: Play, stranger: Surfer) -> None:
    base = f"/dashboard/campaigns/{play.campaign.id}"

    asked = {page: (await stranger.get(page.format(base=base))).path for page in PAGES}

    assert [page for page, path in asked.items() if "/dashboard/sign-in?next=" not in path] == []


async def test_signing_in_leads_to_the_page_that_was_asked_for(
    play: Play, stranger: Surfer
) -> None:
    address = f"/dashboard/campaigns/{play.campaign.id}/users?limit=10&offset=0"

    asked = await stranger.get(address)
    there = await stranger.send(asked.form("/sign-in"), token=play.sandbox.admin_token)

    assert (there.status, there.path) == (200, address)


async def test_no_action_of_a_stranger_does_anything(play: Play, stranger: Surfer) -> None:
    base = f"/dashboard/campaigns/{play.campaign.id}"

    for action in ACTIONS:
        page = await stranger.post(action.format(base=base), [("amount", "5")], follow=False)

        assert (page.status, page.headers["Location"]) == (303, "/dashboard/sign-in"), action
    assert (await play.shown())["totalAmountFunded"] == 0


async def test_what_refreshes_itself_is_led_to_the_whole_sign_in_page(
    play: Play, stranger: Surfer
) -> None:
    state = f"/dashboard/campaigns/{play.campaign.id}/state"

    page = await stranger.get(state, {"HX-Request": "true"})

    assert (page.status, page.text) == (200, "")
    assert page.headers["HX-Redirect"] == "/dashboard/sign-in"


# -- signing in -------------------------------------------------------------------------------


async def test_the_printed_link_signs_in_once(play: Play, stranger: Surfer) -> None:
    for _ in range(3):  # previews and second looks use nothing up
        looked = await stranger.get(play.sandbox.sign_in_url)
    entered = await stranger.send(looked.form("/sign-in"))

    async with surfing(play.sandbox.url) as other:
        again = await other.get(play.sandbox.sign_in_url)
        copied = await other.post(
            "/dashboard/sign-in",
            [("csrf", again.form("/sign-in").value("csrf")), ("code", play.sandbox.sign_in_code)],
        )

    assert (entered.status, entered.path) == (200, "/dashboard/campaigns")
    assert "This link was used" in again.text
    assert again.form("/sign-in").value("token") == ""
    assert copied.status == 403
    assert "This link was used" in copied.text


async def test_a_wrong_token_is_refused_and_not_repeated(stranger: Surfer) -> None:
    asked = await stranger.get("/dashboard/sign-in")

    page = await stranger.send(asked.form("/sign-in"), token="guess-0815")

    assert page.status == 403
    assert "This is not the admin token." in page.text
    assert "guess-0815" not in page.html


async def test_guessing_is_slowed_down_gently(play: Play, stranger: Surfer) -> None:
    form = (await stranger.get("/dashboard/sign-in")).form("/sign-in")
    guesses = [(await stranger.send(form, token=f"no-{n}")).status for n in range(PATIENCE)]

    slowed = await stranger.send(form, token=play.sandbox.admin_token)

    assert guesses == [403] * PATIENCE
    assert slowed.status == 429
    assert int(slowed.headers["Retry-After"]) <= 2


def test_after_a_pause_another_token_is_looked_at() -> None:
    clock = HandClock()
    tries = Tries(clock)
    for _ in range(PATIENCE):
        assert tries.wait() == 0
        tries.wrong()

    before = tries.wait()
    clock.turn(before)

    assert before > 0
    assert tries.wait() == 0


async def test_a_sign_in_from_elsewhere_is_refused(play: Play, stranger: Surfer) -> None:
    await stranger.get("/dashboard/sign-in")

    page = await stranger.post("/dashboard/sign-in", [("token", play.sandbox.admin_token)])

    assert page.status == 403
    assert (await stranger.get("/dashboard/campaigns")).path.startswith("/dashboard/sign-in")


@pytest.mark.parametrize(
    "onwards",
    [
        *("https://evil.test/", "//evil.test", "/\\evil.test", "/link", "javascript:alert(1)"),
        *("/dashboard/sign-in?next=/dashboard/sign-in", "/dashboard/\r\nSet-Cookie: a=b"),
    ],
)
async def test_signing_in_leads_to_the_dashboard_only(
    play: Play, stranger: Surfer, onwards: str
) -> None:
    form = (await stranger.get("/dashboard/sign-in")).form("/sign-in")
    fields = [("csrf", form.value("csrf")), ("token", play.sandbox.admin_token), ("next", onwards)]

    page = await stranger.post("/dashboard/sign-in", fields, follow=False)

    assert (page.status, page.headers["Location"]) == (303, "/dashboard/campaigns")


async def test_the_cookie_is_for_the_dashboard_of_this_port_and_no_script(
    play: Play, stranger: Surfer
) -> None:
    form = (await stranger.get("/dashboard/sign-in")).form("/sign-in")
    fields = [("csrf", form.value("csrf")), ("token", play.sandbox.admin_token)]

    page = await stranger.post("/dashboard/sign-in", fields, follow=False)

    name, _, rest = page.headers["Set-Cookie"].partition("=")
    assert name == f"sandbox-visit-{play.sandbox.port}"
    assert {part.strip() for part in rest.split(";")[1:]} >= {
        *("HttpOnly", "Path=/dashboard", "SameSite=Strict")
    }


async def test_signing_out_ends_the_visit(owner: Owner) -> None:
    page = await owner.do("", "/sign-out")

    assert page.path == "/dashboard/sign-in"
    assert (await owner.surfer.get(owner.base)).path.startswith("/dashboard/sign-in")


async def test_a_visit_ends_by_itself(owner: Owner) -> None:
    owner.clock.turn(LIFETIME - 1)
    before = await owner.surfer.get(owner.base)
    owner.clock.turn(2)
    after = await owner.surfer.get(owner.base)

    assert before.path == owner.base
    assert after.path.startswith("/dashboard/sign-in")


def test_there_are_only_so_many_visits_at_once() -> None:
    visits = Visits(HandClock())

    names = [visits.begin() for _ in range(MOST_VISITS + 1)]

    assert visits.find(names[0]) is None
    assert visits.find(names[-1]) is not None


# -- forms ------------------------------------------------------------------------------------


@pytest.mark.parametrize("token", [None, "", "wrong", "ä"])
async def test_every_form_without_the_visits_token_is_refused(
    owner: Owner, token: str | None
) -> None:
    fields = [("amount", "5")] if token is None else [("csrf", token), ("amount", "5")]

    for action in ACTIONS:
        page = await owner.surfer.post(action.format(base=owner.base), fields)

        assert page.status == 403, action
        assert "This form is out of date" in page.text
    assert (await owner.play.shown())["totalAmountFunded"] == 100


@pytest.mark.parametrize("origin", ["https://evil.test", "http://127.0.0.1:1", "null"])
async def test_every_form_of_another_origin_is_refused(owner: Owner, origin: str) -> None:
    csrf = (await owner.see()).form("/fund").value("csrf")

    for action in ACTIONS:
        page = await owner.surfer.post(
            action.format(base=owner.base), [("csrf", csrf), ("amount", "5")], {"Origin": origin}
        )

        assert page.status == 403, action
        assert "Origin is not this sandbox" in page.text


async def test_a_form_of_this_origin_is_taken(owner: Owner) -> None:
    form = (await owner.see()).form("/fund")
    fields = [(name, "5" if name == "amount" else value) for name, value in form.fields]

    page = await owner.surfer.post(form.action, fields, {"Origin": owner.play.sandbox.url})

    assert page.status == 200
    assert (await owner.play.shown())["totalAmountFunded"] == 105


async def test_one_visits_token_is_no_good_for_another(owner: Owner) -> None:
    theirs = (await owner.see()).form("/fund").value("csrf")

    async with surfing(owner.play.sandbox.url) as other:
        await sign_in(other, owner.play)
        page = await other.post(f"{owner.base}/fund", [("csrf", theirs), ("amount", "5")])

    assert page.status == 403


async def test_a_body_that_is_no_form_is_refused(owner: Owner) -> None:
    page = await owner.surfer.post(f"{owner.base}/fund", [], {"Content-Type": "text/plain"})
    json = await owner.surfer.post(
        f"{owner.base}/fund", [("a", "b")], {"Content-Type": "application/json"}
    )
    many = await owner.surfer.post(f"{owner.base}/fund", [("a", "b")] * 5000)

    assert [page.status, json.status, many.status] == [403, 415, 400]


# -- what every answer has --------------------------------------------------------------------


async def test_every_page_comes_with_the_strict_headers(owner: Owner) -> None:
    for page in (*PAGES, "/dashboard/nothing"):
        seen = await owner.surfer.get(page.format(base=owner.base))

        assert {name: seen.headers.get(name) for name in SECURITY_HEADERS} == SECURITY_HEADERS
        assert seen.headers["Content-Type"] == "text/html; charset=utf-8"


async def test_no_page_has_inline_scripts_or_styles(owner: Owner) -> None:
    for page in PAGES:
        html = (await owner.surfer.get(page.format(base=owner.base))).html.lower()

        assert " style=" not in html
        assert "<style" not in html
        assert " onclick=" not in html
        assert html.count("<script") == html.count("<script src=")


async def test_a_visit_of_one_sandbox_is_none_of_another(owner: Owner) -> None:
    async with playing(active=False) as other:
        page = await owner.surfer.get(f"{other.sandbox.url}/dashboard/campaigns")
        back = await owner.surfer.get("/dashboard/campaigns")

    assert "/dashboard/sign-in" in page.path
    assert back.path == "/dashboard/campaigns"
