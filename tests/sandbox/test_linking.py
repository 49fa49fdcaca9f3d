"""Links in the books: each end of a session, once, with the webhook that tells of it."""

import asyncio
from collections.abc import AsyncIterator
from functools import partial
from pathlib import Path

import pytest

from bridge.sandbox import linking
from bridge.sandbox.answers import Refused
from bridge.sandbox.books import Books
from bridge.sandbox.books.sessions import LinkSession
from bridge.sandbox.readings import LinkState
from tests.sandbox.bookkeeping import CAMPAIGN, Desk, books_open

EMAIL = "player@example.com"
STARTED, SUCCEEDED = "User.Account.Link.Started", "User.Account.Link.Succeeded"
CANCELED, FAILED = "User.Account.Link.Canceled", "User.Account.Link.Failed"
REMOVED = "User.Account.Link.Removed"


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    async with books_open(tmp_path / "sandbox.db") as opened:
        yield opened


async def begun(desk: Desk, email: str = EMAIL, key: str | None = None) -> tuple[LinkSession, bool]:
    return await desk.do(lambda books: linking.initiate(books, CAMPAIGN, email, key, 60))


async def approved(desk: Desk, session: LinkSession) -> str:
    return await desk.do(lambda books: linking.approve(books, session.session_key))


async def state_of(desk: Desk, session: LinkSession) -> LinkState:
    known = await desk.do(lambda books: linking.session(books, session.session_key))
    return known.state_at(desk.keeper.milliseconds())


def link(session: LinkSession, user_ref: str | None, key: str | None = None) -> dict[str, object]:
    """Return a link webhook's data."""
    metadata = {} if key is None else {"metadata": {"idempotencyKey": key}}
    return {
        "campaignId": CAMPAIGN,
        "sessionKey": session.session_key,
        "user_ref": user_ref,
        **metadata,
    }


async def test_an_approved_link_is_told_of_with_the_key_that_began_it(desk: Desk) -> None:
    session, new = await begun(desk, key="key-1")
    user_ref = await approved(desk, session)

    assert new
    assert await desk.told() == [
        (STARTED, link(session, None, "key-1")),
        (SUCCEEDED, link(session, user_ref, "key-1")),
    ]


async def test_a_session_that_is_still_good_is_returned_and_not_told_of_again(desk: Desk) -> None:
    session, _ = await begun(desk)
    pending = await begun(desk, f" {EMAIL.upper()} ")
    await approved(desk, session)
    (linked, new) = await begun(desk)

    assert pending == (session, False)
    assert (linked.session_key, new) == (session.session_key, False)
    assert [name for name, _ in await desk.told()] == [STARTED, SUCCEEDED]


async def test_a_declined_link_is_told_of_once(desk: Desk) -> None:
    session, _ = await begun(desk)
    for _ in range(2):
        await desk.do(lambda books: linking.decline(books, session.session_key))
    with pytest.raises(Refused, match="it is declined"):
        await approved(desk, session)

    assert (await desk.told())[1:] == [(CANCELED, link(session, None))]


async def test_approving_again_changes_nothing_and_is_not_told_of(desk: Desk) -> None:
    session, _ = await begun(desk)
    user_refs = {await approved(desk, session) for _ in range(3)}
    with pytest.raises(Refused, match="it is approved"):
        await desk.do(lambda books: linking.decline(books, session.session_key))

    assert len(user_refs) == 1
    assert [name for name, _ in await desk.told()] == [STARTED, SUCCEEDED]


async def test_of_many_approvals_and_refusals_at_once_one_kind_wins(desk: Desk) -> None:
    session, _ = await begun(desk)
    decisions = [linking.approve, linking.decline] * 25
    ends = await asyncio.gather(
        *(desk.do(partial(decide, session_key=session.session_key)) for decide in decisions),
        return_exceptions=True,
    )

    assert sum(isinstance(end, Refused) for end in ends) == 25
    assert len(await desk.told()) == 2


async def test_many_beginnings_at_once_make_one_session(desk: Desk) -> None:
    found = await asyncio.gather(*(begun(desk) for _ in range(50)))

    assert sum(new for _, new in found) == 1
    assert len({session.session_key for session, _ in found}) == 1
    assert len(await desk.told()) == 1


async def test_a_session_expires_once_and_at_the_millisecond(desk: Desk) -> None:
    session, _ = await begun(desk)
    desk.clock.turn(59.999)
    early = (await state_of(desk, session), await desk.do(linking.expire))
    desk.clock.turn(0.001)
    at_once = await state_of(desk, session)
    late = [await desk.do(linking.expire) for _ in range(2)]

    assert early == (LinkState.PENDING, False)
    assert at_once is LinkState.EXPIRED
    assert late == [True, False]
    assert (await desk.told())[1:] == [(FAILED, link(session, None))]


async def test_nobody_decides_a_session_that_expired_before_it_was_tidied_up(desk: Desk) -> None:
    session, _ = await begun(desk)
    desk.clock.turn(60)
    with pytest.raises(Refused, match="it is expired"):
        await approved(desk, session)
    with pytest.raises(Refused, match="it is expired"):
        await desk.do(lambda books: linking.decline(books, session.session_key))

    assert [name for name, _ in await desk.told()] == [STARTED]


async def test_a_decided_session_never_expires(desk: Desk) -> None:
    session, _ = await begun(desk)
    await approved(desk, session)
    desk.clock.turn(3600)

    assert not await desk.do(linking.expire)
    assert await state_of(desk, session) is LinkState.APPROVED


async def test_more_sessions_expire_than_one_look_finds(desk: Desk) -> None:
    for number in range(201):
        await begun(desk, f"{number}@example.com")
    desk.clock.turn(60)
    looks = [await desk.do(linking.expire) for _ in range(3)]
    told = await desk.do(lambda books: books.webhooks.count(CAMPAIGN))

    assert looks == [True, True, False]
    assert told == 402


async def test_a_removal_is_told_of_and_the_same_email_gets_the_same_user_ref(desk: Desk) -> None:
    session, _ = await begun(desk)
    user_ref = await approved(desk, session)
    await desk.do(lambda books: linking.remove(books, CAMPAIGN, user_ref, "key-2"))
    second, new = await begun(desk)
    again = await approved(desk, second)
    data = {"campaignId": CAMPAIGN, "user_ref": user_ref}

    assert new
    assert second.session_key != session.session_key
    assert again == user_ref
    assert (await desk.told())[2] == (REMOVED, {**data, "metadata": {"idempotencyKey": "key-2"}})


@pytest.mark.parametrize("known", [True, False])
async def test_nobody_is_removed_who_is_not_linked(desk: Desk, known: bool) -> None:
    user_ref = await approved(desk, (await begun(desk))[0]) if known else "usr_9"

    def gone(books: Books) -> None:
        linking.remove(books, CAMPAIGN, user_ref, None)

    if known:
        await desk.do(gone)
    with pytest.raises(Refused, match="Unknown userRef"):
        await desk.do(gone)

    assert [name for name, _ in await desk.told()].count(REMOVED) == known


async def test_two_players_are_two_users(desk: Desk) -> None:
    first = await approved(desk, (await begun(desk, "a@example.com"))[0])
    second = await approved(desk, (await begun(desk, "b@example.com"))[0])

    assert first != second


async def test_without_a_webhook_url_linking_works_and_nothing_is_written_down(desk: Desk) -> None:
    await desk.do(
        lambda books: books.webhooks.set_endpoint(CAMPAIGN, "http://127.0.0.1:9/", enabled=False)
    )
    await approved(desk, (await begun(desk))[0])

    assert await desk.told() == []
