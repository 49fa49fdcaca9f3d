"""A spec that can't work says so when it is made."""

from datetime import UTC, datetime
from typing import Any

import pytest
from pydantic import BaseModel

from bridge import Adapter, AdapterSpec, RawMessage
from bridge.errors import AdapterLoadError


class NeedsMore(BaseModel):
    count: int


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
    ],
)
def test_a_spec_that_cannot_work_is_refused(wrong: dict[str, Any], said: str) -> None:
    given = {"name": "arena", "description": "x", "adapter": Adapter, **wrong}

    with pytest.raises(AdapterLoadError, match=said):
        AdapterSpec(**given)


def test_an_adapter_that_implements_nothing_hears_nothing_and_keeps_the_body() -> None:
    message = RawMessage("arena", b"hello", datetime(2026, 1, 1, tzinfo=UTC))
    adapter = Adapter()

    assert list(adapter.translate(message)) == []
    assert adapter.redact(message) == b"hello"
