"""Invites in the books: each use counted once and attributed, also where many come at once."""

import asyncio
import re
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from functools import partial
from pathlib import Path

import pytest
from aiohttp import ClientSession, CookieJar

from bridge.sandbox import inviting, linking
from bridge.sandbox.answers import Refused
from bridge.sandbox.books.invites import Invite
from bridge.sandbox.books.users import User
from bridge.sandbox.inviting import Terms
from bridge.sandbox.readings import InviteState
from tests.sandbox.bookkeeping import CAMPAIGN, Desk, books_open
from tests.sandbox.play import playing

LATER = "2026-11-23T12:00:10.500Z"
#: When an invite's state depends on nothing but what was decided.
OPEN = Terms("forum", None, None)


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    async with books_open(tmp_path / "sandbox.db") as opened:
        yield opened


async def made(desk: Desk, terms: Terms = OPEN) -> Invite:
    return await desk.do(partial(inviting.create, campaign_id=CAMPAIGN, terms=terms))


async def used(desk: Desk, invite: Invite, email: str = "player@example.com") -> str:
    return await desk.do(partial(inviting.use, token=invite.token, email=email))


async def known(desk: Desk, invite: Invite) -> Invite:
    return await desk.do(partial(inviting.invite, campaign_id=CAMPAIGN, invite_id=invite.id))


async def state(desk: Desk, invite: Invite) -> InviteState:
    return (await known(desk, invite)).state_at(desk.keeper.milliseconds())


async def users(desk: Desk) -> list[User]:
    return await desk.do(lambda books: books.users.listing(CAMPAIGN, 1000, 0))


async def changed(desk: Desk, invite: Invite, terms: Terms) -> Invite:
    now = await known(desk, invite)
    return await desk.do(partial(inviting.update, known=now, terms=terms))


async def test_a_use_enrols_counts_and_is_attributed_and_told_of(desk: Desk) -> None:
    invite = await made(desk)
    desk.clock.turn(1)
    user_ref = await used(desk, invite, " Player@Example.com ")
    (user,) = await users(desk)
    ((name, data),) = await desk.told()

    assert (user.user_ref, user.email, user.invite_id) == (
        user_ref,
        "player@example.com",
        invite.id,
    )
    assert (await known(desk, invite)).uses == 1
    assert name == "User.Account.Link.Succeeded"
    assert data == {
        "campaignId": CAMPAIGN,
        "sessionKey": data["sessionKey"],
        "user_ref": user_ref,
        "inviteId": invite.id,
    }


async def test_two_hundred_uses_at_once_of_fifty_enrol_exactly_fifty(desk: Desk) -> None:
    invite = await made(desk, Terms("forum", 50, None))
    ends = await asyncio.gather(
        *(used(desk, invite, f"{number}@example.com") for number in range(200)),
        return_exceptions=True,
    )
    enrolled = [end for end in ends if isinstance(end, str)]
    refused = [str(end) for end in ends if isinstance(end, Refused)]

    assert len(set(enrolled)) == len(enrolled) == 50
    assert refused == ["This invite can't be used: it is exhausted"] * 150
    assert {user.user_ref for user in await users(desk)} == set(enrolled)
    assert {user.invite_id for user in await users(desk)} == {invite.id}
    assert (await known(desk, invite)).uses == 50
    assert Counter(name for name, _ in await desk.told()) == {"User.Account.Link.Succeeded": 50}


async def test_of_two_last_uses_at_once_one_wins(desk: Desk) -> None:
    for number in range(20):
        invite = await made(desk, Terms("forum", 1, None))
        ends = await asyncio.gather(
            used(desk, invite, f"a{number}@example.com"),
            used(desk, invite, f"b{number}@example.com"),
            return_exceptions=True,
        )

        assert sorted(type(end).__name__ for end in ends) == ["Refused", "str"]


async def test_one_player_many_times_at_once_is_one_use(desk: Desk) -> None:
    invite = await made(desk, Terms("forum", 1, None))
    found = await asyncio.gather(*(used(desk, invite) for _ in range(50)))

    assert len(set(found)) == 1
    assert (await known(desk, invite)).uses == 1
    assert len(await desk.told()) == 1


async def test_a_linked_player_is_told_their_user_ref_whatever_the_invite_is(desk: Desk) -> None:
    invite = await made(desk, Terms("forum", 1, None))
    user_ref = await used(desk, invite)
    again = await used(desk, invite)
    await desk.do(partial(inviting.revoke, known=await known(desk, invite)))
    after = await used(desk, invite)

    assert (again, after) == (user_ref, user_ref)


async def test_a_removed_player_uses_the_invite_up_again_and_is_attributed_to_it(
    desk: Desk,
) -> None:
    first, second = await made(desk), await made(desk)
    user_ref = await used(desk, first)
    await desk.do(partial(linking.remove, campaign_id=CAMPAIGN, user_ref=user_ref, key=None))
    again = await used(desk, second)
    (user,) = await users(desk)

    assert again == user_ref
    assert user.invite_id == second.id
    assert ((await known(desk, first)).uses, (await known(desk, second)).uses) == (1, 1)


async def test_a_player_linked_without_an_invite_is_attributed_to_none(desk: Desk) -> None:
    invite = await made(desk)
    await desk.do(partial(linking.enrol, campaign_id=CAMPAIGN, email="player@example.com"))
    await used(desk, invite)
    (user,) = await users(desk)

    assert user.invite_id is None
    assert (await known(desk, invite)).uses == 0


async def test_an_enrolled_player_is_linked_for_an_initiate_as_well(desk: Desk) -> None:
    user_ref = await used(desk, await made(desk))
    session, new = await desk.do(
        lambda books: linking.initiate(books, CAMPAIGN, "player@example.com", None, 60)
    )

    assert (session.user_ref, new) == (user_ref, False)


async def test_an_invite_is_good_until_the_millisecond_it_expires(desk: Desk) -> None:
    invite = await made(desk, Terms("forum", None, LATER))
    desk.clock.turn(10.499)
    await used(desk, invite, "early@example.com")
    desk.clock.turn(0.001)
    with pytest.raises(Refused, match="it is expired"):
        await used(desk, invite, "late@example.com")

    assert await state(desk, invite) is InviteState.EXPIRED
    assert [user.email for user in await users(desk)] == ["early@example.com"]


async def test_a_paused_invite_lets_nobody_in_until_it_is_resumed(desk: Desk) -> None:
    invite = await made(desk)
    await desk.do(partial(inviting.pause, known=await known(desk, invite)))
    with pytest.raises(Refused, match="it is paused"):
        await used(desk, invite)
    await desk.do(partial(inviting.resume, known=await known(desk, invite)))
    await used(desk, invite)

    assert await state(desk, invite) is InviteState.ACTIVE


async def test_a_revoked_invite_stays_revoked(desk: Desk) -> None:
    invite = await made(desk)
    await desk.do(partial(inviting.revoke, known=invite))
    now = await known(desk, invite)
    for change in (inviting.pause, inviting.resume, partial(inviting.update, terms=OPEN)):
        with pytest.raises(Refused, match="it was revoked"):
            await desk.do(partial(change, known=now))
    with pytest.raises(Refused, match="it is revoked"):
        await used(desk, invite)

    assert await state(desk, invite) is InviteState.REVOKED


@pytest.mark.parametrize(
    ("decided", "expires", "uses_left", "is_"),
    [
        (InviteState.ACTIVE, False, True, InviteState.ACTIVE),
        (InviteState.ACTIVE, False, False, InviteState.EXHAUSTED),
        (InviteState.ACTIVE, True, True, InviteState.EXPIRED),
        (InviteState.ACTIVE, True, False, InviteState.EXPIRED),
        (InviteState.PAUSED, False, True, InviteState.PAUSED),
        (InviteState.PAUSED, False, False, InviteState.EXHAUSTED),
        (InviteState.PAUSED, True, True, InviteState.EXPIRED),
        (InviteState.PAUSED, True, False, InviteState.EXPIRED),
        (InviteState.REVOKED, False, True, InviteState.REVOKED),
        (InviteState.REVOKED, False, False, InviteState.REVOKED),
        (InviteState.REVOKED, True, True, InviteState.REVOKED),
        (InviteState.REVOKED, True, False, InviteState.REVOKED),
    ],
)
async def test_each_state_follows_from_decision_time_and_count(
    desk: Desk, decided: InviteState, expires: bool, uses_left: bool, is_: InviteState
) -> None:
    invite = await made(desk, Terms("forum", 2 if uses_left else 1, LATER))
    await used(desk, invite)
    decide = {
        InviteState.ACTIVE: inviting.resume,
        InviteState.PAUSED: inviting.pause,
        InviteState.REVOKED: inviting.revoke,
    }[decided]
    await desk.do(partial(decide, known=await known(desk, invite)))
    desk.clock.turn(11 if expires else 1)

    assert await state(desk, invite) is is_
    if is_ is InviteState.ACTIVE:
        await used(desk, invite, "next@example.com")
    else:
        with pytest.raises(Refused, match=f"it is {is_}"):
            await used(desk, invite, "next@example.com")


async def test_limits_can_be_raised_and_taken_away_and_not_set_below_the_uses(desk: Desk) -> None:
    invite = await made(desk, Terms("forum", 2, None))
    for number in range(2):
        await used(desk, invite, f"{number}@example.com")
    with pytest.raises(Refused, match="it was used 2 times already"):
        await changed(desk, invite, Terms("forum", 1, None))
    as_used = await changed(desk, invite, Terms("forum", 2, None))
    still_exhausted = await state(desk, invite)
    await changed(desk, invite, Terms("forum", None, None))
    await used(desk, invite, "third@example.com")

    assert (as_used.max_uses, still_exhausted) == (2, InviteState.EXHAUSTED)
    assert (await known(desk, invite)).uses == 3
    assert await state(desk, invite) is InviteState.ACTIVE


async def test_a_change_never_loses_uses_that_come_at_the_same_time(desk: Desk) -> None:
    invite = await made(desk)
    before = await known(desk, invite)
    await asyncio.gather(
        *(used(desk, invite, f"{number}@example.com") for number in range(10)),
        *(desk.do(partial(inviting.update, known=before, terms=OPEN)) for _ in range(10)),
    )

    assert (await known(desk, invite)).uses == 10


async def test_a_token_that_is_none_is_unknown(desk: Desk) -> None:
    with pytest.raises(Refused, match="Unknown link invite"):
        await desk.do(partial(inviting.use, token="none", email="a@example.com"))


async def test_two_hundred_browsers_at_once_on_an_invite_for_fifty_enrol_exactly_fifty() -> None:
    async with playing() as play:
        created = await play.call(
            "POST", f"{play.path}/link-invites", b'{"label":"forum","maxUses":50}'
        )
        invite = created.json["data"]["invite"]
        async with AsyncExitStack() as browsers:
            sessions = [
                await browsers.enter_async_context(ClientSession(cookie_jar=CookieJar(unsafe=True)))
                for _ in range(200)
            ]
            tokens = await asyncio.gather(*(_token(each, invite["url"]) for each in sessions))
            statuses = await asyncio.gather(
                *(
                    _joined(session, invite["url"], token, f"{number}@example.com")
                    for number, (session, token) in enumerate(zip(sessions, tokens, strict=True))
                )
            )
        listed = await play.call("GET", f"{play.path}/users?limit=100")
        enrolled = [
            user for user in listed.json["data"]["users"] if user["inviteId"] == invite["id"]
        ]
        shown = await play.call("GET", f"{play.path}/link-invites/{invite['id']}")

    assert Counter(statuses) == {303: 50, 410: 150}
    assert len(enrolled) == 50
    assert shown.json["data"]["invite"] == {
        **invite,
        "uses": 50,
        "state": "exhausted",
        "updatedAt": shown.json["data"]["invite"]["updatedAt"],
    }


async def _token(browser: ClientSession, url: str) -> str:
    """Open an invite's page; return what its form carries."""
    async with browser.get(url) as page:
        found = re.search(r'name="csrf" value="(\w+)"', await page.text())
    assert found is not None
    return found[1]


async def _joined(browser: ClientSession, url: str, token: str, email: str) -> int:
    form = {"csrf": token, "email": email}
    async with browser.post(url, data=form, allow_redirects=False) as answer:
        return answer.status
