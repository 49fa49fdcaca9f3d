"""What a source may say of itself."""

from typing import Any

import pytest
from pydantic import ValidationError

from bridge.settings.sources import SourceSettings


def source(**said: Any) -> SourceSettings:
    return SourceSettings(**{"name": "arena", "adapter": "json", **said})


def test_a_source_without_a_way_is_posted_to() -> None:
    assert source().by_http
    assert source(http=True).by_http
    assert not source(file="game.log").by_http


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ({"http": True, "file": "game.log"}, "one of http, udp and file"),
        ({"udp": "127.0.0.1:1", "file": "game.log"}, "one of http, udp and file"),
        ({"udp": "127.0.0.1:27500"}, "anybody could send it datagrams"),
        ({"allowed_senders": ["127.0.0.1"]}, "goes with udp"),
        ({"file": "game.log", "token_file": "secret"}, "goes with http and udp"),
        ({"udp": "127.0.0.1:1", "allowed_senders": ["here"]}, "write an address or a network"),
        ({"name": "Arena"}, "pattern"),
        ({"name": "a/b"}, "pattern"),
        ({"trust": "me"}, "platform"),
    ],
)
def test_what_does_not_fit_together_is_said(said: dict[str, Any], words: str) -> None:
    with pytest.raises(ValidationError, match=words):
        source(**said)


def test_a_log_and_its_state_files_are_one_source() -> None:
    assert source(file="latest.log", state_files="advancements/*.json").file is not None
