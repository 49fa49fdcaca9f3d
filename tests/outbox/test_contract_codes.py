"""The contract of every outbox: codes that say who is whom, and players who are forgotten."""

from pathlib import Path

import pytest

from bridge.errors import CodeRefused, LinkRefused
from bridge.outbox.links import CodeFor, Look, Session, SessionState
from bridge.outbox.proofs import Became, LinkSaid
from bridge.outbox.store import open_outbox
from tests.outbox.play import ALICE, BOB, CAMPAIGN, HOUR, Play, entry
from tests.outbox.sessions import (
    DECLINED,
    EXPIRED,
    ONE_EACH,
    PENDING,
    begin,
    linked,
    look,
    said,
    user_of,
)
from tests.support.clock import FakeClock

# -- forgetting -----------------------------------------------------------------------------


async def test_a_forgotten_player_leaves_no_address_and_no_link(play: Play) -> None:
    key = await play.put()
    session = await look(play, await begin(play), PENDING)
    await play.outbox.give_code("AAAA-BBBB", CodeFor(CAMPAIGN, ALICE), HOUR)

    links = await play.outbox.forget(ALICE, "olga")
    (after,) = await play.outbox.sessions(ALICE)

    assert (links, await user_of(play)) == (1, None)
    assert (after.id, after.state, after.detail) == (session.id, SessionState.FAILED, "forgotten")
    assert [after.email, after.url, after.session_key, after.user_ref] == [None] * 4
    assert await play.outbox.find_code("AAAA-BBBB") is None
    assert (await play.view(key)).reason == "unlinked"
    assert await play.outbox.next_session_in() is None


async def test_what_a_forgotten_session_still_brings_links_nobody(play: Play) -> None:
    session = await look(play, await begin(play), PENDING)
    await play.outbox.forget(ALICE, "olga")

    await look(play, session, linked())
    became = await said(play, LinkSaid("ls_1", session.key, "usr_1"))

    assert became is not Became.LINKED
    assert await user_of(play) is None


async def test_a_forgotten_player_may_begin_anew_under_another_key(play: Play) -> None:
    keys = []
    for _ in range(3):
        keys.append((await begin(play)).key)
        await play.outbox.forget(ALICE, "olga")

    assert len(set(keys)) == 3


# -- codes ----------------------------------------------------------------------------------


@pytest.mark.parametrize("typed", ["AB12-CD34", "ab12cd34", " ab12 cd34 "])
async def test_a_code_is_known_however_it_is_typed(play: Play, typed: str) -> None:
    await play.outbox.give_code("AB12-CD34", CodeFor(CAMPAIGN, ALICE), 600)

    assert await play.outbox.find_code(typed) == CodeFor(CAMPAIGN, ALICE)


async def test_a_code_is_good_once(play: Play) -> None:
    await play.outbox.give_code("AB12-CD34", CodeFor(CAMPAIGN, ALICE), 600)

    found = [await play.outbox.find_code("AB12-CD34") for _ in range(2)]
    spent = [await play.outbox.spend_code("AB12-CD34") for _ in range(2)]

    assert found == [CodeFor(CAMPAIGN, ALICE)] * 2
    assert spent == [CodeFor(CAMPAIGN, ALICE), None]
    assert await play.outbox.find_code("AB12-CD34") is None


async def test_a_code_ends_in_its_time(play: Play) -> None:
    await play.outbox.give_code("AB12-CD34", CodeFor(CAMPAIGN, ALICE), 600)
    play.clock.advance(599.9)
    just = await play.outbox.find_code("AB12-CD34")
    play.clock.advance(0.1)

    assert just == CodeFor(CAMPAIGN, ALICE)
    assert await play.outbox.find_code("AB12-CD34") is None
    assert await play.outbox.spend_code("AB12-CD34") is None


async def test_a_newer_code_ends_the_older_one_of_the_same_player_alone(play: Play) -> None:
    await play.outbox.give_code("AAAA-AAAA", CodeFor(CAMPAIGN, ALICE), 600)
    await play.outbox.give_code("BBBB-BBBB", CodeFor(CAMPAIGN, BOB), 600)

    await play.outbox.give_code("CCCC-CCCC", CodeFor(CAMPAIGN, ALICE), 600)

    assert await play.outbox.find_code("AAAA-AAAA") is None
    assert await play.outbox.find_code("BBBB-BBBB") == CodeFor(CAMPAIGN, BOB)
    assert await play.outbox.find_code("CCCC-CCCC") == CodeFor(CAMPAIGN, ALICE)


async def test_no_code_is_kept_as_it_was_typed(tmp_path: Path) -> None:
    clock = FakeClock()
    async with open_outbox(tmp_path / "outbox.db", clock) as outbox:
        await outbox.give_code("AB12-CD34", CodeFor(CAMPAIGN, ALICE), 600)

    written = [path.read_bytes() for path in tmp_path.iterdir() if path.is_file()]  # noqa: ASYNC240  # it is closed
    assert any(ALICE.encode() in text for text in written)
    assert not any(b"AB12" in text for text in written)


async def shown(play: Play, code: str = "AB12-CD34", user_ref: str = "usr_1") -> Session:
    """Let the page show a code to somebody who has approved."""
    session = await look(play, await begin(play, None), linked(user_ref))
    await play.outbox.give_code(code, CodeFor(CAMPAIGN, session_id=session.id), 600)
    return session


async def test_who_types_the_code_is_the_user_it_was_shown_to(play: Play) -> None:
    await play.taken(entry())
    session = await shown(play)

    link = await play.outbox.redeem("ab12cd34", ALICE)
    after = await play.outbox.session(session.id)

    assert (link.player, link.user_ref, link.via) == (ALICE, "usr_1", "code")
    assert after is not None
    assert after.player == ALICE
    assert len(await play.claims()) == 1


async def test_the_same_player_may_type_it_again_and_nobody_else(play: Play) -> None:
    await shown(play)
    first = await play.outbox.redeem("AB12-CD34", ALICE)

    again = await play.outbox.redeem("AB12-CD34", ALICE)
    with pytest.raises(CodeRefused):
        await play.outbox.redeem("AB12-CD34", BOB)

    assert again == first
    assert await user_of(play, BOB) is None


@pytest.mark.parametrize("found", [PENDING, DECLINED, EXPIRED])
async def test_a_code_of_somebody_who_has_not_approved_links_nobody(
    play: Play, found: Look
) -> None:
    session = await look(play, await begin(play, None), found)
    await play.outbox.give_code("AB12-CD34", CodeFor(CAMPAIGN, session_id=session.id), 600)

    with pytest.raises(CodeRefused):
        await play.outbox.redeem("AB12-CD34", ALICE)

    assert not await play.outbox.links()
    assert await play.outbox.find_code("AB12-CD34") is not None


async def test_a_players_own_code_is_no_link(play: Play) -> None:
    """It only says for whom the page begins a session."""
    await play.outbox.give_code("AB12-CD34", CodeFor(CAMPAIGN, ALICE), 600)

    with pytest.raises(CodeRefused):
        await play.outbox.redeem("AB12-CD34", BOB)

    assert await play.outbox.find_code("AB12-CD34") == CodeFor(CAMPAIGN, ALICE)


async def test_a_refused_link_leaves_the_code_good(play: Play) -> None:
    await play.outbox.adopt_lanes([ONE_EACH])
    await play.outbox.link(CAMPAIGN, BOB, "usr_1", "operator")
    await shown(play)
    with pytest.raises(LinkRefused):
        await play.outbox.redeem("AB12-CD34", ALICE)

    await play.outbox.unlink(CAMPAIGN, BOB, "operator")
    link = await play.outbox.redeem("AB12-CD34", ALICE)

    assert link.user_ref == "usr_1"
