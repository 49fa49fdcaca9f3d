"""The contract of every outbox: link sessions, how they begin and what ends them."""

from datetime import timedelta
from pathlib import Path

import pytest

from bridge.errors import LinkRefused
from bridge.events import State
from bridge.outbox.links import Look, SessionState
from bridge.outbox.proofs import Became, LinkGone, LinkSaid
from bridge.outbox.store import open_outbox
from bridge.outbox.views import LaneTerms
from tests.outbox.play import ALICE, BOB, CAMPAIGN, HOUR, Play, entry, written
from tests.outbox.sessions import (
    DECLINED,
    EMAIL,
    EXPIRED,
    FAILED,
    MINECRAFT,
    ONE_EACH,
    PENDING,
    begin,
    due,
    linked,
    look,
    new,
    said,
    user_of,
)
from tests.support.clock import FakeClock

# -- beginning ------------------------------------------------------------------------------


async def test_a_session_is_kept_before_the_api_is_asked(play: Play) -> None:
    session = await begin(play)

    assert (session.state, session.player, session.email) == (SessionState.STARTING, ALICE, EMAIL)
    assert (session.url, session.session_key, session.user_ref) == (None, None, None)
    assert session.ends_at - session.started_at == timedelta(seconds=HOUR)
    assert await play.outbox.session(session.id) == session


async def test_asking_again_is_the_same_session_under_the_same_key(play: Play) -> None:
    first = await begin(play)
    play.clock.advance(30)
    starting = await begin(play)
    pending = await look(play, first, PENDING)

    assert starting == first
    assert await begin(play) == pending


async def test_another_player_address_or_campaign_is_another_session(play: Play) -> None:
    sessions = [
        await play.outbox.begin_session(each)
        for each in (new(), new(BOB), new(email="bob@example.com"), new(campaign="camp_2"))
    ]

    assert len({session.key for session in sessions}) == 4


@pytest.mark.parametrize("found", [DECLINED, EXPIRED, FAILED, linked()])
async def test_after_an_end_a_new_one_begins_under_a_key_of_its_own(
    play: Play, found: Look
) -> None:
    first = await begin(play)
    await look(play, first, found)

    second = await begin(play)

    assert (second.state, second.key != first.key) == (SessionState.STARTING, True)
    assert [each.id for each in await play.outbox.sessions(ALICE)] == [second.id, first.id]


async def test_sessions_of_the_page_never_share(play: Play) -> None:
    """Else who types an address would see what becomes of another's session."""
    first, second = await begin(play, None), await begin(play, None)

    assert first.id != second.id
    assert first.key != second.key


async def test_a_session_outlasts_a_restart_with_its_key(tmp_path: Path) -> None:
    clock = FakeClock()
    async with open_outbox(tmp_path / "outbox.db", clock) as outbox:
        before = await outbox.begin_session(new())
    async with open_outbox(tmp_path / "outbox.db", clock) as outbox:
        assert await outbox.begin_session(new()) == before
        assert await outbox.next_session_in() == 6.0


# -- looking --------------------------------------------------------------------------------


async def test_a_new_session_is_left_for_a_while_to_who_began_it(play: Play) -> None:
    session = await begin(play)
    left = (await due(play), await play.outbox.next_session_in())
    play.clock.advance(6)

    assert left == ([], 6.0)
    assert (await due(play), await play.outbox.next_session_in()) == ([session.id], 0.0)


async def test_a_pending_one_is_looked_at_when_it_said(play: Play) -> None:
    session = await begin(play)
    after = await look(play, session, PENDING)
    waiting = (await due(play), await play.outbox.next_session_in())
    play.clock.advance(10)

    assert (after.state, after.url, after.session_key) == (
        SessionState.PENDING,
        PENDING.url,
        "ls_1",
    )
    assert waiting == ([], 10.0)
    assert await due(play) == [session.id]


async def test_the_longest_waiting_are_looked_at_first_and_so_many_at_once(play: Play) -> None:
    sessions = [await begin(play, None) for _ in range(4)]
    for session, wait in zip(sessions, (40.0, 10.0, 30.0, 20.0), strict=True):
        await look(play, session, Look(SessionState.PENDING, again_in=wait))
    play.clock.advance(60)

    found = await play.outbox.sessions_due(3)

    assert [session.id for session in found] == [sessions[n].id for n in (1, 3, 2)]


async def test_a_later_look_forgets_nothing_of_an_earlier_one(play: Play) -> None:
    session = await begin(play)
    await look(play, session, PENDING)

    after = await look(play, session, Look(SessionState.PENDING, "the API is away", again_in=60.0))

    assert (after.url, after.session_key) == (PENDING.url, "ls_1")
    assert (after.detail, after.looks) == ("the API is away", 2)


async def test_an_unknown_session_is_none(play: Play) -> None:
    assert await play.outbox.look_at_session(99, PENDING, "session") is None
    assert await play.outbox.session(99) is None
    assert await play.outbox.next_session_in() is None


async def test_a_session_wakes_who_looks_at_sessions(play: Play) -> None:
    bell = play.outbox.watch_sessions()
    bell.clear()
    session = await begin(play)
    begun = bell.is_set()
    bell.clear()
    await look(play, session, PENDING)

    assert (begun, bell.is_set()) == (True, True)


# -- the end --------------------------------------------------------------------------------


async def test_an_approval_links_and_releases_in_one_transaction(play: Play) -> None:
    await play.taken(entry(1, code="EARN1"), entry(2, code="EARN2"), entry(3, player=BOB))
    session = await begin(play)
    before = (await play.outbox.standing()).sequence
    play.outbox.watch(CAMPAIGN).clear()

    after = await look(play, session, linked())
    changes = (await play.outbox.standing()).sequence - before

    assert (after.state, after.user_ref, await user_of(play)) == (
        SessionState.LINKED,
        "usr_1",
        "usr_1",
    )
    assert changes == 1
    assert play.outbox.watch(CAMPAIGN).is_set()
    assert {claim.user_ref for claim in await play.claims()} == {"usr_1"}
    assert await play.state(entry(1, code="EARN1").key) is State.SENDING
    assert await play.state(entry(3, player=BOB).key) is State.HELD
    (link,) = await play.outbox.links(ALICE)
    assert link.via == "session"


@pytest.mark.parametrize("found", [DECLINED, EXPIRED, FAILED])
async def test_an_end_without_a_link_releases_nothing_and_says_why(play: Play, found: Look) -> None:
    await play.taken(entry())
    session = await begin(play)
    await look(play, session, PENDING)

    after = await look(play, session, found)
    play.clock.advance(24 * HOUR)

    assert (after.state, after.detail) == (found.state, found.detail)
    assert await play.state(entry().key) is State.HELD
    assert (await due(play), await play.outbox.next_session_in()) == ([], None)


@pytest.mark.parametrize("found", [DECLINED, EXPIRED, FAILED])
async def test_what_is_over_is_not_changed_by_a_late_look(play: Play, found: Look) -> None:
    session = await begin(play)
    over = await look(play, session, found)

    after = await play.outbox.look_at_session(session.id, linked(), "session")

    assert after == over
    assert await user_of(play) is None


async def test_who_approves_as_another_user_is_that_user_from_now_on(play: Play) -> None:
    key = await play.put(ref="usr_1")
    session = await begin(play)

    await look(play, session, linked("usr_2"))
    claim = await play.claim()

    assert await user_of(play) == "usr_2"
    assert claim.wire == written(key, 0, "EARN5", "usr_2")


async def test_a_session_without_a_player_links_nobody_by_itself(play: Play) -> None:
    session = await begin(play, None)

    after = await look(play, session, linked())

    assert (after.state, after.user_ref) == (SessionState.LINKED, "usr_1")
    assert not await play.outbox.links()


# -- players of one user --------------------------------------------------------------------


async def test_a_user_has_one_player_of_a_namespace(play: Play) -> None:
    await play.outbox.adopt_lanes([ONE_EACH])
    await play.outbox.link(CAMPAIGN, ALICE, "usr_1", "operator")
    await play.taken(entry(player=BOB))

    refused = await look(play, await begin(play, BOB), linked())
    other = await look(play, await begin(play, MINECRAFT), linked())
    again = await look(play, await begin(play), linked())

    assert (refused.state, other.state, again.state) == (
        SessionState.REFUSED,
        SessionState.LINKED,
        SessionState.LINKED,
    )
    assert refused.detail == f"userRef usr_1 is linked to {ALICE}; it may have 1 steam"
    assert await user_of(play, BOB) is None
    assert await play.state(entry(player=BOB).key) is State.HELD


@pytest.mark.parametrize(("most", "refused"), [(1, [2, 3, 4]), (3, [4]), (0, [])])
async def test_how_many_is_for_the_settings_to_say(
    play: Play, most: int, refused: list[int]
) -> None:
    await play.outbox.adopt_lanes([LaneTerms(CAMPAIGN, per_user=most)])

    turned_away = []
    for number in range(1, 5):
        try:
            await play.outbox.link(CAMPAIGN, f"steam:{number}", "usr_1", "operator")
        except LinkRefused:
            turned_away.append(number)

    assert turned_away == refused
    assert len(await play.outbox.links()) == 4 - len(refused)


async def test_an_unlinked_player_makes_room_for_another(play: Play) -> None:
    await play.outbox.adopt_lanes([ONE_EACH])
    await play.outbox.link(CAMPAIGN, ALICE, "usr_1", "operator")
    with pytest.raises(LinkRefused):
        await play.outbox.link(CAMPAIGN, BOB, "usr_1", "operator")
    await play.outbox.unlink(CAMPAIGN, ALICE, "operator")

    await play.outbox.link(CAMPAIGN, BOB, "usr_1", "operator")

    assert await user_of(play, BOB) == "usr_1"


# -- what webhooks say of sessions ------------------------------------------------------------


@pytest.mark.parametrize("named", ["by its key", "by its name"])
async def test_a_webhook_links_as_a_look_does(play: Play, named: str) -> None:
    await play.taken(entry())
    session = await begin(play)
    await look(play, session, PENDING)
    name, key = ("ls_1", None) if named == "by its name" else (None, session.key)

    became = await said(play, LinkSaid(name, key, "usr_1"))
    (link,) = await play.outbox.links(ALICE)

    assert became is Became.LINKED
    assert (link.user_ref, link.via) == ("usr_1", "webhook")
    assert len(await play.claims()) == 1


async def test_a_webhook_may_come_before_our_own_answer(play: Play) -> None:
    session = await begin(play)

    became = await said(play, LinkSaid("ls_1", session.key, "usr_1"))
    after = await look(play, session, PENDING)

    assert became is Became.LINKED
    assert (after.state, after.user_ref) == (SessionState.LINKED, "usr_1")
    assert await user_of(play) == "usr_1"


async def test_an_approval_counts_also_after_the_session_was_given_up(play: Play) -> None:
    session = await begin(play)
    await look(play, session, EXPIRED)

    became = await said(play, LinkSaid(None, session.key, "usr_1"))

    assert became is Became.LINKED
    assert await user_of(play) == "usr_1"


async def test_a_webhook_that_says_yes_and_not_whom_has_the_session_looked_at_now(
    play: Play,
) -> None:
    session = await begin(play)
    await look(play, session, PENDING)
    play.outbox.watch_sessions().clear()

    became = await said(play, LinkSaid("ls_1", None, None))

    assert became is Became.NOTED
    assert await due(play) == [session.id]
    assert play.outbox.watch_sessions().is_set()


async def test_a_no_ends_a_session_and_never_a_link(play: Play) -> None:
    first = await begin(play)
    declined = await said(play, LinkSaid(None, first.key, None, "declined"))
    second = await begin(play)
    await said(play, LinkSaid(None, second.key, "usr_1"))

    after_the_link = await said(play, LinkSaid(None, second.key, None, "failed"))

    assert (declined, after_the_link) == (Became.ENDED, Became.NOTED)
    assert [each.state for each in await play.outbox.sessions(ALICE)] == [
        SessionState.LINKED,
        SessionState.DECLINED,
    ]
    assert await user_of(play) == "usr_1"


async def test_a_webhook_of_no_session_of_ours_changes_nothing(play: Play) -> None:
    session = await begin(play)

    became = await said(play, LinkSaid("ls_of_another", "key of another", "usr_1"))

    assert became is Became.UNMATCHED
    assert await play.outbox.session(session.id) == session


async def test_a_webhook_that_says_a_user_is_gone_unlinks_its_players(play: Play) -> None:
    key = await play.put()
    play.clock.advance(60)

    became = await said(play, LinkGone("usr_1"), at=30)
    again = await said(play, LinkGone("usr_1"), at=31)

    assert (became, again) == (Became.UNLINKED, Became.UNMATCHED)
    assert (await play.view(key)).reason == "unlinked"


async def test_late_news_of_a_removal_leaves_a_newer_link_alone(play: Play) -> None:
    await play.outbox.link(CAMPAIGN, ALICE, "usr_1", "session")
    play.clock.advance(60)
    await play.outbox.link(CAMPAIGN, ALICE, "usr_1", "session")
    play.clock.advance(60)

    became = await said(play, LinkGone("usr_1"), at=30)

    assert became is Became.UNMATCHED
    assert await user_of(play) == "usr_1"


# -- strangers ------------------------------------------------------------------------------

DAY = 24 * HOUR


@pytest.mark.parametrize("found", [DECLINED, EXPIRED, FAILED, linked()])
async def test_the_address_of_who_became_no_player_is_kept_for_a_day(
    play: Play, found: Look
) -> None:
    stranger = await play.outbox.begin_session(new(None))
    await look(play, stranger, found)
    play.clock.advance(DAY)
    early = await play.outbox.forget_strangers(DAY)
    play.clock.advance(1)
    late = await play.outbox.forget_strangers(DAY)
    after = await play.outbox.session(stranger.id)

    assert (early, late) == (0, 1)
    assert after is not None
    assert (after.email, after.url) == (None, None)
    assert after.state is found.state


async def test_open_sessions_and_those_of_players_keep_their_address(play: Play) -> None:
    opened = await play.outbox.begin_session(new(None))
    await look(play, opened, PENDING)
    players = await begin(play)
    await look(play, players, DECLINED)
    play.clock.advance(2 * DAY)

    assert await play.outbox.forget_strangers(DAY) == 0
    for session in (opened, players):
        found = await play.outbox.session(session.id)
        assert found is not None
        assert found.email == EMAIL


async def test_sessions_are_counted_by_their_state(play: Play) -> None:
    first, second = await begin(play), await begin(play, BOB)
    await begin(play, None)
    await look(play, first, PENDING)
    await look(play, second, DECLINED)
    (lane,) = await play.outbox.counts()

    assert lane.sessions == {
        SessionState.STARTING: 1,
        SessionState.PENDING: 1,
        SessionState.DECLINED: 1,
    }
