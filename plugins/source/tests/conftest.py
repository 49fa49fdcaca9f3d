"""A reader of a server's log; its memory is stored and read again after each message."""

from collections.abc import Mapping
from datetime import UTC, datetime

import pytest
from bridge_adapter_source import SPEC
from bridge_adapter_source.memory import SourceMemory

from bridge import GameEvent, RawMessage

NOW = datetime(2026, 11, 23, 18, 0, tzinfo=UTC)


class Reader:
    """Gives messages to the adapter, one after the other."""

    def __init__(self, **options: object) -> None:
        self.adapter = SPEC.adapter(SPEC.options.model_validate(options))
        self.memory = SourceMemory()
        self.lines = 0

    def take(self, message: RawMessage) -> list[GameEvent]:
        memory = self.memory.model_copy(deep=True)
        events = list(self.adapter.translate_with(message, memory))
        self.memory = SourceMemory.model_validate_json(memory.model_dump_json())
        return events

    def line(self, says: str | bytes, at: str = "11/23/2026 - 18:00:00") -> list[GameEvent]:
        """Read `says` as the next line of a file."""
        self.lines += 1
        raw = says if isinstance(says, bytes) else says.encode()
        body = b"L " + at.encode() + b": " + raw
        return self.take(RawMessage("fps", body, NOW, position=f"line {self.lines}"))

    def datagram(self, body: bytes, peer: str = "127.0.0.1:27015") -> list[GameEvent]:
        return self.take(RawMessage("fps", body, NOW, peer))

    def post(self, body: bytes, headers: Mapping[str, str]) -> list[GameEvent]:
        return self.take(RawMessage("cs2", body, NOW, "127.0.0.1", headers))

    @property
    def figures(self) -> dict[str, int]:
        return self.adapter.figures(self.memory)


@pytest.fixture
def reader() -> Reader:
    return Reader()


@pytest.fixture
def reader_with() -> type[Reader]:
    """Make a reader with options of its own."""
    return Reader
