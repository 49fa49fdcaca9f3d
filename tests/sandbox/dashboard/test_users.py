"""Linked users, links by email, one user's history."""

from urllib.parse import quote

import pytest

from tests.sandbox.dashboard.conftest import Owner


async def test_a_link_by_email_gives_the_address_that_the_player_opens(owner: Owner) -> None:
    page = await owner.do("/users", "/users/link", email="Player@Example.com ")

    opened = [link for link in page.links if "/link?session=" in link]
    assert "A link for player@example.com has begun" in page.text
    assert len(opened) == 1
    assert opened[0].startswith(owner.play.sandbox.url)
    assert (await owner.surfer.get(opened[0])).status == 200


async def test_a_link_that_is_on_its_way_is_not_begun_again(owner: Owner) -> None:
    await owner.do("/users", "/users/link", email="player@example.com")
    page = await owner.do("/users", "/users/link", email="player@example.com")

    assert "is on its way already" in page.text
    assert len([link for link in page.links if "/link?session=" in link]) == 1


@pytest.mark.parametrize("email", ["", "nobody", "a@b@c", "a b@c", "x" * 250 + "@e.com"])
async def test_what_is_no_email_is_said_and_kept(owner: Owner, email: str) -> None:
    page = await owner.do("/users", "/users/link", email=email)

    assert page.status == 422
    assert page.form("/users/link").value("email") == email


async def test_a_user_is_removed(owner: Owner) -> None:
    page = await owner.do("/users", "/users/remove")
    history = await owner.see("/users/history?ref=usr_1")

    assert "usr_1 is no longer linked." in page.text
    assert "Removed" in history.text
    assert (await owner.play.event()).status == 404


async def test_removing_a_user_who_is_gone_is_told(owner: Owner) -> None:
    form = (await owner.see("/users")).form("/users/remove")
    await owner.do("/users", "/users/remove")

    fields = [("csrf", form.value("csrf")), ("ref", "usr_1")]
    page = await owner.surfer.post(form.action, fields)

    assert "was not linked any more" in page.text


async def test_the_list_is_turned_page_by_page(owner: Owner) -> None:
    for n in range(3, 8):
        await owner.play.admin.add_user(owner.play.campaign.id, f"usr_{n}")

    first = await owner.see("/users?limit=3")
    second = await owner.surfer.get(next(link for link in first.links if "offset=3" in link))

    assert "1 to 3 of 7" in first.text
    assert "4 to 6 of 7" in second.text
    assert "usr_4" in second.text
    assert "usr_1" not in second.text
    assert any("offset=0" in link for link in second.links)


@pytest.mark.parametrize("query", ["limit=0", "limit=101", "offset=-1", "offset=x"])
async def test_a_page_that_can_not_be_is_told_by_a_page(owner: Owner, query: str) -> None:
    page = await owner.surfer.get(f"{owner.base}/users?{query}")

    assert page.status == 400
    assert "Invalid request" in page.text


async def test_a_users_history_shows_what_was_paid(owner: Owner) -> None:
    for user in ("usr_1", "usr_1", "usr_2"):
        await owner.do("", "/event", user=user)
    await owner.play.sandbox.settled()

    page = await owner.see("/users/history?ref=usr_1&limit=1")

    assert "1 to 1 of 2" in page.text
    assert any("ref=usr_1" in link and "offset=1" in link for link in page.links)


async def test_a_user_of_any_name_has_a_history(owner: Owner) -> None:
    for name in ("a/b?c#d&ref=x", "<script>", "%2e%2e", "ü\u202e", "../../faults"):
        await owner.play.admin.add_user(owner.play.campaign.id, name)
        page = await owner.see(f"/users/history?ref={quote(name, safe='')}")

        assert "Nothing was paid to this user yet." in page.text
        assert "<script>" not in page.html.split("</head>")[1]
    listed = await owner.see("/users")
    for link in [link for link in listed.links if "/users/history?ref=" in link]:
        assert (await owner.surfer.get(link)).status == 200


async def test_an_unknown_user_is_a_page_that_says_so(owner: Owner) -> None:
    for ref in ("nobody", "", "%ff"):
        page = await owner.surfer.get(f"{owner.base}/users/history?ref={ref}")

        assert page.status == 404
        assert "Unknown userRef" in page.text
