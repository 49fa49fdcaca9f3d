"""What `translate` and the samples print."""

import re
from datetime import UTC, datetime
from typing import Any

from pydantic import BaseModel

from bridge import Adapter, AdapterSpec, GameEvent, RawMessage, RememberingAdapter
from bridge.adapters.builtin import JsonAdapter
from bridge.adapters.preview import Record, translate_lines, translate_whole
from bridge.players.canonical import canonical_player

NOW = datetime(2026, 1, 1, tzinfo=UTC)
ROUND: Any = {"source": "s", "received_at": NOW, "canonical": canonical_player}
JSON = AdapterSpec("json", "x", JsonAdapter)


class Seats(BaseModel):
    by_slot: dict[int, str] = {}


class SeatsAdapter(RememberingAdapter[Seats]):
    def translate_with(self, message: RawMessage, memory: Seats) -> list[GameEvent]:
        word, slot, *rest = message.body.decode().split(" ")
        if word == "JOIN":
            memory.by_slot[int(slot)] = rest[0]
            return []
        return [GameEvent(memory.by_slot[int(slot)], "award")]


SEATS = AdapterSpec("seats", "x", SeatsAdapter, memory=Seats)


def lines(spec: AdapterSpec, adapter: Adapter, data: bytes) -> list[Record]:
    return [*translate_lines(spec, adapter, data, **ROUND, seconds=0.05)]


def test_each_line_is_a_message_and_a_bad_one_spoils_no_other() -> None:
    data = (
        b'{"player": "name:A", "achievement": "x", "occurred_at": "2026-01-01T00:00:00Z"}\r\n'
        b'\n{"player": 7}\nhello\n{"player": "name:B", "achievement": "y", "details": {"a": 1}}'
    )
    first, second, third, last = lines(JSON, JsonAdapter(), data)

    assert first == {
        "line": 1,
        "player": "name:A",
        "name": "x",
        "occurred_at": "2026-01-01T00:00:00Z",
    }
    assert (second["line"], second["code"]) == (3, "invalid-message")
    assert [error["pointer"] for error in second["errors"]] == ["/player", "/achievement"]  # type: ignore[index,union-attr,call-overload]  # plain JSON
    assert (third["line"], third["code"]) == (4, "not-json")
    assert last == {"line": 5, "player": "name:B", "name": "y", "details": {"a": 1}}


def test_what_an_adapter_remembers_goes_from_line_to_line() -> None:
    data = b"JOIN 3 name:Alice\nAWARD 3\nAWARD 4\nAWARD 3\n"
    first, refused, last = lines(SEATS, SeatsAdapter(), data)

    assert first == {"line": 2, "player": "name:Alice", "name": "award"}
    assert (refused["line"], refused["code"]) == (3, "translation")
    assert last["line"] == 4


def test_a_whole_file_can_be_one_message() -> None:
    data = b'{\n "player": "name:A",\n "achievement": "x"\n}\n'
    whole = list(translate_whole(JSON, JsonAdapter(), data, **ROUND))
    bad = list(translate_whole(JSON, JsonAdapter(), b"{", **ROUND))

    assert whole == [{"player": "name:A", "name": "x"}]
    assert bad[0]["code"] == "not-json"


class Words(Adapter):
    """Each word is a player; a line of `a` never ends."""

    def translate(self, message: RawMessage) -> list[GameEvent]:
        re.fullmatch(b"(a+)+b", message.body)
        return [GameEvent(word, "said") for word in message.body.decode().split()]


WORDS = AdapterSpec("words", "x", Words)


def test_a_player_whom_nobody_could_pay_is_an_error_and_spoils_no_other() -> None:
    bad, good = lines(WORDS, Words(), b"Alice name:Bob")
    (whole,) = translate_whole(WORDS, Words(), b"steam:12", **ROUND)

    assert (bad["line"], bad["code"]) == (1, "invalid-message")
    assert "write a player as namespace:id" in str(bad["error"])
    assert good == {"line": 1, "player": "name:Bob", "name": "said"}
    assert "is no SteamID of a player" in str(whole["error"])


def test_a_line_that_takes_for_ever_is_ended_and_named() -> None:
    slow, after = lines(WORDS, Words(), b"a" * 60 + b"\nname:Bob")

    assert (slow["line"], slow["code"]) == (1, "translation")
    assert "took longer than" in str(slow["error"])
    assert after["line"] == 2


class Loose(BaseModel):
    by_slot: dict[Any, str] = {}


class LooseAdapter(RememberingAdapter[Loose]):
    def translate_with(self, message: RawMessage, memory: Loose) -> list[GameEvent]:
        memory.by_slot[3] = message.body.decode()
        return []


def test_a_memory_that_is_another_one_after_a_restart_is_told_once() -> None:
    (told,) = lines(AdapterSpec("x", "x", LooseAdapter, memory=Loose), LooseAdapter(), b"a\nb\n")

    assert (told["line"], told["code"]) == (1, "memory-changed")
    assert "'by_slot' is read as {'3': 'a'}, and was {3: 'a'}" in str(told["error"])
