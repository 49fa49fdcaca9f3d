"""The harness for plugin authors catches what it promises to catch."""

import itertools
import json
import re
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel, ConfigDict

from bridge import Adapter, AdapterSpec, GameEvent, RawMessage, RememberingAdapter
from bridge.errors import SettingsError
from bridge.testing import check_samples


class Options(BaseModel):
    model_config = ConfigDict(extra="forbid")

    name: str = "said"


class Echo(Adapter):
    def __init__(self, options: Options | None = None) -> None:
        self._name = (options or Options()).name

    def translate(self, message: RawMessage) -> list[GameEvent]:
        return [GameEvent(f"name:{message.body.decode().strip()}", self._name)]


class Impure(Adapter):
    def __init__(self, options: Any) -> None:
        self._count = itertools.count()

    def translate(self, message: RawMessage) -> list[GameEvent]:
        return [GameEvent("name:A", "x", str(next(self._count)))]


class Count(BaseModel):
    lines: int = 0


class Counting(RememberingAdapter[Count]):
    def translate_with(self, message: RawMessage, memory: Count) -> list[GameEvent]:
        memory.lines += 1
        return [GameEvent("name:A", "x", str(memory.lines))]


ECHO = AdapterSpec("echo", "x", Echo, options=Options)
ALICE = {"player": "name:Alice", "name": "said"}


def lay(folder: Path, name: str, sample: bytes, events: object) -> None:
    (folder / name).write_bytes(sample)
    path = (folder / name).with_suffix(".events.json")
    path.write_text(json.dumps(events), encoding="utf-8")


def test_samples_that_agree_pass(tmp_path: Path) -> None:
    lay(
        tmp_path,
        "lines.in",
        b"Alice\nBob\n",
        [{"line": 1, **ALICE}, {"line": 2, "player": "name:Bob", "name": "said"}],
    )
    lay(tmp_path, "whole.message", b"Alice\n", [ALICE])

    check_samples(ECHO, tmp_path)
    check_samples(Echo(), tmp_path)


def test_a_difference_is_shown(tmp_path: Path) -> None:
    lay(tmp_path, "lines.in", b"Alice\n", [{"line": 1, "player": "name:Bob", "name": "said"}])

    with pytest.raises(AssertionError) as wrong:
        check_samples(ECHO, tmp_path)
    assert '-    "player": "name:Bob",' in str(wrong.value)
    assert '+    "player": "name:Alice",' in str(wrong.value)
    assert "lines.events.json" in str(wrong.value)


def test_options_reach_the_adapter(tmp_path: Path) -> None:
    lay(tmp_path, "a.message", b"Alice", [{**ALICE, "name": "shouted"}])

    check_samples(ECHO, tmp_path, options={"name": "shouted"})
    with pytest.raises(SettingsError):
        check_samples(ECHO, tmp_path, options={"nam": "shouted"})


def test_write_writes_what_was_made(tmp_path: Path) -> None:
    (tmp_path / "lines.in").write_bytes(b"Zo\xc3\xab\n")
    check_samples(ECHO, tmp_path, write=True)
    check_samples(ECHO, tmp_path)

    assert '"name:Zoë"' in (tmp_path / "lines.events.json").read_text(encoding="utf-8")


def test_missing_pieces_are_failures(tmp_path: Path) -> None:
    with pytest.raises(AssertionError, match="holds no samples"):
        check_samples(ECHO, tmp_path)

    (tmp_path / "a.in").write_bytes(b"Alice\n")
    with pytest.raises(AssertionError, match=r"a\.events\.json is missing"):
        check_samples(ECHO, tmp_path)

    (tmp_path / "a.events.json").write_text("{")
    with pytest.raises(AssertionError, match="is not JSON"):
        check_samples(ECHO, tmp_path)

    (tmp_path / "b.events.json").write_text("[]")
    with pytest.raises(AssertionError, match="belongs to no"):
        check_samples(ECHO, tmp_path)

    (tmp_path / "b.events.json").unlink()
    (tmp_path / "a.message").write_bytes(b"Alice\n")
    with pytest.raises(AssertionError, match="share one"):
        check_samples(ECHO, tmp_path)


def test_an_impure_adapter_is_caught(tmp_path: Path) -> None:
    lay(tmp_path, "a.in", b"x\n", [])

    with pytest.raises(AssertionError, match="must be pure"):
        check_samples(AdapterSpec("impure", "x", Impure), tmp_path)


def test_a_memory_goes_from_line_to_line_and_starts_fresh(tmp_path: Path) -> None:
    spec = AdapterSpec("counting", "x", Counting, memory=Count)
    event = {"player": "name:A", "name": "x"}
    lay(
        tmp_path,
        "a.in",
        b"x\ny\n",
        [{"line": 1, **event, "id": "1"}, {"line": 2, **event, "id": "2"}],
    )
    lay(tmp_path, "b.in", b"x\n", [{"line": 1, **event, "id": "1"}])

    check_samples(spec, tmp_path)
    with pytest.raises(TypeError, match="AdapterSpec"):
        check_samples(Counting(), tmp_path)


def test_options_for_an_adapter_that_is_built_are_a_mistake(tmp_path: Path) -> None:
    with pytest.raises(TypeError, match="already built"):
        check_samples(Echo(), tmp_path, options={"name": "x"})


class Loose(BaseModel):
    by_slot: dict[Any, str] = {}


class Loosely(RememberingAdapter[Loose]):
    def translate_with(self, message: RawMessage, memory: Loose) -> list[GameEvent]:
        memory.by_slot[3] = message.body.decode()
        return []


class Slow(Adapter):
    def translate(self, message: RawMessage) -> list[GameEvent]:
        re.fullmatch(b"(a+)+b", message.body)
        return []


def test_a_memory_that_is_another_one_after_a_restart_is_a_failure(tmp_path: Path) -> None:
    (tmp_path / "a.in").write_bytes(b"x\ny\n")

    with pytest.raises(AssertionError, match=r"a\.in: line 1: what the adapter remembers is not"):
        check_samples(AdapterSpec("x", "x", Loosely, memory=Loose), tmp_path, write=True)
    assert (tmp_path / "a.events.json").read_text() == "[]\n"


def test_a_line_that_takes_for_ever_is_a_failure_that_names_it(tmp_path: Path) -> None:
    lay(tmp_path, "a.in", b"x\n" + b"a" * 60, [])

    with pytest.raises(AssertionError, match=r"a\.in: line 2: the adapter took longer than 1 s"):
        check_samples(Slow(), tmp_path)


def test_a_player_whom_nobody_could_pay_is_an_error_among_the_events(tmp_path: Path) -> None:
    spec = AdapterSpec("plain", "x", Plain)
    lay(tmp_path, "a.in", b"Alice\n", [{"line": 1, "player": "Alice", "name": "said"}])

    with pytest.raises(AssertionError, match="write a player as namespace:id"):
        check_samples(spec, tmp_path)


class Plain(Adapter):
    def translate(self, message: RawMessage) -> list[GameEvent]:
        return [GameEvent(message.body.decode(), "said")]
