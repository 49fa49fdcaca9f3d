"""Many link sessions at once: each gets its answer, the API gets a bounded number of calls."""

import asyncio
from datetime import timedelta
from pathlib import Path

import pytest
from aiohttp import web

from bridge.linking.rounds import RATE
from bridge.outbox.links import NewSession, SessionState
from bridge.settings.models import LinkingSettings
from tests.campaigns.host import CAMPAIGN, Host, refuses
from tests.linking.conftest import DETAILS, EMAIL, INITIATE, Rig, begun, details, rig_in
from tests.outbox.play import ALICE, BOB, Play, entry
from tests.support.road import until


async def test_a_thousand_sessions_cost_so_many_calls_a_second_and_no_more(rig: Rig) -> None:
    new = [NewSession(CAMPAIGN, None, f"{number}@example.com", 3600) for number in range(1000)]
    await asyncio.gather(*map(rig.outbox.begin_session, new))
    rig.clock.advance(10)

    async with rig.going_round():
        await rig.called("POST", int(RATE))
        await asyncio.sleep(0.3)  # time for more calls, if there were any
        first = len(rig.host.calls)
        rig.clock.advance(1)
        await rig.called("POST", 2 * int(RATE))
        await asyncio.sleep(0.3)

    assert (first, len(rig.host.calls)) == (int(RATE), 2 * int(RATE))


async def test_only_so_many_are_asked_at_once(host: Host, tmp_path: Path) -> None:
    at_once = most = 0
    free = asyncio.Event()
    host_loop: list[asyncio.AbstractEventLoop] = []

    async def slow(_: Host, __: web.Request) -> web.StreamResponse:
        nonlocal at_once, most
        host_loop[:] = [asyncio.get_running_loop()]
        at_once += 1
        most = max(most, at_once)
        await free.wait()
        at_once -= 1
        return web.Response(status=503)

    host.on(f"POST {INITIATE}", slow)
    async with rig_in(tmp_path, host, concurrency=3) as rig:
        for number in range(12):
            await rig.outbox.begin_session(NewSession(CAMPAIGN, None, f"{number}@a.org", 3600))
        rig.clock.advance(10)
        async with rig.going_round():
            await rig.called("POST", 3)
            await asyncio.sleep(0.2)  # time for a fourth
            host_loop[0].call_soon_threadsafe(free.set)

    assert most == 3


async def test_an_api_that_was_away_is_asked_again_under_the_same_key(rig: Rig) -> None:
    rig.host.on(f"POST {INITIATE}", refuses(503), refuses(500), begun())
    session = await rig.begin()
    assert session.state is SessionState.STARTING

    async with rig.going_round():

        async def pending() -> bool:
            rig.later(5)
            return (await rig.session(session)).state is SessionState.PENDING

        await until(pending)

    keys = {call.key for call in rig.host.of("POST")}
    assert keys == {session.key}
    assert (await rig.session(session)).url == "https://pay.example.org/link?session=ls_1"


async def test_a_session_that_is_just_being_begun_is_left_alone(rig: Rig) -> None:
    async with rig.going_round():
        session = await rig.begin()
        await asyncio.sleep(0.2)  # time for a second call, if there were one

        assert session.state is SessionState.PENDING
        assert len(rig.host.of("POST")) == 1


async def test_one_that_nobody_began_in_the_end_is_begun_by_the_rounds(rig: Rig) -> None:
    """As after a crash between the disk and the API."""
    await rig.outbox.begin_session(NewSession(CAMPAIGN, ALICE, EMAIL, 3600))
    rig.clock.advance(6)

    async with rig.going_round():
        await rig.called("POST", 1)


async def test_an_approval_links_the_player_and_lets_go_what_waited(rig: Rig) -> None:
    play = Play(rig.outbox, rig.clock)
    await play.taken(entry("first_blood"), entry("quest_win"))
    session = await rig.begin()
    rig.host.on(f"GET {DETAILS}", details("approved", "usr_9"))

    after = await rig.look(session)

    assert after.state is SessionState.LINKED
    (lane,) = await rig.outbox.counts()
    assert lane.held == {}
    (link,) = await rig.outbox.links(ALICE)
    assert (link.user_ref, link.via) == ("usr_9", "session")


async def test_a_userref_that_is_another_player_s_is_refused_and_shown(rig: Rig) -> None:
    await rig.outbox.link(CAMPAIGN, BOB, "usr_9", "operator")
    session = await rig.begin()
    rig.host.on(f"GET {DETAILS}", details("approved", "usr_9"))

    after = await rig.look(session)

    assert after.state is SessionState.REFUSED
    assert BOB in after.detail
    assert await rig.outbox.links(ALICE) == []


async def test_a_player_who_links_again_goes_over_to_the_new_user(rig: Rig) -> None:
    rig.host.on(f"GET {DETAILS}", details("approved", "usr_1"))
    await rig.look(await rig.begin())
    rig.host.on(f"POST {INITIATE}", begun(2))
    rig.host.on(f"GET {DETAILS}", details("approved", "usr_2"))

    await rig.look(await rig.begin(email="other@example.com"))

    assert [link.user_ref for link in await rig.outbox.links(ALICE)] == ["usr_2"]


async def test_a_session_that_ended_makes_room_for_another_with_another_key(rig: Rig) -> None:
    first = await rig.begin()
    rig.host.on(f"GET {DETAILS}", details("declined"))
    assert (await rig.look(first)).state is SessionState.DECLINED
    rig.host.on(f"POST {INITIATE}", begun(2))

    second = await rig.begin()

    assert second.key != first.key
    assert second.state is SessionState.PENDING


async def test_a_campaign_that_left_the_settings_is_waited_for(rig: Rig) -> None:
    session = await rig.begin()
    await rig.apis.replace([])

    after = await rig.look(session)

    assert after.state is SessionState.PENDING
    assert after.detail == "its campaign isn't configured"


async def test_what_waits_for_a_link_expires_only_where_the_settings_say_so(
    host: Host, tmp_path: Path
) -> None:
    async with rig_in(tmp_path, host) as rig:
        await Play(rig.outbox, rig.clock).taken(entry("first_blood"))
        rig.clock.advance(timedelta(days=400).total_seconds())
        async with rig.going_round():
            await asyncio.sleep(0.1)
        (kept,) = await rig.outbox.counts()
        rig.rounds.settings = rig.rounds.settings.model_copy(
            update={"held_expires": timedelta(days=90)}
        )
        async with rig.going_round():

            async def gone() -> bool:
                return not (await rig.outbox.counts())[0].held

            await until(gone)

    assert sum(kept.held.values()) == 1


async def test_what_waits_expires_while_it_runs_and_no_session_is_open(
    host: Host, tmp_path: Path
) -> None:
    terms = {"held_expires": timedelta(milliseconds=50)}
    async with rig_in(tmp_path, host, **terms) as rig, rig.going_round():
        await asyncio.sleep(0.1)  # it has looked, and found nothing
        await Play(rig.outbox, rig.clock).taken(entry("first_blood"))
        rig.clock.advance(1)

        async def gone() -> bool:
            return not (await rig.outbox.counts())[0].held

        await until(gone)


async def test_an_expiry_that_is_set_by_a_reload_counts_at_once(host: Host, tmp_path: Path) -> None:
    async with rig_in(tmp_path, host) as rig, rig.going_round():
        await Play(rig.outbox, rig.clock).taken(entry("first_blood"))
        rig.clock.advance(timedelta(days=100).total_seconds())
        await asyncio.sleep(0.05)  # it waits for nothing
        rig.linker.replace(LinkingSettings(held_expires=timedelta(days=90)))

        async def gone() -> bool:
            return not (await rig.outbox.counts())[0].held

        await until(gone)


async def test_a_restart_goes_on_with_what_was_open(host: Host, tmp_path: Path) -> None:
    async with rig_in(tmp_path, host) as rig:
        session = await rig.begin()
    host.on(f"GET {DETAILS}", details("approved", "usr_9"))

    async with rig_in(tmp_path, host) as rig, rig.going_round():

        async def linked() -> bool:
            rig.later(5)
            return bool(await rig.outbox.links(ALICE))

        await until(linked)
        assert (await rig.session(session)).state is SessionState.LINKED


async def test_the_address_is_in_no_log(rig: Rig, capsys: pytest.CaptureFixture[str]) -> None:
    session = await rig.begin()
    rig.host.on(f"GET {DETAILS}", details("approved", "usr_9"))
    await rig.look(session)

    told = capsys.readouterr()
    assert "link_session" in told.out + told.err
    assert EMAIL not in told.out + told.err
    assert "ls_1" not in told.out + told.err


# -- while somebody waits -------------------------------------------------------------------


async def test_a_session_that_somebody_waits_for_is_looked_at_at_once(rig: Rig) -> None:
    session = await rig.begin()
    rig.host.on(f"GET {DETAILS}", details("approved", "usr_9"))

    await rig.linker.hurry(ALICE)

    async def linked() -> bool:
        return (await rig.session(session)).state is SessionState.LINKED

    await until(linked)
    assert len(await rig.outbox.links(ALICE)) == 1


async def test_it_is_looked_at_once_a_second_however_often_the_game_asks(rig: Rig) -> None:
    session = await rig.begin()
    for _ in range(20):
        await rig.linker.hurry(ALICE)
        await asyncio.sleep(0)
    await rig.called("GET", 1)
    await rig.settled()
    rig.clock.advance(1)
    for _ in range(20):
        await rig.linker.hurry(ALICE)
    await rig.called("GET", 2)
    await rig.settled()

    assert len(rig.host.of("GET")) == 2
    assert (await rig.session(session)).looks == 1  # that of its beginning: none is put off


async def test_waiting_breaks_no_bound(host: Host, tmp_path: Path) -> None:
    free = asyncio.Event()
    host_loop: list[asyncio.AbstractEventLoop] = []

    async def slow(_: Host, __: web.Request) -> web.StreamResponse:
        host_loop[:] = [asyncio.get_running_loop()]
        await free.wait()
        return web.Response(status=503)

    async with rig_in(tmp_path, host, concurrency=2) as rig:
        players = [f"steam:{76561197960265729 + number}" for number in range(5)]
        for number, player in enumerate(players):
            await rig.begin(player, f"{number}@example.com")
        host.on(f"GET {DETAILS}", slow)
        for player in players:
            await rig.linker.hurry(player)
        await rig.called("GET", 2)
        await asyncio.sleep(0.2)  # time for a third
        called = len(rig.host.of("GET"))
        host_loop[0].call_soon_threadsafe(free.set)
        await rig.settled()

    assert called == 2


async def test_what_is_over_or_was_never_begun_is_not_looked_at(rig: Rig) -> None:
    await rig.linker.hurry(ALICE)
    rig.host.on(f"POST {INITIATE}", refuses(503))
    await rig.begin()
    await rig.linker.hurry(ALICE)
    await rig.settled()

    assert rig.host.of("GET") == []


async def test_the_rounds_forget_whose_sessions_ended_a_day_ago(rig: Rig) -> None:
    session = await rig.begin(None)
    rig.host.on(f"GET {DETAILS}", details("declined"))
    await rig.look(session)

    async with rig.going_round():

        async def forgotten() -> bool:
            rig.later(3600)
            return (await rig.session(session)).email is None

        await until(forgotten)
