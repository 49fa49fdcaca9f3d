"""Whatever an adapter does, its caller gets events or one of our errors."""

import itertools
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from pydantic import BaseModel

from bridge import Adapter, AdapterSpec, GameEvent, MessageRejected, RawMessage, RememberingAdapter
from bridge.adapters.fence import lost, redact, remembered, stored, translate
from bridge.errors import AdapterLoadError, TranslationError

MESSAGE = RawMessage("arena", b"hello", datetime(2026, 1, 1, tzinfo=UTC))
EVENT = GameEvent("name:Alice", "hello")


class Doing(Adapter):
    """Does what the test says."""

    def __init__(self, deed: Callable[[], Any]) -> None:
        self._deed = deed

    def translate(self, message: RawMessage) -> Any:
        return self._deed()

    def redact(self, message: RawMessage) -> Any:
        return self._deed()


class Seats(BaseModel):
    names: list[str] = []


class SeatsAdapter(RememberingAdapter[Seats]):
    def translate_with(self, message: RawMessage, memory: Seats) -> list[GameEvent]:
        memory.names.append(message.body.decode())
        if message.body == b"boom":
            raise RuntimeError("boom")
        return [GameEvent(f"name:{name}", "seated") for name in memory.names]


SEATS = AdapterSpec("seats", "x", SeatsAdapter, memory=Seats)


def _raises(failure: BaseException) -> Callable[[], Any]:
    def deed() -> Any:
        raise failure

    return deed


def test_events_come_out_in_order() -> None:
    later = GameEvent("name:Bob", "hello", "7", datetime(2026, 1, 1, tzinfo=UTC), {"a": [1]})

    assert translate(Doing(lambda: iter([EVENT, later])), MESSAGE).events == (EVENT, later)


def test_a_rejection_passes_as_it_is() -> None:
    refused = MessageRejected("no")

    with pytest.raises(MessageRejected) as seen:
        translate(Doing(_raises(refused)), MESSAGE)
    assert seen.value is refused


async def _late() -> list[GameEvent]:
    return []


def _endless() -> object:
    return itertools.repeat(EVENT)


def _event(**wrong: Any) -> Callable[[], Any]:
    return lambda: [GameEvent(**{"player": "name:Alice", "name": "hello", **wrong})]


@pytest.mark.parametrize(
    ("deed", "said"),
    [
        (_raises(ValueError("bad\nline")), "ValueError: bad line"),
        (lambda: sys.exit(1), "SystemExit: 1"),
        (_raises(RecursionError()), "RecursionError"),
        (lambda: None, "returned NoneType, not a list"),
        (lambda: EVENT, "returned GameEvent, not a list"),
        (lambda: ["hello"], "returned str, not a GameEvent"),
        (_late, "must be a plain function"),
        (_endless, "more than 10,000"),
        (lambda: (1 / 0 for _ in "x"), "ZeroDivisionError"),
        (_event(player=""), "bad player: ''"),
        (_event(player=7656), "bad player: 7656"),
        (_event(name="\udcff"), r"bad name: '\\udcff'"),
        (_event(id=17), "bad id: 17"),
        (_event(occurred_at=datetime(2026, 1, 1)), "no timezone"),  # noqa: DTZ001  # what is tested
        (_event(occurred_at="2026"), "no timezone"),
        (_event(details={"a": {"b": float("nan")}}), "/details/a/b must be a finite number"),
        (_event(details={"when": datetime(2026, 1, 1, tzinfo=UTC)}), "/details/when must be plain"),
        (_event(details={"a": "x" * 20_000}), "at most 16,384"),
        (_event(details={"a/b": ["\ud800"]}), "/details/a~1b/0 holds half a character"),
    ],
)
def test_a_misbehaving_adapter_is_fenced(deed: Callable[[], Any], said: str) -> None:
    with pytest.raises(TranslationError, match=said):
        translate(Doing(deed), MESSAGE)


def _divide() -> Any:
    return 1 // 0


def _look_up() -> Any:
    return {}[b"hello".decode()]


def test_an_exception_names_the_file_and_the_line_of_the_adapters_code() -> None:
    line = _divide.__code__.co_firstlineno + 1

    with pytest.raises(TranslationError, match=rf"by zero \(test_fence\.py:{line}\)$"):
        translate(Doing(_divide), MESSAGE)


def test_what_the_message_says_is_never_in_the_error() -> None:
    with pytest.raises(TranslationError, match=r"failed: KeyError: '…' \(test_fence\.py:\d+\)"):
        translate(Doing(_look_up), MESSAGE)
    with pytest.raises(TranslationError, match="no such word: 'other'"):
        translate(Doing(_raises(ValueError("no such word: 'other'"))), MESSAGE)


def test_details_that_contain_themselves_are_fenced() -> None:
    loop: dict[str, Any] = {}
    loop["self"] = [loop, loop]

    with pytest.raises(TranslationError, match="levels deep"):
        translate(Doing(_event(details=loop)), MESSAGE)


def test_an_adapter_changes_a_copy_of_its_memory() -> None:
    memory = Seats(names=["Alice"])
    done = translate(SeatsAdapter(), RawMessage("x", b"Bob", MESSAGE.received_at), memory)

    assert [event.player for event in done.events] == ["name:Alice", "name:Bob"]
    assert memory == Seats(names=["Alice"])
    assert done.memory == Seats(names=["Alice", "Bob"])


def test_memory_of_a_message_that_failed_is_lost() -> None:
    memory = Seats()

    with pytest.raises(TranslationError, match="RuntimeError: boom"):
        translate(SeatsAdapter(), RawMessage("x", b"boom", MESSAGE.received_at), memory)
    assert memory == Seats()


def test_an_adapter_that_remembers_is_never_run_without_its_memory() -> None:
    with pytest.raises(TranslationError, match="no memory"):
        translate(SeatsAdapter(), MESSAGE)


def test_memory_survives_being_stored() -> None:
    memory = remembered(SEATS, stored(Seats(names=["Zoë"])))

    assert memory == Seats(names=["Zoë"])
    assert remembered(SEATS, None) == Seats()
    assert remembered(AdapterSpec("x", "x", Adapter), "{}") is None


class Loose(BaseModel):
    by_slot: dict[Any, str] = {}
    _told: int = 0


def test_memory_that_is_another_one_after_it_was_read_again_is_noticed() -> None:
    private = Loose()
    private._told = 3

    assert lost(Loose(by_slot={"3": "Alice"})) is None
    assert lost(Loose(by_slot={3: "Alice"})) == (
        "'by_slot' is read as {'3': 'Alice'}, and was {3: 'Alice'}"
    )
    assert lost(private) == "what is no field of it is gone"


@pytest.mark.parametrize("names", [7, ["\udcff"], [object()]])
def test_memory_that_cannot_be_stored_is_fenced(names: Any) -> None:
    memory = Seats()
    memory.names = names

    with pytest.raises(TranslationError, match="can't be stored"):
        stored(memory)


def test_memory_that_no_longer_fits_says_so() -> None:
    with pytest.raises(AdapterLoadError, match="'seats' remembered no longer fits"):
        remembered(SEATS, '{"names": 3}')


@pytest.mark.parametrize("deed", [_raises(ValueError("x")), lambda: None, lambda: "text"])
def test_where_redaction_fails_nothing_is_kept(deed: Callable[[], Any]) -> None:
    assert redact(Doing(deed), MESSAGE) == b""


def test_what_an_adapter_leaves_is_kept() -> None:
    assert redact(Adapter(), MESSAGE) == b"hello"
