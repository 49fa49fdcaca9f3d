"""The door for datagrams, on real sockets."""

import asyncio
import json
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from hashlib import sha256
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import ByteSize
from structlog.testing import capture_logs

from bridge.errors import SettingsError, StoreFull
from bridge.gate.guard import Gate
from bridge.gate.roles import Role
from bridge.gate.tokens import Tokens
from bridge.intake.udp import UdpDoor
from bridge.settings.models import UdpSettings

BUFFER = ByteSize(4 * 2**20)


class Game:
    """A game's socket: connected, so that answers of others don't reach it."""

    def __init__(self, address: tuple[str, int]) -> None:
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.connect(address)
        self.socket.setblocking(False)

    def send(self, data: bytes) -> None:
        self.socket.send(data)

    def say(self, **members: Any) -> None:
        self.send(json.dumps({"token": "g4me", **members}).encode())

    async def answer(self) -> Any:
        loop = asyncio.get_running_loop()
        async with asyncio.timeout(10):
            return json.loads(await loop.sock_recv(self.socket, 65_536))

    async def silence(self) -> bool:
        """Whether nothing comes, after a message whose answer shows that all before is done."""
        self.say(player="probe:1", achievement="probe", id="probe", ack=True)
        answer = await self.answer()
        return bool(answer["id"] == "probe")


Doors = Callable[..., AbstractAsyncContextManager[UdpDoor]]


@pytest.fixture
def doors(sink: Any, gate: Gate, clock: Any) -> Doors:
    @asynccontextmanager
    async def opened(
        gate: Gate = gate, listen: str = "127.0.0.1:0", buffer: int = BUFFER
    ) -> AsyncIterator[UdpDoor]:
        options = UdpSettings(listen=listen, receive_buffer=ByteSize(buffer))
        async with UdpDoor(sink, gate, options, clock) as door:
            yield door

    return opened


@pytest.fixture
async def door(doors: Doors) -> AsyncIterator[UdpDoor]:
    async with doors() as opened:
        yield opened


@pytest.fixture
async def game(door: UdpDoor) -> AsyncIterator[Game]:
    speaking = Game(door.address)
    yield speaking
    speaking.socket.close()


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(10):
        while not condition():  # noqa: ASYNC110  # the loop under test has no event to offer
            await asyncio.sleep(0)


def roomy(door: UdpDoor) -> None:
    if door.buffer_cut is not None:
        pytest.skip("the kernel's buffer is too small for a burst; raise net.core.rmem_max")


# -- messages and acknowledgements ----------------------------------------------------------


async def test_a_datagram_is_a_message_without_its_token(
    game: Game, door: UdpDoor, sink: Any, clock: Any
) -> None:
    game.say(player="steam:1", achievement="first_blood")
    await sink.until(lambda: len(sink.messages) == 1)
    (message,) = sink.messages
    host, port = game.socket.getsockname()

    assert json.loads(message.body) == {"player": "steam:1", "achievement": "first_blood"}
    assert message.source == ""
    assert message.peer == f"{host}:{port}"
    assert message.received_at == clock.now()


async def test_an_acknowledgement_leaves_after_the_commit(game: Game, sink: Any) -> None:
    sink.open.clear()
    game.say(player="steam:1", achievement="x", id="m/1", ack=True)
    await sink.until(lambda: len(sink.messages) == 1)

    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.05):
            await asyncio.get_running_loop().sock_recv(game.socket, 1)
    sink.open.set()
    answer = await game.answer()

    assert set(answer) == {"id", "key", "state", "duplicate"}
    assert answer["id"] == "m/1"
    assert answer["state"] == "stored"


async def test_a_game_that_resends_is_told_of_the_duplicate(game: Game, door: UdpDoor) -> None:
    answers = []
    for _ in range(2):
        game.say(player="steam:1", achievement="x", id=17, ack=True)
        answers.append(await game.answer())

    assert [answer["duplicate"] for answer in answers] == [False, True]
    assert answers[0]["key"] == answers[1]["key"]
    assert answers[0]["id"] == 17
    assert (door.counts.stored, door.counts.duplicates) == (1, 1)


async def test_other_content_is_told(game: Game) -> None:
    game.say(player="a:1", achievement="x", id="1", details={"new": True}, ack=True)

    assert (await game.answer())["differs"] is True


async def test_what_only_counts_is_acknowledged_without_a_key(game: Game, door: UdpDoor) -> None:
    answers = []
    for _ in range(2):
        game.say(player="steam:1", achievement="win", id="1", ack=True)
        answers.append(await game.answer())

    first = {"id": "1", "key": None, "state": "counted", "duplicate": False}
    assert answers == [first, {**first, "duplicate": True}]
    assert (door.counts.stored, door.counts.duplicates) == (1, 1)


async def test_without_ack_nothing_is_ever_answered(game: Game, door: UdpDoor) -> None:
    game.say(player="steam:1", achievement="x")
    game.say(achievement="no player")
    game.say(player="steam:1", achievement="x", token="wrong")
    game.send(b"nonsense")
    game.send(b"")

    assert await game.silence()
    assert door.counts.received == 6


async def test_ack_needs_an_id_and_stores_nothing_without(game: Game, sink: Any) -> None:
    game.say(player="steam:1", achievement="x", ack=True)
    answer = await game.answer()

    assert answer["id"] is None
    assert answer["error"]["errors"][0]["pointer"] == "/id"
    assert sink.messages == []


async def test_a_refused_message_is_answered_with_its_problem(game: Game, door: UdpDoor) -> None:
    game.say(player="steam:1", achievement="unknown", id="1", ack=True)
    answer = await game.answer()

    assert set(answer) == {"id", "error"}
    assert answer["error"]["status"] == 422
    assert answer["error"]["type"].endswith(":no-rule")
    assert door.counts.rejected == {"no-rule": 1}


async def test_when_nothing_can_be_stored_every_asker_is_told(game: Game, sink: Any) -> None:
    sink.failures.append(StoreFull())
    game.say(player="steam:1", achievement="x", id="1", ack=True)
    full = await game.answer()
    game.say(player="steam:1", achievement="x", id="1", ack=True)
    again = await game.answer()

    assert full["error"]["status"] == 507
    assert again["state"] == "stored"
    assert not again["duplicate"]


async def test_a_bug_behind_the_door_does_not_close_it(game: Game, sink: Any) -> None:
    sink.failures.append(RuntimeError("hunter2"))
    with capture_logs() as logs:
        game.say(player="steam:1", achievement="x", id="1", ack=True)
        failed = await game.answer()
    game.say(player="steam:1", achievement="x", id="2", ack=True)
    again = await game.answer()

    assert failed["error"]["status"] == 500
    assert "hunter2" not in json.dumps(failed)
    assert "unexpected_error" in [line["action"] for line in logs]
    assert again["state"] == "stored"


async def test_a_game_that_has_gone_is_no_trouble(game: Game, door: UdpDoor, sink: Any) -> None:
    gone = Game(door.address)
    sink.open.clear()
    gone.say(player="steam:1", achievement="x", id="1", ack=True)
    await sink.until(lambda: len(sink.messages) == 1)
    gone.socket.close()
    sink.open.set()

    assert await game.silence()


# -- tokens ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("token", "status", "reason"),
    [
        ("wrong", 401, "not-authenticated"),
        (None, 401, "not-authenticated"),
        (17, 401, None),
        ("r3ad", 403, "not-allowed"),
    ],
)
async def test_who_may_not_post_is_told_so(
    game: Game, door: UdpDoor, sink: Any, token: object, status: int, reason: str | None
) -> None:
    game.say(token=token, player="steam:1", achievement="x", id="1", ack=True)
    answer = await game.answer()

    assert answer["id"] == "1"
    assert answer["error"]["status"] == status
    assert reason is None or door.counts.rejected == {reason: 1}
    assert sink.messages == []


async def test_those_who_guess_tokens_are_not_answered_for_ever(game: Game, door: UdpDoor) -> None:
    for number in range(50):
        game.say(token="wrong", player="a:1", achievement="x", id=number, ack=True)
    await until(lambda: door.counts.received == 50)
    game.say(player="a:1", achievement="x", id="last", ack=True)
    answers: list[object] = []
    while not answers or answers[-1] != "last":
        answers.append((await game.answer())["id"])

    assert answers == [*range(20), "last"]


async def test_a_token_twice_is_judged_by_the_last(game: Game) -> None:
    game.send(
        b'{"token":"g4me","token":"wrong","player":"a:1","achievement":"x","id":1,"ack":true}'
    )
    wrong = await game.answer()
    game.send(
        b'{"token":"wrong","token":"g4me","player":"a:1","achievement":"x","id":1,"ack":true}'
    )
    right = await game.answer()

    assert wrong["error"]["status"] == 401
    assert right["state"] == "stored"


async def test_without_tokens_this_machine_may_post_and_bytes_stay_as_they_came(
    doors: Doors, sink: Any
) -> None:
    plain = b'{"player":  "a:1", "achievement": "x"}'
    async with doors(gate=Gate(Tokens(), unsafe_no_token=True)) as door:
        game = Game(door.address)
        game.send(plain + b"\n")
        game.say(token="left-over", player="a:1", achievement="y")
        await sink.until(lambda: len(sink.messages) == 2)
        game.socket.close()

    assert sink.bodies[0] == plain
    assert b"left-over" not in sink.bodies[1]


async def test_replaced_tokens_count_at_once(game: Game, gate: Gate) -> None:
    gate.replace(Tokens({sha256(b"fr3sh").digest(): Role.GAME}))
    game.say(player="a:1", achievement="x", id="1", ack=True)
    old = await game.answer()
    game.say(token="fr3sh", player="a:1", achievement="x", id="1", ack=True)
    new = await game.answer()

    assert old["error"]["status"] == 401
    assert new["state"] == "stored"


# -- rubbish and floods ---------------------------------------------------------------------


async def test_rubbish_is_counted_by_reason_and_logged_once_a_minute(
    game: Game, door: UdpDoor, clock: Any
) -> None:
    with capture_logs() as logs:
        for _ in range(3):
            game.send('{"player": "a:1"}'.encode("utf-16"))
        game.send(b"nonsense")
        assert await game.silence()
        clock.seconds = 61
        game.send('{"player": "a:1"}'.encode("utf-16"))
        assert await game.silence()

    assert door.counts.rejected == {"utf-16": 4, "not-json": 1}
    assert [(line["reason"], line["count"]) for line in logs] == [
        ("utf-16", 1),
        ("not-json", 1),
        ("utf-16", 3),
    ]
    assert "UTF-8" in logs[0]["hint"]


async def test_a_refused_message_is_logged_with_its_fields_and_not_with_its_player(
    game: Game,
) -> None:
    with capture_logs() as logs:
        game.say(player=17, achievement="Alice's secret")
        assert await game.silence()

    assert "/player" in logs[0]["hint"]
    assert "Alice" not in str(logs)
    assert "g4me" not in str(logs)


async def test_a_burst_goes_through_whole_in_batches(doors: Doors, sink: Any) -> None:
    async with doors() as door:
        roomy(door)
        game = Game(door.address)
        sink.open.clear()
        for number in range(2000):
            game.say(player=f"a:{number}", achievement="x")
        sink.open.set()
        await sink.until(lambda: len(sink.messages) == 2000)
        game.socket.close()

    assert door.counts.stored == 2000
    assert max(len(batch) for batch in sink.batches) <= 1024


async def test_what_has_arrived_is_taken_before_the_door_closes(doors: Doors, sink: Any) -> None:
    async with doors() as door:
        game = Game(door.address)
        for number in range(200):
            game.say(player=f"a:{number}", achievement="x")
        game.socket.close()

    assert len(sink.messages) == 200


async def test_an_acknowledgement_under_way_is_sent_before_the_door_closes(
    doors: Doors, sink: Any
) -> None:
    opening = doors()
    door = await opening.__aenter__()
    game = Game(door.address)
    sink.open.clear()
    game.say(player="a:1", achievement="x", id="1", ack=True)
    await sink.until(lambda: len(sink.messages) == 1)
    closing = asyncio.create_task(opening.__aexit__(None, None, None))
    sink.open.set()
    answer = await game.answer()
    await closing
    game.socket.close()

    assert answer["id"] == "1"
    assert door.task.done()


async def test_a_flood_of_rubbish_leaves_the_loop_to_others(game: Game, door: UdpDoor) -> None:
    roomy(door)
    turns = 0
    for _ in range(3000):
        game.send(b"x")
    async with asyncio.timeout(10):
        while door.counts.received < 3000:
            await asyncio.sleep(0)
            turns += 1

    assert turns >= 3000 / 1024


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    datagrams=st.lists(
        st.binary(max_size=500)
        | st.text(alphabet='{}[]",:\\ \n\0e1-nultokeackid').map(str.encode)
        | st.dictionaries(
            st.sampled_from(["player", "token", "ack", "id", "details"]),
            st.none() | st.booleans() | st.floats() | st.text() | st.just("g4me"),
        ).map(lambda members: json.dumps(members).encode()),
        max_size=30,
    )
)
def test_whatever_arrives_the_door_stays_open(doors: Doors, datagrams: list[bytes]) -> None:
    async def send_all() -> tuple[UdpDoor, bool]:
        async with doors() as door:
            game = Game(door.address)
            for datagram in datagrams:
                game.send(datagram)
            await until(lambda: door.counts.received == len(datagrams))
            last = Game(door.address)
            open_still = await last.silence()
            game.socket.close()
            last.socket.close()
        return door, open_still

    with capture_logs() as logs:
        door, open_still = asyncio.run(send_all())

    assert open_still
    assert "unexpected" not in door.counts.rejected
    assert "unexpected_error" not in [line["action"] for line in logs]


# -- the socket -----------------------------------------------------------------------------


async def test_a_large_datagram_arrives(game: Game, sink: Any) -> None:
    game.say(player="a:1", achievement="x", details={"pad": "x" * 60_000})
    await sink.until(lambda: len(sink.messages) == 1)

    assert len(sink.bodies[0]) > 60_000


async def test_a_buffer_that_the_kernel_cuts_is_told(doors: Doors) -> None:
    async with doors(buffer=2**40) as door:
        cut = door.buffer_cut
    async with doors(buffer=4096) as door:
        whole = door.buffer_cut

    assert cut is not None
    assert 4096 <= cut < 2**40
    assert whole is None


async def test_an_address_that_is_taken_is_named(doors: Doors, door: UdpDoor) -> None:
    host, port = door.address

    with pytest.raises(SettingsError, match=rf"\[udp\] can't listen on {host}:{port}"):
        async with doors(listen=f"{host}:{port}"):
            pass


async def test_a_door_that_is_turned_off_is_not_opened(doors: Doors) -> None:
    with pytest.raises(SettingsError, match="turned off"):
        async with doors(listen=""):
            pass


async def test_ipv6_is_served_too(doors: Doors, sink: Any) -> None:
    if not socket.has_ipv6:
        pytest.skip("no IPv6 here")
    try:
        async with doors(listen="[::1]:0") as door:
            with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as six:
                six.sendto(b'{"token":"g4me","player":"a:1"}', door.address)
                await sink.until(lambda: len(sink.messages) == 1)
    except SettingsError:
        pytest.skip("no IPv6 here")

    assert sink.messages[0].peer.startswith("[::1]:")
