"""Sources on the whole road: an engine's own messages, by every way, to a payout."""

import json
import socket
from contextlib import AbstractAsyncContextManager
from typing import Any

import pytest

from bridge.errors import AdapterLoadError, AdapterNotFound, SettingsError
from tests.support.road import Road, Town, road_of, until

#: Lines `JOIN slot player` and `AWARD slot name`; its frame is `#secret#`.
ADAPTER = """
import re

from bridge import AdapterSpec, GameEvent, RememberingAdapter, Unwrapped, hookimpl
from pydantic import BaseModel


class Seats(BaseModel):
    players: dict[str, str] = {}


class Arena(RememberingAdapter[Seats]):
    def translate_with(self, message, memory):
        if message.file:
            player = "name:" + message.file.removesuffix(".json")
            return [GameEvent(player, name) for name in message.body.decode().split()]
        events = []
        for line in message.body.decode(errors="replace").splitlines():
            word, *rest = line.split()
            if word == "JOIN":
                memory.players[rest[0]] = rest[1]
            elif word == "AWARD" and rest[0] in memory.players:
                number = rest[2] if len(rest) > 2 else None
                events.append(GameEvent(memory.players[rest[0]], rest[1], number))
            elif word == "CRASH":
                raise ZeroDivisionError(line)
        return events

    def figures(self, memory):
        return {"players": len(memory.players)}


def unwrap(datagram):
    match = re.fullmatch(b"#(.*?)#(.*)", datagram, re.DOTALL)
    return Unwrapped(match[2], match[1].decode()) if match else Unwrapped(datagram)


@hookimpl
def bridge_adapters():
    return [
        AdapterSpec("arena", "A", Arena, memory=Seats, status=200, identity="name", unwrap=unwrap)
    ]
"""


@pytest.fixture
def arena(town: Town) -> Town:
    """A town whose bridge knows the adapter `arena`."""
    plugins = town.folder / "plugins"
    plugins.mkdir(mode=0o700)
    (plugins / "arena.py").write_text(ADAPTER)
    (plugins / "arena.py").chmod(0o600)
    return town


def source(way: str = "", **more: str) -> str:
    said = {"adapter": '"arena"', "trust": '"name"', **more}
    lines = "\n".join(f"{name} = {value}" for name, value in said.items())
    return f'\n[[sources]]\nname = "arena"\n{lines}\n{way}\n'


async def view(road: Road) -> Any:
    _, status = await road.call("GET", "/v1/operator/status")
    return status["sources"][0]


async def counted(road: Road, **wanted: int) -> None:
    """Wait until the source has counted so much."""

    async def there() -> bool:
        counts = (await view(road))["counts"]
        return all(counts[name] == number for name, number in wanted.items())

    await until(there)


# -- posted ---------------------------------------------------------------------------------


async def posted(
    road: Road,
    body: bytes,
    bearer: str | None = "game-token-1",
    query: str = "",
    name: str = "arena",
) -> tuple[int, Any]:
    headers = {} if bearer is None else {"Authorization": f"Bearer {bearer}"}
    url = f"{road.url}/v1/messages/{name}{query}"
    async with road._session.post(url, data=body, headers=headers) as answer:
        return answer.status, await answer.json(content_type=None)


async def test_posted_messages_pay(arena: Town) -> None:
    arena.configure(source())
    async with road_of(arena) as road:
        await road.link("name:Al", "usr_1")
        status, answer = await posted(road, b"JOIN 1 name:Al\nAWARD 1 first_blood\nAWARD 2 x")
        again = await posted(road, b"AWARD 1 first_blood\nAWARD 1 nothing_there")
        await arena.paid(1)

    assert (status, answer) == (200, {"events": 1, "entries": 1, "duplicates": 0, "rejected": 0})
    assert again == (200, {"events": 2, "entries": 1, "duplicates": 1, "rejected": 0})


async def test_a_message_that_the_adapter_fails_on_is_kept_aside(arena: Town) -> None:
    arena.configure(source())
    async with road_of(arena) as road:
        answer = await posted(road, b"CRASH")
        counts = (await view(road))["counts"]

    assert answer == (200, {"events": 0, "entries": 0, "duplicates": 0, "rejected": 1})
    assert counts["aside"] == 1
    assert "ZeroDivisionError" in counts["last_error"]


@pytest.mark.parametrize(
    ("bearer", "query", "status"),
    [
        ("game-token-1", "", 200),
        ("operator-token-1", "", 200),
        ("s0urce", "", 200),
        (None, "?token=s0urce", 200),
        (None, "?token=game-token-1", 200),
        ("b0und", "", 200),
        (None, "", 401),
        ("wrong", "", 401),
        (None, "?token=wrong", 401),
    ],
)
async def test_a_source_has_a_secret_of_its_own(
    arena: Town, bearer: str | None, query: str, status: int
) -> None:
    (arena.folder / "secret").write_text("s0urce")
    (arena.folder / "bound").write_text("b0und")
    arena.configure(
        source('token_file = "secret"')
        + '\n[[tokens]]\nrole = "game"\nfile = "bound"\nsources = ["arena"]\n'
    )
    async with road_of(arena) as road:
        answer = await posted(road, b"JOIN 1 name:Al", bearer, query)

    assert answer[0] == status


@pytest.mark.parametrize("secret", ["s0urce", "b0und"])
async def test_a_sources_secret_opens_nothing_else(arena: Town, secret: str) -> None:
    (arena.folder / "secret").write_text("s0urce")
    (arena.folder / "bound").write_text("b0und")
    other = '\n[[sources]]\nname = "other"\nadapter = "json"\n'
    bound = '\n[[tokens]]\nrole = "game"\nfile = "bound"\nsources = ["arena"]\n'
    arena.configure(source('token_file = "secret"') + other + bound)
    async with road_of(arena) as road:
        achieved = await road.call("POST", "/v1/achievements", {}, secret)
        messages = await posted(road, b"{}", secret, name="other")
        player = await road.call("GET", "/v1/players/name:Al", bearer=secret)

    assert (achieved[0], messages[0], player[0]) == (401, 401, 401)


async def test_an_unknown_source_is_named_to_those_who_may_post(arena: Town) -> None:
    arena.configure(source())
    async with road_of(arena) as road:
        known = await posted(road, b"", name="nowhere")
        stranger = await posted(road, b"", None, name="nowhere")

    assert known[0] == 404
    assert known[1]["type"].endswith("source-unknown")
    assert stranger[0] == 401


# -- datagrams ------------------------------------------------------------------------------


def send(road: Road, *datagrams: bytes) -> None:
    sources = road.daemon.report.sources
    assert sources is not None
    (opened,) = sources._open.values()
    assert opened.door is not None
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        for datagram in datagrams:
            sock.sendto(datagram, opened.door.address)


async def test_datagrams_of_known_senders_pay(arena: Town) -> None:
    arena.configure(source('udp = "127.0.0.1:0"\nallowed_senders = ["127.0.0.0/8"]'))
    async with road_of(arena) as road:
        await road.link("name:Al", "usr_1")
        send(road, b"JOIN 1 name:Al", b"AWARD 1 first_blood", b"#any#AWARD 1 quest_win")
        paid = await arena.paid(2)

    assert sorted(payout.event_code for payout in paid) == ["first_blood", "quest_win"]


async def test_datagrams_of_strangers_are_dropped_and_counted(arena: Town) -> None:
    arena.configure(source('udp = "127.0.0.1:0"\nallowed_senders = ["10.0.0.7"]'))
    async with road_of(arena) as road:
        send(road, b"JOIN 1 name:Al", b"AWARD 1 first_blood")
        await until(lambda: rejected(road, "foreign-sender", 2))

        assert (await view(road))["counts"]["messages"] == 0


async def rejected(road: Road, reason: str, count: int) -> bool:
    found: dict[str, int] = (await view(road))["udp"]["rejected"]
    return found.get(reason) == count


async def test_a_datagram_must_show_the_secret_where_there_is_one(arena: Town) -> None:
    (arena.folder / "secret").write_text("hunter2")
    arena.configure(source('udp = "127.0.0.1:0"\ntoken_file = "secret"'))
    async with road_of(arena) as road:
        send(road, b"JOIN 1 name:Eve", b"#wrong#JOIN 1 name:Eve", b"#hunter2#JOIN 1 name:Al")
        await counted(road, messages=1)
        await until(lambda: rejected(road, "not-authenticated", 2))
        send(road, b"#hunter2#AWARD 1 first_blood")
        await counted(road, entries=1)
        _, player = await road.call("GET", "/v1/players/name:Al")

    assert player["held"] == 1


async def test_json_by_udp_carries_its_token(arena: Town) -> None:
    (arena.folder / "secret").write_text("hunter2")
    way = 'udp = "127.0.0.1:0"\ntoken_file = "secret"'
    arena.configure(source(way, adapter='"json"'))
    said = {"player": "name:Al", "achievement": "first_blood", "id": "1"}
    async with road_of(arena) as road:
        send(
            road,
            json.dumps(said).encode(),
            json.dumps({**said, "token": "hunter2"}).encode(),
        )
        await counted(road, entries=1)
        _, player = await road.call("GET", "/v1/players/name:Al")

    assert player["held"] == 1
    assert b"hunter2" not in (arena.folder / "outbox.db").read_bytes()


# -- files ----------------------------------------------------------------------------------


async def followed(road: Road) -> None:
    """Wait until the first place is on disk: what is written after that counts."""
    sources = road.daemon.report.sources
    assert sources is not None
    source = next(iter(sources._open.values()))

    async def begun() -> bool:
        return source.road.place is not None

    await until(begun)


async def test_lines_of_a_log_pay_and_what_was_there_does_not(arena: Town) -> None:
    log = arena.folder / "game.log"
    log.write_text("JOIN 1 name:Al\nAWARD 1 EARN5\n")
    arena.configure(source(f'file = "{log}"'))
    async with road_of(arena) as road:
        await road.link("name:Al", "usr_1")
        await followed(road)
        with log.open("a") as file:
            file.write("JOIN 1 name:Al\nAWARD 1 first_blood\n")
        await arena.paid(1)
    with log.open("a") as file:
        file.write("AWARD 1 quest_win\n")
    async with road_of(arena) as road:
        paid = await arena.paid(2)
        told = (await view(road))["following"]

    assert [payout.event_code for payout in paid] == ["first_blood", "quest_win"]
    assert (told["file"], told["behind"], told["lines"]) == (str(log), 0, 1)


async def test_from_the_beginning_everything_pays(arena: Town) -> None:
    log = arena.folder / "game.log"
    log.write_text("JOIN 1 name:Al\nAWARD 1 EARN5\n")
    arena.configure(source(f'file = "{log}"\nstart = "beginning"'))
    async with road_of(arena) as road:
        await road.link("name:Al", "usr_1")
        await arena.paid(1)


async def test_state_files_pay_what_is_new_in_them(arena: Town) -> None:
    world = arena.folder / "world"
    world.mkdir()
    (world / "Al.json").write_text("EARN5")
    arena.configure(source(f'state_files = "{world}/*.json"'))
    async with road_of(arena) as road:
        await road.link("name:Bo", "usr_2")

        async def baseline() -> bool:
            return bool((await view(road))["state_files"]["files"])

        await until(baseline)
        (world / "Bo.json").write_text("first_blood quest_win")
        paid = await arena.paid(2)

    assert {payout.user_ref for payout in paid} == {"usr_2"}


async def test_a_log_that_can_not_be_read_is_a_reason(arena: Town) -> None:
    arena.configure(source(f'file = "{arena.folder}/none/game.log"'))
    async with road_of(arena) as road:

        async def told() -> bool:
            _, status = await road.call("GET", "/v1/operator/status")
            return any(reason["code"] == "source-stuck" for reason in status["reasons"])

        await until(told)


# -- read again -----------------------------------------------------------------------------


async def again(road: Road, what: str, body: bytes = b"", bearer: str = "operator-token-1") -> Any:
    headers = {"Authorization": f"Bearer {bearer}"}
    url = f"{road.url}/v1/operator/sources/arena/{what}"
    async with road._session.post(url, data=body, headers=headers) as answer:
        return answer.status, await answer.json(content_type=None)


async def test_a_log_that_was_followed_pays_nothing_when_it_is_read_again(arena: Town) -> None:
    log = arena.folder / "game.log"
    log.touch()
    arena.configure(source(f'file = "{log}"'))
    async with road_of(arena) as road:
        await followed(road)
        with log.open("a") as file:
            file.write("JOIN 1 name:Al\nAWARD 1 first_blood\n")
        await counted(road, entries=1)
        whole = log.read_bytes()
        _, known = await again(road, "replay", whole)
        _, more = await again(road, "replay", whole + b"AWARD 1 quest_win\nAWARD 1 half")

    assert (known["messages"], known["entries"], known["duplicates"]) == (2, 0, 1)
    assert (more["messages"], more["entries"], more["duplicates"]) == (3, 1, 1)


async def test_only_an_operator_reads_again(arena: Town) -> None:
    arena.configure(source(f'file = "{arena.folder}/game.log"'))
    async with road_of(arena) as road:
        status, _ = await again(road, "replay", b"", "game-token-1")

    assert status == 403


async def test_what_was_kept_aside_is_taken_when_the_adapter_is_mended(arena: Town) -> None:
    arena.configure(source())
    async with road_of(arena) as road:
        await posted(road, b"JOIN 1 name:Al\nAWARD 1 first_blood\nCRASH")
    plugin = arena.folder / "plugins" / "arena.py"
    plugin.write_text(plugin.read_text().replace("raise ZeroDivisionError(line)", "continue"))
    async with road_of(arena) as road:
        _, first = await again(road, "aside")
        _, second = await again(road, "aside")

    assert (first["messages"], first["entries"], first["aside"]) == (1, 1, 0)
    assert second["messages"] == 0


async def test_what_tells_nothing_without_what_came_before_stays_aside(arena: Town) -> None:
    arena.configure(source())
    async with road_of(arena) as road:
        await posted(road, b"AWARD 1 first_blood\nCRASH")
    plugin = arena.folder / "plugins" / "arena.py"
    plugin.write_text(plugin.read_text().replace("raise ZeroDivisionError(line)", "continue"))
    async with road_of(arena) as road:
        _, first = await again(road, "aside")
        _, second = await again(road, "aside")

    assert (first["messages"], first["events"]) == (1, 0)
    assert second["messages"] == 1


async def test_of_a_log_nothing_is_taken_from_aside(arena: Town) -> None:
    arena.configure(source(f'file = "{arena.folder}/game.log"'))
    async with road_of(arena) as road:
        status, answer = await again(road, "aside")

    assert status >= 400
    assert "campaign-bridge replay arena FILE" in answer["hint"]


async def test_a_state_file_is_read_again_as_a_new_one(arena: Town) -> None:
    world = arena.folder / "world"
    world.mkdir()
    (world / "Al.json").write_text("EARN5")
    arena.configure(source(f'state_files = "{world}/*.json"'))
    async with road_of(arena) as road:
        _, sums = await again(road, "state-files/Al.json", b"EARN5")

    assert sums["entries"] == 1


# -- what is refused at the start -----------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "error", "words"),
    [
        (source(adapter='"arean"'), AdapterNotFound, "did you mean 'arena'"),
        (source(trust='"platform"'), SettingsError, 'trust = "name"'),
        (source("options = { x = 1 }"), SettingsError, "x"),
    ],
)
async def test_a_source_that_can_not_be_opened_stops_the_start(
    arena: Town, text: str, error: type[Exception], words: str
) -> None:
    arena.configure(text)
    with pytest.raises(error) as refused:
        async with road_of(arena):
            pass

    assert words in f"{refused.value} {getattr(refused.value, 'hint', '')}"


async def test_a_used_source_keeps_its_name_and_scope(arena: Town) -> None:
    arena.configure(source())
    async with road_of(arena) as road:
        await posted(road, b"JOIN 1 name:Al\nAWARD 1 first_blood")
    arena.configure(source().replace('name = "arena"', 'name = "renamed"'))
    with pytest.raises(SettingsError, match="another name"):
        await opened(road_of(arena))
    arena.configure(source('id_scope = "eu"'))
    with pytest.raises(SettingsError, match="id_scope"):
        await opened(road_of(arena))
    arena.configure()
    await opened(road_of(arena))
    arena.configure(source())
    await opened(road_of(arena))


async def test_one_that_remembers_nothing_is_used_by_its_entries_all_the_same(town: Town) -> None:
    posts = '\n[[sources]]\nname = "posts"\nadapter = "json"\ntrust = "name"\n'
    town.configure(posts)
    async with road_of(town) as road:
        said = {"player": "name:Al", "achievement": "first_blood", "id": "1"}
        await road.call("POST", "/v1/messages/posts", said)
    town.configure(posts + 'id_scope = "eu"\n')
    with pytest.raises(SettingsError, match="id_scope"):
        await opened(road_of(town))


async def opened(road: AbstractAsyncContextManager[Road]) -> None:
    async with road:
        pass


async def test_a_memory_that_no_longer_fits_is_named(arena: Town) -> None:
    arena.configure(source())
    async with road_of(arena) as road:
        await posted(road, b"JOIN 1 name:Al")
    changed = ADAPTER.replace("dict[str, str] = {}", "int = 0")
    (arena.folder / "plugins" / "arena.py").write_text(changed)
    with pytest.raises(AdapterLoadError, match="no longer fits"):
        await opened(road_of(arena))
