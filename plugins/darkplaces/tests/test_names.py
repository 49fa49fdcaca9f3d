"""A nick and the name that it stands for."""

import pytest
from bridge_adapter_darkplaces.names import canonical


@pytest.mark.parametrize(
    ("nick", "name"),
    [
        (b"Zoe", "Zoe"),
        (b"^1Z^xF0Ao^9e^7", "Zoe"),
        (b"^^1Zoe", "^1Zoe"),
        (b"^", "^"),
        (b"^x12", "^x12"),
        (b"  Zoe  ^7", "Zoe"),
        (b"a:b:c", "a:b:c"),
        ("e\u0301".encode(), "\u00e9"),
    ],
)
def test_colours_and_blanks_do_not_make_another_player(nick: bytes, name: str) -> None:
    assert canonical(nick) == name


@pytest.mark.parametrize("nick", [b"", b"^1^2", b" ", b"Zo\xff", b"Zo\x01e", b"x" * 101])
def test_what_can_not_be_an_identity_is_nobody(nick: bytes) -> None:
    assert canonical(nick) == ""
