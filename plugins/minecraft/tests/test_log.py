"""Who is online by the log, what of the log pays, and under which name."""

from datetime import UTC, datetime

import pytest
from bridge_adapter_minecraft.adapter import MinecraftAdapter
from bridge_adapter_minecraft.memory import MinecraftMemory
from bridge_adapter_minecraft.options import MinecraftOptions
from pydantic import ValidationError

from bridge import GameEvent, MessageRejected, RawMessage

NOW = datetime(2026, 11, 28, 18, 0, tzinfo=UTC)
ALICE = "11111111-2222-4333-8444-555555555555"
NAMED_ALICE = "11111111-2222-3333-8444-555555555555"
BEDROCK = "00000000-0000-0000-0009-01f64f65c7c3"


def server(text: str) -> str:
    return f"[18:00:00] [Server thread/INFO]: {text}"


def login(name: str = "Alice", uuid: str = ALICE) -> list[str]:
    return [
        f"[18:00:00] [User Authenticator #1/INFO]: UUID of player {name} is {uuid}",
        server(f"{name}[/203.0.113.9:1] logged in with entity id 7 at (1.0, 2.0, 3.0)"),
    ]


STONE = server("Alice has made the advancement [Stone Age]")


def read(*lines: str, memory: MinecraftMemory | None = None, **options: object) -> list[GameEvent]:
    adapter = MinecraftAdapter(MinecraftOptions.model_validate(options))
    memory = memory if memory is not None else MinecraftMemory()
    return [
        event
        for line in lines
        for event in adapter.translate_with(RawMessage("mc", line.encode(), NOW), memory)
    ]


def test_a_player_who_is_online_earns_under_the_uuid() -> None:
    (event,) = read(*login(), STONE)

    assert (event.player, event.name) == (f"minecraft:{ALICE}", "story/mine_stone")
    assert event.details == {"title": "Stone Age", "frame": "advancement", "via": "log"}
    assert (event.id, event.occurred_at) == (None, None)


@pytest.mark.parametrize(
    "gone",
    [
        server("Alice left the game"),
        server("Alice lost connection: Timed out"),
        server("Starting minecraft server version 1.21.4"),
        login()[1],
    ],
    ids=["left", "lost", "restarted", "came in again without a UUID"],
)
def test_who_is_gone_is_nobody(gone: str) -> None:
    with pytest.raises(MessageRejected, match="not online"):
        read(*login(), gone, STONE)


def test_who_was_authenticated_only_is_not_online() -> None:
    with pytest.raises(MessageRejected, match="not online"):
        read(login()[0], STONE)


def test_the_uuid_of_a_second_login_holds_while_the_first_one_is_put_out() -> None:
    other = "99999999-2222-4333-8444-555555555555"
    again = login(uuid=other)
    (event,) = read(*login(), again[0], server("Alice lost connection: x"), again[1], STONE)

    assert event.player == f"minecraft:{other}"


def test_names_in_other_letters_are_others() -> None:
    with pytest.raises(MessageRejected, match="not online"):
        read(*login("alice"), STONE)


def test_a_uuid_that_is_made_from_the_name_is_refused() -> None:
    with pytest.raises(MessageRejected, match="offline_mode = true"):
        read(*login(uuid=NAMED_ALICE), STONE)


def test_a_uuid_that_is_made_from_the_name_may_be_allowed() -> None:
    (event,) = read(*login(uuid=NAMED_ALICE), STONE, offline_mode=True)

    assert event.player == f"minecraft:{NAMED_ALICE}"


@pytest.mark.parametrize("offline_mode", [False, True])
def test_a_uuid_of_another_kind_is_nobody(offline_mode: bool) -> None:
    with pytest.raises(MessageRejected, match="no Mojang account"):
        read(*login(uuid=BEDROCK), STONE, offline_mode=offline_mode)


def test_where_files_are_believed_a_line_pays_nothing() -> None:
    assert read(*login(), STONE, believe="files") == []


def test_where_files_are_believed_a_code_still_links() -> None:
    (event,) = read(*login(), server("<Alice> !link ABCD-EFGH"), believe="files")

    assert (event.player, event.name) == (f"minecraft:{ALICE}", "link_code")
    assert event.details == {"code": "ABCD-EFGH"}


def test_codes_can_be_left_out() -> None:
    assert read(*login(), server("<Alice> !link ABCD-EFGH"), link_codes=False) == []


def test_a_code_of_nobody_is_refused() -> None:
    with pytest.raises(MessageRejected, match="not online"):
        read(server("<Alice> !link ABCD-EFGH"))


@pytest.mark.parametrize(
    ("verb", "frame"),
    [
        ("made the advancement", "advancement"),
        ("completed the challenge", "challenge"),
        ("reached the goal", "goal"),
    ],
)
def test_the_verb_tells_the_frame(verb: str, frame: str) -> None:
    (event,) = read(*login(), server(f"Alice has {verb} [Stone Age]"))

    assert event.details["frame"] == frame


UNKNOWN = server("Alice has made the advancement [Slayer  of [Old]\u00a0Dragons]")


def test_an_unknown_title_waits_for_the_file_where_both_are_believed() -> None:
    memory = MinecraftMemory()

    assert read(*login(), UNKNOWN, memory=memory) == []
    assert MinecraftAdapter(MinecraftOptions()).figures(memory) == {
        "players_online": 1,
        "titles_unknown": 1,
    }


def test_an_unknown_title_is_its_own_name_where_the_log_alone_is_believed() -> None:
    (event,) = read(*login(), UNKNOWN, believe="log")

    assert event.name == "title:Slayer of [Old] Dragons"


@pytest.mark.parametrize("id_", ["mypack:dragon/old", "minecraft:dragon/old", "dragon/old"])
def test_a_title_of_ones_own_is_given_its_id(id_: str) -> None:
    titles = {"Slayer of [Old] Dragons": id_}
    (event,) = read(*login(), UNKNOWN, titles=titles)

    assert event.name == id_.removeprefix("minecraft:")


def test_a_title_that_two_advancements_share_has_no_id() -> None:
    line = server("Alice has completed the challenge [Serious Dedication]")
    (event,) = read(*login(), line, believe="log")

    assert event.name == "title:Serious Dedication"


@pytest.mark.parametrize("title", ["x" * 191, "a\x07b", "  "])
def test_a_title_that_can_be_no_name_is_refused(title: str) -> None:
    with pytest.raises(MessageRejected, match="title"):
        read(*login(), server(f"Alice has made the advancement [{title}]"), believe="log")


def test_titles_in_an_old_windows_encoding_stay_apart() -> None:
    adapter, memory = MinecraftAdapter(MinecraftOptions(believe="log")), MinecraftMemory()
    lines = [*(line.encode() for line in login())]
    made = server("Alice has made the advancement [%]").encode()
    lines += [made.replace(b"%", b"Caf\xe9"), made.replace(b"%", b"Caf\xe8")]
    names = [
        event.name
        for line in lines
        for event in adapter.translate_with(RawMessage("mc", line, NOW), memory)
    ]

    assert names == ["title:Café", "title:Cafè"]


@pytest.mark.parametrize(
    "options",
    [
        {"believe": "everything"},
        {"titles": {"x": "No Id"}},
        {"titles": {"x": "mypack:recipes/stick"}},
        {"timezone": "Nowhere/Land"},
        {"timezone": "../../etc/passwd"},
        {"timezone": "America"},
        {"day": "2026-11-28"},
        {"day": "1999-11-28", "timezone": "UTC"},
        {"titel": {}},
    ],
)
def test_options_that_mean_nothing_are_refused(options: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        MinecraftOptions.model_validate(options)
