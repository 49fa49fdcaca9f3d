"""A spec that can't work says so when it is made."""

from datetime import UTC, datetime
from typing import Any

import pytest
from pydantic import BaseModel

from bridge import Adapter, AdapterSpec, GameEvent, RawMessage, RememberingAdapter
from bridge.adapters.registry import build
from bridge.errors import AdapterLoadError


class NeedsMore(BaseModel):
    count: int


class Slots(BaseModel):
    by_number: dict = {3: "Alice"}  # type: ignore[type-arg]  # what is tested


class Misspelt(RememberingAdapter[Slots]):
    def translatewith(self, message: RawMessage, memory: Slots) -> list[GameEvent]:
        return []


class Remembering(RememberingAdapter[Slots]):
    def translate(self, message: RawMessage) -> list[GameEvent]:
        return []


class Nothing(Adapter):
    pass


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"name": "Arena"}, "lower_snake_case"),
        ({"name": ""}, "lower_snake_case"),
        ({"name": "a\n"}, "lower_snake_case"),
        ({"name": 3}, "lower_snake_case"),
        ({"description": " "}, "one line of text"),
        ({"description": "a\nb"}, "one line of text"),
        ({"adapter": Adapter()}, "`adapter` must be"),
        ({"adapter": dict}, "subclass of bridge.Adapter"),
        ({"options": dict}, "`options` must be"),
        ({"options": NeedsMore(count=1)}, "`options` must be"),
        ({"status": 404}, "`status` must be"),
        ({"status": True}, "`status` must be"),
        ({"memory": dict}, "`memory` must be"),
        ({"memory": NeedsMore}, "needs a default"),
        ({"memory": Slots}, "is another one after it was stored"),
        ({"adapter": Nothing}, "Nothing has no method 'translate', so it would never"),
        ({"adapter": Misspelt}, "no method 'translate_with'.* is 'translatewith' misspelt?"),
    ],
)
def test_a_spec_that_cannot_work_is_refused(wrong: dict[str, Any], said: str) -> None:
    given = {"name": "arena", "description": "x", "adapter": Adapter, **wrong}

    with pytest.raises(AdapterLoadError, match=said):
        AdapterSpec(**given)


def test_an_adapter_that_a_function_makes_is_refused_when_it_is_built() -> None:
    spec = AdapterSpec("arena", "x", lambda _options: Nothing())

    with pytest.raises(AdapterLoadError, match="no method 'translate'"):
        build(spec, {})


def test_an_adapter_that_remembers_may_translate_without_its_memory() -> None:
    assert AdapterSpec("arena", "x", Remembering).adapter is Remembering


def test_an_adapter_that_implements_nothing_hears_nothing_and_keeps_the_body() -> None:
    message = RawMessage("arena", b"hello", datetime(2026, 1, 1, tzinfo=UTC))
    adapter = Adapter()

    assert list(adapter.translate(message)) == []
    assert adapter.redact(message) == b"hello"
