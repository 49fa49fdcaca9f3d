"""What `translate` and the samples print."""

from datetime import UTC, datetime

from pydantic import BaseModel

from bridge import Adapter, AdapterSpec, GameEvent, RawMessage, RememberingAdapter
from bridge.adapters.builtin import JsonAdapter
from bridge.adapters.preview import Record, translate_lines, translate_whole

NOW = datetime(2026, 1, 1, tzinfo=UTC)
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
    return list(translate_lines(spec, adapter, data, source="s", received_at=NOW))


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
    whole = list(translate_whole(JSON, JsonAdapter(), data, source="s", received_at=NOW))
    bad = list(translate_whole(JSON, JsonAdapter(), b"{", source="s", received_at=NOW))

    assert whole == [{"player": "name:A", "name": "x"}]
    assert bad[0]["code"] == "not-json"
