"""What a player's id is worth."""

import pytest

from bridge.errors import IdentityTooWeak
from bridge.events import Identity
from bridge.players.worth import enough, trusted, worth

ONLINE = "minecraft:069a79f4-44e9-4726-a5be-fca90e38aaf5"
OFFLINE = "minecraft:a01e3843-e521-3998-958a-f459800e4d11"


@pytest.mark.parametrize(
    ("player", "level"),
    [
        ("steam:76561197960265729", "platform"),
        (ONLINE, "platform"),
        (OFFLINE, "name"),
        ("guid:ce86a5eab66b239f", "client"),
        ("name:Alice", "name"),
        ("arena:7", "client"),
    ],
)
def test_an_id_is_worth_what_its_namespace_is(player: str, level: Identity) -> None:
    assert worth(player, "client") == level


def test_more_than_enough_is_enough() -> None:
    assert enough("platform", "name")
    assert enough("client", "client")
    assert not enough("name", "client")


def test_an_id_that_is_worth_less_is_refused() -> None:
    with pytest.raises(IdentityTooWeak, match="name:Alice is worth no more than a name"):
        trusted("name:Alice", "platform", "platform")
