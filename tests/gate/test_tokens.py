"""Token files, roles, and doors that would stand open."""

from pathlib import Path

import pytest

from bridge.errors import SettingsError
from bridge.gate.roles import Role
from bridge.gate.tokens import Tokens
from bridge.settings.models import HttpSettings, TokenSettings, UdpSettings

UDP_OFF = UdpSettings(listen="")


def token_file(folder: Path, name: str, token: str) -> Path:
    path = folder / name
    path.write_text(f"{token}\n")
    return path


def test_each_token_has_its_role_and_a_stranger_has_none(tmp_path: Path) -> None:
    http = HttpSettings(token_file=token_file(tmp_path, "game", "g4me"))
    named = [
        TokenSettings(role="read", file=token_file(tmp_path, "read", "r3ad")),
        TokenSettings(role="operator", file=token_file(tmp_path, "op", "0per")),
    ]

    tokens = Tokens.load(http, named, UdpSettings())

    assert not tokens.empty
    assert tokens.role_of("g4me") is Role.GAME
    assert tokens.role_of("r3ad") is Role.READ
    assert tokens.role_of("0per") is Role.OPERATOR
    assert tokens.role_of("g4me ") is None
    assert tokens.role_of("") is None
    assert tokens.role_of("\ud800") is None


def test_a_token_is_nowhere_in_what_is_kept(tmp_path: Path) -> None:
    tokens = Tokens.read([(token_file(tmp_path, "game", "s3cr3t"), Role.GAME)])

    assert "s3cr3t" not in repr(tokens)
    assert "s3cr3t" not in repr(tokens._roles)


def test_one_token_with_two_roles_is_refused_without_being_told(tmp_path: Path) -> None:
    files = [
        (token_file(tmp_path, "a", "s3cr3t"), Role.GAME),
        (token_file(tmp_path, "b", "s3cr3t"), Role.OPERATOR),
    ]

    with pytest.raises(SettingsError) as refused:
        Tokens.read(files)

    assert str(tmp_path / "a") in str(refused.value)
    assert str(tmp_path / "b") in str(refused.value)
    assert "s3cr3t" not in str(refused.value)


def test_one_token_named_twice_for_one_role_is_one_token(tmp_path: Path) -> None:
    path = token_file(tmp_path, "a", "same")

    assert Tokens.read([(path, Role.GAME), (path, Role.GAME)]).role_of("same") is Role.GAME


def test_a_missing_token_file_is_a_settings_error(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="can't be read"):
        Tokens.load(HttpSettings(token_file=tmp_path / "none"), [], UDP_OFF)


def test_without_a_token_the_settings_must_say_that_it_is_meant() -> None:
    with pytest.raises(SettingsError) as refused:
        Tokens.load(HttpSettings(), [], UDP_OFF)

    assert "campaign-bridge init" in refused.value.hint
    assert Tokens.load(HttpSettings(unsafe_no_token=True), [], UDP_OFF).empty


@pytest.mark.parametrize(
    ("http", "udp"),
    [
        (HttpSettings(listen="0.0.0.0:1", unsafe_no_token=True), UdpSettings()),
        (HttpSettings(unsafe_no_token=True), UdpSettings(listen="192.0.2.1:1")),
        (HttpSettings(listen="", unsafe_no_token=True), UdpSettings(listen="[::]:1")),
    ],
)
def test_a_door_open_to_other_machines_needs_a_token_whatever_is_said(
    http: HttpSettings, udp: UdpSettings
) -> None:
    with pytest.raises(SettingsError, match="other machines"):
        Tokens.load(http, [], udp)


def test_a_unix_socket_alone_needs_no_token() -> None:
    assert Tokens.load(HttpSettings(listen=""), [], UDP_OFF).empty


def test_an_open_door_with_a_token_is_allowed(tmp_path: Path) -> None:
    http = HttpSettings(listen="0.0.0.0:1", token_file=token_file(tmp_path, "game", "g4me"))

    assert not Tokens.load(http, [], UDP_OFF).empty
