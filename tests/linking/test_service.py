"""Sessions and codes, as games and the page ask for them."""

import random
import re
from datetime import timedelta

import pytest

from bridge.errors import CodeRefused, MessageRejected
from bridge.linking.codes import ALPHABET, new_code
from bridge.linking.service import checked_email
from bridge.outbox.links import SessionState
from tests.campaigns.host import CAMPAIGN
from tests.linking.conftest import DETAILS, EMAIL, INITIATE, Rig, details
from tests.outbox.play import ALICE, BOB


async def test_asking_twice_is_one_session_and_one_call(rig: Rig) -> None:
    first, second = await rig.begin(), await rig.begin(email=f"  {EMAIL.upper()} ")

    assert (first.id, first.key) == (second.id, second.key)
    assert len(rig.host.of(f"POST /api/v1{INITIATE}")) == 1


async def test_each_player_and_address_has_a_session_of_its_own(rig: Rig) -> None:
    sessions = [
        await rig.begin(ALICE),
        await rig.begin(BOB),
        await rig.begin(ALICE, "other@example.com"),
        await rig.begin(None),
        await rig.begin(None),
    ]

    assert len({session.key for session in sessions}) == 5


@pytest.mark.parametrize(
    "email",
    [
        "",
        "alice",
        "a@b@c",
        "a b@example.com",
        "a@exam\nple.com",
        "a\x00@example.com",
        "a@",
        "@b",
        "a\u202e@example.com",
        "x" * 250 + "@example.com",
        7,
        None,
    ],
)
async def test_what_is_no_address_never_reaches_the_api(rig: Rig, email: object) -> None:
    with pytest.raises(MessageRejected) as refused:
        checked_email(email)

    assert refused.value.fields[0].pointer == "/email"
    assert str(refused.value) == "email must be an e-mail address"


async def test_a_player_s_code_begins_that_player_s_session_once(rig: Rig) -> None:
    code, ends_at = await rig.linker.code_for_player(CAMPAIGN, ALICE)

    session = await rig.linker.begin_by_code(code.lower().replace("-", " "), EMAIL)
    again = await rig.linker.begin_by_code(code, EMAIL)

    assert session is not None
    assert (session.player, session.state) == (ALICE, SessionState.PENDING)
    assert again is None
    assert ends_at - rig.clock.now() == timedelta(minutes=10)


async def test_a_bad_address_leaves_the_code_good(rig: Rig) -> None:
    code, _ = await rig.linker.code_for_player(CAMPAIGN, ALICE)

    with pytest.raises(MessageRejected):
        await rig.linker.begin_by_code(code, "alice")

    assert await rig.linker.begin_by_code(code, EMAIL) is not None


async def test_a_code_ends_and_a_newer_one_ends_the_older(rig: Rig) -> None:
    old, _ = await rig.linker.code_for_player(CAMPAIGN, ALICE)
    new, _ = await rig.linker.code_for_player(CAMPAIGN, ALICE)
    late, _ = await rig.linker.code_for_player(CAMPAIGN, BOB)

    assert await rig.linker.begin_by_code(old, EMAIL) is None
    assert await rig.linker.begin_by_code(new, EMAIL) is not None
    rig.clock.advance(601)
    assert await rig.linker.begin_by_code(late, EMAIL) is None


async def test_a_code_of_one_kind_is_no_good_for_the_other(rig: Rig) -> None:
    rig.host.on(f"GET {DETAILS}", details("approved", "usr_9"))
    session = await rig.look(await rig.begin(None))
    for_page, _ = await rig.linker.code_for_player(CAMPAIGN, ALICE)
    for_game, _ = await rig.linker.code_for_session(session)

    assert await rig.linker.begin_by_code(for_game, EMAIL) is None
    with pytest.raises(CodeRefused):
        await rig.outbox.redeem(for_page, BOB)
    link = await rig.outbox.redeem(for_game, BOB)
    assert (link.player, link.user_ref) == (BOB, "usr_9")


def test_codes_are_short_plain_and_many() -> None:
    chance = random.Random(1)
    codes = {new_code(chance) for _ in range(10_000)}

    assert len(codes) == 10_000
    assert all(re.fullmatch(f"[{ALPHABET}]{{4}}-[{ALPHABET}]{{4}}", code) for code in codes)
    assert not set("O0I1LUV5SB") & set(ALPHABET)
