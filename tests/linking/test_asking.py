"""One look at a link session, and what is made of the API's answer."""

import random

import pytest

from bridge.linking.asking import WAITS, ask
from bridge.outbox.links import Look, Session, SessionState
from tests.campaigns.host import CAMPAIGN, Answer, refuses, reset, says, silence
from tests.linking.conftest import DETAILS, EMAIL, INITIATE, Rig, begun, details


async def asked(rig: Rig, session: Session, chance: random.Random | None = None) -> Look:
    api = rig.apis.get(CAMPAIGN)
    assert api is not None
    return await ask(api.links, session, rig.clock.now(), chance or random.Random(1))


async def starting(rig: Rig) -> Session:
    """A session that the API has not heard of: its first call was refused for a while."""
    rig.host.on(f"POST {INITIATE}", refuses(503))
    session = await rig.begin()
    assert session.state is SessionState.STARTING
    rig.host.calls.clear()
    return session


async def test_a_session_begins_under_its_key_with_the_address(rig: Rig) -> None:
    session = await starting(rig)
    rig.host.on(f"POST {INITIATE}", begun())

    look = await asked(rig, session)

    (call,) = rig.host.calls
    assert (call.key, call.json) == (session.key, {"email": EMAIL})
    assert (look.state, look.session_key) == (SessionState.PENDING, "ls_1")
    assert look.url == "https://pay.example.org/link?session=ls_1"


@pytest.mark.parametrize("status", [400, 404, 422])
async def test_a_refusal_ends_it_with_the_api_s_words(rig: Rig, status: int) -> None:
    session = await starting(rig)
    rig.host.on(f"POST {INITIATE}", refuses(status, "Invalid email"))

    look = await asked(rig, session)

    assert (look.state, look.again_in) == (SessionState.FAILED, None)
    assert "Invalid email" in look.detail


@pytest.mark.parametrize(
    "answer",
    [refuses(401), refuses(403), refuses(409), refuses(429), refuses(500), reset, silence],
    ids=["401", "403", "409", "429", "500", "reset", "silence"],
)
async def test_whatever_proves_nothing_is_asked_again(rig: Rig, answer: Answer) -> None:
    session = await starting(rig)
    rig.host.on(f"POST {INITIATE}", answer)

    look = await asked(rig, session)

    assert look.state is SessionState.STARTING
    assert look.again_in is not None
    assert look.again_in > 0


async def test_an_answer_without_a_url_is_asked_again(rig: Rig) -> None:
    session = await starting(rig)
    rig.host.on(f"POST {INITIATE}", says(201, {"sessionKey": "ls_1"}))

    assert (await asked(rig, session)).state is SessionState.STARTING


@pytest.mark.parametrize(
    ("answer", "state"),
    [
        (details("approved", "usr_9"), SessionState.LINKED),
        (details("pending", "usr_9"), SessionState.LINKED),
        (details("declined"), SessionState.DECLINED),
        (details("Declined"), SessionState.DECLINED),
        (details("expired"), SessionState.EXPIRED),
        (details("pending"), SessionState.PENDING),
        (details("something new"), SessionState.PENDING),
        (refuses(500), SessionState.PENDING),
        (reset, SessionState.PENDING),
    ],
)
async def test_a_look_says_what_has_become_of_it(
    rig: Rig, answer: Answer, state: SessionState
) -> None:
    session = await rig.begin()
    rig.host.on(f"GET {DETAILS}", answer)

    look = await asked(rig, session)

    assert look.state is state
    assert (look.user_ref == "usr_9") is (state is SessionState.LINKED)
    assert (look.again_in is not None) is (state is SessionState.PENDING)


@pytest.mark.parametrize("status", [404, 405, 501])
async def test_a_host_without_the_campaign_s_form_is_asked_in_the_global_one(
    rig: Rig, status: int
) -> None:
    session = await rig.begin()
    rig.host.on(f"GET {DETAILS}", refuses(status))
    rig.host.on("GET /users/link/details", says(200, {"userRef": "usr_9"}))

    look = await asked(rig, session)

    assert (look.state, look.user_ref) == (SessionState.LINKED, "usr_9")


async def test_what_nobody_approved_in_its_time_has_expired_whatever_the_api_says(rig: Rig) -> None:
    session = await rig.begin()
    rig.clock.advance(3600)
    rig.host.on(f"GET {DETAILS}", refuses(500))

    assert (await asked(rig, session)).state is SessionState.EXPIRED


async def test_an_approval_in_the_last_moment_counts(rig: Rig) -> None:
    session = await rig.begin()
    rig.clock.advance(3601)
    rig.host.on(f"GET {DETAILS}", details("approved", "usr_9"))

    assert (await asked(rig, session)).state is SessionState.LINKED


async def test_looks_become_rarer_and_never_come_in_step(rig: Rig) -> None:
    session, chance = await rig.begin(), random.Random(1)
    waits = []
    for _ in range(len(WAITS) + 2):
        look = await asked(rig, await rig.session(session), chance)
        assert look.again_in is not None
        waits.append(look.again_in)
        await rig.outbox.look_at_session(session.id, look, "session")

    # The first look was the beginning, so the second wait is the first of these.
    expected = [*WAITS[1:], *[WAITS[-1]] * 3]
    assert all(0.8 * e <= w <= 1.2 * e for w, e in zip(waits, expected, strict=True)), waits
    assert len(set(waits)) == len(waits)
