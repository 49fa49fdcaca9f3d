"""What is proven and what is not: marks, horizons, relinks, and when the same may be sent again."""

import json
from contextlib import AsyncExitStack
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from bridge.events import State
from bridge.outbox.values import Decision
from bridge.rules.key import wire_key
from tests.delivery import far
from tests.delivery.door import door_to
from tests.delivery.far import CAMPAIGN, PAGE, Answer, Far, says
from tests.delivery.rig import HOUR, Rig, quick, rig_in
from tests.outbox.play import ALICE
from tests.sandbox.play import Play, playing

LOST: dict[str, Answer] = {"timeout": far.silence, "reset": far.reset}


def told(rig: Rig) -> list[tuple[str, str]]:
    """Return key and userRef of every event that arrived."""
    return [(call.key, json.loads(call.body)["userRef"]) for call in rig.far.posts]


# -- a doubt stays --------------------------------------------------------------------------


async def at_sandbox(rooms: AsyncExitStack, rig: Rig, play: Play) -> Any:
    """Run the rig's worker against a sandbox, through a door; return the door."""
    door = await rooms.enter_async_context(door_to(play.sandbox.port))
    running = rig.working(door.url, play.campaign.id, play.campaign.api_key)
    await rooms.enter_async_context(running)
    return door


async def doubted(rooms: AsyncExitStack, tmp_path: Path) -> tuple[Rig, Play, Any, Any]:
    """Let attempt 1 time out after its effect, and attempt 2 be refused at connect."""
    play = await rooms.enter_async_context(playing(answer_lost_hold=1))
    rig = await rooms.enter_async_context(rig_in(tmp_path))
    door = await at_sandbox(rooms, rig, play)
    await rig.rest()
    await play.admin.set_faults({"answer_lost": 1})
    key = await rig.put()
    await rig.until_settled(1)
    await play.admin.set_faults({"answer_lost": 0})
    await door.shut()
    rig.turn(60)
    await rig.until_settled(2)
    return rig, play, door, key


async def test_a_refused_connect_does_not_clear_the_doubt_of_an_older_timeout(
    tmp_path: Path,
) -> None:
    async with AsyncExitStack() as rooms:
        rig, play, _, key = await doubted(rooms, tmp_path)
        history = [attempt.answer.outcome for attempt in (await rig.receipt(key)).attempts]
        view = await rig.view(key)

        assert history == ["retry: timeout", "retry: unreachable, nothing was sent"]
        assert view.state is State.DUE
        assert view.unproven_since is not None
        assert await play.paid_keys() == [str(key)]


async def test_past_the_horizon_such_a_doubt_is_left_to_an_operator_and_not_sent(
    tmp_path: Path,
) -> None:
    async with AsyncExitStack() as rooms:
        rig, play, door, key = await doubted(rooms, tmp_path)
        await door.open()
        rig.turn(20 * HOUR)
        view = await rig.until_state(key, State.UNCERTAIN)
        await rig.rest()

        assert view.reason == "past_key_horizon"
        assert len(rig.watched.claims) == 2
        assert await play.paid_keys() == [str(key)]


async def test_inside_the_horizon_the_same_is_sent_again_and_paid_once(tmp_path: Path) -> None:
    async with AsyncExitStack() as rooms:
        rig, play, door, key = await doubted(rooms, tmp_path)
        await door.open()
        rig.turn(19 * HOUR)
        view = await rig.until_state(key, State.ACCEPTED)

        assert view.unproven_since is None
        assert len(rig.watched.claims) == 3
        assert await play.paid_keys() == [str(key)]


async def test_an_outage_of_days_leaves_nothing_in_doubt(quick_rig: Rig) -> None:
    rig = quick_rig
    async with door_to(rig.far.port) as door, rig.working(door.url):
        await rig.rest()
        await door.shut()
        key = await rig.put()
        for number in range(1, 4):
            rig.turn(30 * HOUR)
            await rig.until_settled(number)
        await door.open()
        rig.turn(HOUR)
        await rig.until_state(key, State.ACCEPTED)

    assert [call.key for call in rig.far.posts] == [str(key)]


@pytest.mark.parametrize("lost", LOST)
async def test_an_unproven_entry_past_the_horizon_is_uncertain(quick_rig: Rig, lost: str) -> None:
    rig = quick_rig
    rig.far.answers.append(LOST[lost])
    key = await rig.put()
    async with rig.working():
        await rig.until_settled(1)
        rig.turn(20 * HOUR + 1)
        await rig.until_state(key, State.UNCERTAIN)
        await rig.rest()

    assert len(rig.far.posts) == 1


async def test_an_operators_resend_keeps_key_and_bytes_and_starts_a_new_horizon(
    quick_rig: Rig,
) -> None:
    rig = quick_rig
    rig.far.answers += [far.reset, far.reset]
    key = await rig.put()
    async with rig.working():
        await rig.until_settled(1)
        rig.turn(21 * HOUR)
        await rig.until_state(key, State.UNCERTAIN)
        await rig.outbox.decide(key, Decision.RESEND, "operator")
        await rig.until_settled(2)
        rig.turn(19 * HOUR)
        await rig.until_state(key, State.ACCEPTED)

    assert told(rig) == [(str(key), "usr_1")] * 3


# -- when the same may be sent again --------------------------------------------------------


@pytest.fixture
async def hasty() -> Any:
    """A rig whose growing delay is next to nothing, so that other waits show."""
    async with rig_in(None, quick(retry_base=0.001, retry_cap=0.001)) as made:
        yield made


@pytest.mark.parametrize("lost", LOST)
async def test_what_may_be_under_way_is_not_sent_again_before_its_time_is_over(
    hasty: Rig, lost: str
) -> None:
    rig = hasty  # its attempts may take 1 s, and 1 s is added
    rig.far.answers.append(LOST[lost])
    key = await rig.put()
    async with rig.working():
        await rig.until_settled(1)
        rig.turn(1.95)
        await rig.looked()
        early = len(rig.watched.claims)
        rig.turn(0.06)
        await rig.until_state(key, State.ACCEPTED)

    assert early == 1
    assert told(rig) == [(str(key), "usr_1")] * 2


async def test_a_refused_connect_is_tried_again_at_once(hasty: Rig) -> None:
    rig = hasty
    async with door_to(rig.far.port) as door, rig.working(door.url):
        await rig.rest()
        await door.shut()
        key = await rig.put()
        await rig.until_settled(1)
        await door.open()
        rig.turn(0.01)
        await rig.until_state(key, State.ACCEPTED)


# -- a link that changes --------------------------------------------------------------------


async def test_a_relink_changes_nothing_of_what_is_unproven(quick_rig: Rig) -> None:
    rig = quick_rig
    rig.far.answers += [far.reset, far.reset]
    key = await rig.put(ref="usr_1")
    async with rig.working():
        for number in (1, 2):
            await rig.until_settled(number)
            await rig.outbox.link(CAMPAIGN, ALICE, "usr_2", "operator")
            rig.turn(100)
        await rig.until_state(key, State.ACCEPTED)

    assert told(rig) == [(str(key), "usr_1")] * 3
    assert len({call.body for call in rig.far.posts}) == 1


@pytest.fixture
async def patient() -> Any:
    """A rig that gives up no attempt: on a busy machine an answer may take its time.

    A timeout would leave a doubt, and a day later the entry would be uncertain.
    """
    async with rig_in(None, quick(attempt_timeout=600.0)) as made:
        yield made


async def relinking(rig: Rig, answer: Answer) -> Answer:
    """Return an answer before which the player is linked to somebody else."""

    async def answering(there: Far, request: web.Request) -> web.StreamResponse:
        await rig.outbox.link(CAMPAIGN, ALICE, "usr_2", "operator")
        return await answer(there, request)

    return answering


@pytest.mark.parametrize("status", [400, 401, 404, 422, 429])
async def test_after_proof_the_next_send_goes_to_the_new_user_under_the_next_binding(
    patient: Rig, status: int
) -> None:
    rig = patient
    rig.far.answers.append(await relinking(rig, says(status)))
    key = await rig.put(ref="usr_1")
    async with rig.working():
        await rig.until_settled(1)
        rig.turn(25 * HOUR)
        await rig.until_state(key, State.ACCEPTED)
    receipt = await rig.receipt(key)

    assert told(rig) == [(str(key), "usr_1"), (str(wire_key(key, 1)), "usr_2")]
    assert list(receipt.wire_keys) == [key, wire_key(key, 1)]


@pytest.mark.parametrize("status", [429, 400])
async def test_a_proxys_page_is_no_proof_for_a_relink(patient: Rig, status: int) -> None:
    rig = patient
    rig.far.answers.append(await relinking(rig, says(status, PAGE)))
    key = await rig.put(ref="usr_1")
    async with rig.working():
        await rig.until_settled(1)
        rig.turn(HOUR)
        await rig.until_state(key, State.ACCEPTED)

    assert told(rig) == [(str(key), "usr_1")] * 2


async def test_an_operators_word_that_nothing_was_paid_is_proof(quick_rig: Rig) -> None:
    rig = quick_rig
    rig.far.answers += [far.reset, says(400)]
    key = await rig.put(ref="usr_1")
    async with rig.working():
        await rig.until_settled(1)
        await rig.outbox.link(CAMPAIGN, ALICE, "usr_2", "operator")
        rig.turn(100)
        await rig.until_state(key, State.UNCERTAIN)
        await rig.outbox.decide(key, Decision.UNPAID, "operator")
        await rig.until_state(key, State.ACCEPTED)

    assert told(rig) == [(str(key), "usr_1")] * 2 + [(str(wire_key(key, 1)), "usr_2")]


# -- refusals, conflicts --------------------------------------------------------------------


async def test_the_tenth_conflict_leaves_it_to_an_operator(quick_rig: Rig) -> None:
    rig = quick_rig
    rig.far.always = says(409)
    key = await rig.put()
    async with rig.working():
        for number in range(1, 10):
            await rig.until_settled(number)
            assert (await rig.view(key)).state is State.DUE
            rig.turn(400)
        view = await rig.until_state(key, State.UNCERTAIN)
        await rig.rest()

    assert view.reason == "conflict"
    assert told(rig) == [(str(key), "usr_1")] * 10


async def test_the_fifth_refusal_is_the_last_and_each_was_sent_under_its_own_key(
    quick_rig: Rig,
) -> None:
    rig = quick_rig
    rig.far.always = says(400)
    key = await rig.put()
    waits = []
    async with rig.working():
        for number in range(1, 5):
            await rig.until_settled(number)
            view = await rig.view(key)
            assert (view.state, view.due_at is not None) == (State.HELD, True)
            waits.append(view.due_at - view.updated_at if view.due_at else None)
            rig.turn(25 * HOUR)
        view = await rig.until_state(key, State.DEAD)
        rig.turn(1000 * HOUR)
        await rig.rest()

    assert waits == [timedelta(minutes=10), timedelta(hours=1), timedelta(1), timedelta(1)]
    assert view.reason == "refused"
    assert [sent for sent, _ in told(rig)] == [str(wire_key(key, n)) for n in range(5)]


async def test_an_unknown_user_waits_for_a_link_and_is_released_by_it_at_once(
    quick_rig: Rig,
) -> None:
    rig = quick_rig
    rig.far.answers.append(says(404))
    key = await rig.put(ref="usr_1")
    async with rig.working():
        view = await rig.until_state(key, State.HELD)
        await rig.rest()
        await rig.outbox.link(CAMPAIGN, ALICE, "usr_2", "operator")
        await rig.until_state(key, State.ACCEPTED)

    assert view.reason == "user_unknown"
    assert view.due_at is not None
    assert view.due_at - view.updated_at == timedelta(days=1)
    assert told(rig) == [(str(key), "usr_1"), (str(wire_key(key, 1)), "usr_2")]


async def test_an_unknown_user_is_tried_again_daily(quick_rig: Rig) -> None:
    rig = quick_rig
    rig.far.answers += [says(404)] * 7
    key = await rig.put()
    async with rig.working():
        for number in range(1, 8):
            await rig.until_settled(number)
            rig.turn(24 * HOUR)
        await rig.until_state(key, State.ACCEPTED)

    assert len(rig.far.posts) == 8


async def test_a_code_that_is_configured_later_is_paid_then(quick_rig: Rig) -> None:
    rig = quick_rig
    rig.far.codes = ("OTHER",)
    rig.far.answers.append(says(400))
    key = await rig.put()
    async with rig.working():
        view = await rig.until_state(key, State.HELD)
        rig.far.codes = ("OTHER", "EARN5")
        rig.turn(600)
        await rig.until_state(key, State.ACCEPTED)

    assert view.reason == "event_not_configured"
