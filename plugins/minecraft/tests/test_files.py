"""What an advancement file tells, and that it agrees with the log."""

import json
from datetime import UTC, datetime

import pytest
from bridge_adapter_minecraft.adapter import MinecraftAdapter
from bridge_adapter_minecraft.memory import MinecraftMemory
from bridge_adapter_minecraft.options import MinecraftOptions
from bridge_adapter_minecraft.titles import VANILLA, display

from bridge import GameEvent, MessageRejected, RawMessage

NOW = datetime(2026, 11, 28, 18, 0, tzinfo=UTC)
ALICE = "11111111-2222-4333-8444-555555555555"
NAMED_ALICE = "11111111-2222-3333-8444-555555555555"
AT = "2026-11-28 14:09:44 +0800"


def done(**criteria: str | None) -> dict[str, object]:
    return {"criteria": criteria or {"x": AT}, "done": True}


def read(
    content: object,
    memory: MinecraftMemory | None = None,
    file: str = f"{ALICE}.json",
    **options: object,
) -> list[GameEvent]:
    adapter = MinecraftAdapter(MinecraftOptions.model_validate(options))
    message = RawMessage("mc", json.dumps(content).encode(), NOW, file=file)
    events = adapter.translate_with(message, memory if memory is not None else MinecraftMemory())
    return list(events)


def test_what_is_done_is_told_with_its_time_and_zone() -> None:
    (event,) = read({"minecraft:story/mine_stone": done(), "DataVersion": 2230})

    assert (event.player, event.name) == (f"minecraft:{ALICE}", "story/mine_stone")
    assert event.occurred_at is not None
    assert event.occurred_at.isoformat() == "2026-11-28T14:09:44+08:00"
    assert event.details == {"title": "Stone Age", "frame": "advancement", "via": "file"}
    assert event.id is None


def test_the_newest_criterion_finished_it() -> None:
    (event,) = read({"minecraft:story/obtain_armor": done(a=AT, b="2026-11-28 14:33:51 +0800")})

    assert event.occurred_at == datetime(2026, 11, 28, 6, 33, 51, tzinfo=UTC)


def test_events_come_in_the_order_in_which_they_were_earned() -> None:
    events = read(
        {
            "minecraft:story/mine_diamond": done(x="2026-11-28 14:22:24 +0800"),
            "minecraft:story/mine_stone": done(x="2026-11-28 14:09:44 +0800"),
            "mypack:no_time": done(x="yesterday"),
        }
    )

    assert [event.name for event in events] == [
        "story/mine_stone",
        "story/mine_diamond",
        "mypack:no_time",
    ]


@pytest.mark.parametrize(
    "time",
    [
        "yesterday", "2026-13-45 14:09:44 +0800", "2569-11-28 14:09:44 +0700",
        "0001-01-01 00:00:00 +2359", "2026-11-28 14:09:44", None,
    ],
)  # fmt: skip
def test_a_time_that_cannot_be_is_left_out(time: str | None) -> None:
    (event,) = read({"minecraft:story/mine_stone": done(x=time)})

    assert event.occurred_at is None or event.occurred_at.year == 1


@pytest.mark.parametrize(
    "id_",
    [
        "minecraft:recipes/tools/stick", "create:recipes/cog", "minecraft:story/root",
        "mypack:root", "DataVersion", "Not:An/Id", "minecraft:" + "x" * 131,
    ],
)  # fmt: skip
def test_what_is_never_announced_earns_nothing(id_: str) -> None:
    assert read({id_: done()}) == []


def test_advancements_of_other_packs_keep_their_namespace() -> None:
    (event,) = read({"mypack:quests/dragon": done()})

    assert event.name == "mypack:quests/dragon"
    assert event.details == {"via": "file"}


def test_a_file_that_comes_again_tells_only_what_is_new() -> None:
    memory = MinecraftMemory()
    first = {"minecraft:story/mine_stone": done()}
    read(first, memory)

    assert read(first, memory) == []
    assert read({}, memory) == []
    (event,) = read(first | {"minecraft:story/lava_bucket": done()}, memory)
    assert event.name == "story/lava_bucket"


def test_what_was_taken_back_and_given_again_is_not_told_again() -> None:
    memory = MinecraftMemory()
    read({"minecraft:story/mine_stone": done()}, memory)
    read({"minecraft:story/mine_stone": {"criteria": {}, "done": False}}, memory)

    assert read({"minecraft:story/mine_stone": done()}, memory) == []


def test_where_the_log_alone_is_believed_a_file_pays_nothing_then_or_later() -> None:
    memory = MinecraftMemory()

    assert read({"minecraft:story/mine_stone": done()}, memory, believe="log") == []
    assert read({"minecraft:story/mine_stone": done()}, memory, believe="both") == []


@pytest.mark.parametrize(
    "file",
    [f"{ALICE}.json_old", f"{ALICE}.json.tmp", "Alice.json", f"x{ALICE}.json", f"{ALICE}.dat"],
)
def test_other_files_say_nothing(file: str) -> None:
    assert read({"minecraft:story/mine_stone": done()}, file=file) == []


def test_a_file_of_offline_mode_is_refused() -> None:
    with pytest.raises(MessageRejected, match="offline_mode = true"):
        read({"minecraft:story/mine_stone": done()}, file=f"{NAMED_ALICE}.json")


def test_a_file_of_offline_mode_may_be_allowed() -> None:
    content = {"minecraft:story/mine_stone": done()}
    (event,) = read(content, file=f"{NAMED_ALICE}.json", offline_mode=True)

    assert event.player == f"minecraft:{NAMED_ALICE}"


def test_a_receipt_keeps_only_what_is_done() -> None:
    content = {
        "minecraft:recipes/stick": done(),
        "minecraft:story/mine_stone": done(),
        "minecraft:story/lava_bucket": {"criteria": {}, "done": False},
    }
    message = RawMessage("mc", json.dumps(content).encode(), NOW, file=f"{ALICE}.json")
    kept = MinecraftAdapter(MinecraftOptions()).redact(message)

    assert json.loads(kept) == {"minecraft:story/mine_stone": done()}


def test_log_and_file_tell_every_advancement_of_vanilla_alike() -> None:
    adapter = MinecraftAdapter(MinecraftOptions(timezone="Etc/GMT-8", day="2026-11-28"))
    for title, name in VANILLA.items():
        (told,) = read({f"minecraft:{name}": done()})
        frame = str(display(name).get("frame", "advancement"))
        verb = {"challenge": "completed the challenge", "goal": "reached the goal"}.get(
            frame, "made the advancement"
        )
        line = f"[14:09:44] [Server thread/INFO]: Alice has {verb} [{title}]"
        message = RawMessage("mc", line.encode(), NOW)
        (said,) = adapter.translate_with(message, MinecraftMemory(online={"Alice": ALICE}))

        assert (said.player, said.name, said.occurred_at) == (
            told.player,
            told.name,
            told.occurred_at,
        )
        assert told.details.get("frame", frame) == said.details["frame"]


def test_every_title_is_one_advancement() -> None:
    assert len(VANILLA) >= len(set(VANILLA.values())) > 110
    assert "Serious Dedication" not in VANILLA
