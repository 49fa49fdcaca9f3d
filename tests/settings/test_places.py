"""Where the configuration, the state and the control socket lie, in which order."""

import os
from pathlib import Path

import pytest

from bridge.errors import SettingsError
from bridge.settings.files import (
    SYSTEM_CONFIG,
    SYSTEM_RUNTIME,
    config_path,
    outbox_path,
    runtime_dirs,
    state_dir,
)
from bridge.settings.models import OutboxSettings


def test_the_configuration_that_is_given_comes_before_all(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("CAMPAIGN_BRIDGE_CONFIG", "/elsewhere/config.toml")
    monkeypatch.chdir(tmp_path)

    assert config_path(Path("/srv/mine.toml")) == Path("/srv/mine.toml")
    assert config_path(Path("mine.toml")) == tmp_path / "mine.toml"


def test_then_comes_the_variable(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CAMPAIGN_BRIDGE_CONFIG", "mine.toml")

    assert config_path() == tmp_path / "mine.toml"


def test_a_tilde_is_the_home_folder(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CAMPAIGN_BRIDGE_CONFIG", "~/mine.toml")

    assert config_path() == config_path(Path("~/mine.toml")) == home / "mine.toml"


def test_the_home_of_nobody_is_told_as_such() -> None:
    with pytest.raises(SettingsError, match="~nobody-of-this-name"):
        config_path(Path("~nobody-of-this-name/config.toml"))


def test_then_comes_the_systems_if_it_is_there_then_the_users(home: Path, tmp_path: Path) -> None:
    system = tmp_path / "etc" / "config.toml"

    absent = config_path(system=system)
    system.parent.mkdir()
    system.touch()

    assert absent == home / ".config" / "campaign-bridge" / "config.toml"
    assert config_path(system=system) == system
    assert Path("/etc/campaign-bridge/config.toml") == SYSTEM_CONFIG


def test_an_empty_variable_is_none(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("CAMPAIGN_BRIDGE_CONFIG", "")

    assert config_path(system=tmp_path / "none").name == "config.toml"


def test_the_users_folders_follow_xdg(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "c"))
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "s"))

    assert config_path(system=tmp_path / "none") == tmp_path / "c/campaign-bridge/config.toml"
    assert state_dir() == tmp_path / "s/campaign-bridge"


def test_the_state_lies_where_systemd_says_else_at_the_users(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    users = state_dir()
    monkeypatch.setenv("STATE_DIRECTORY", "/var/lib/campaign-bridge:/var/lib/other")

    assert users == home / ".local/state/campaign-bridge"
    assert state_dir() == Path("/var/lib/campaign-bridge")


@pytest.mark.parametrize(
    ("url", "path"),
    [
        (None, "/var/lib/x/outbox.db"),
        ("sqlite:////srv/outbox.db", "/srv/outbox.db"),
        ("sqlite:////srv/my%20outbox.db", "/srv/my outbox.db"),
        ("sqlite:////srv/100%25.db", "/srv/100%.db"),
    ],
)
def test_the_outbox_is_the_file_of_its_url_else_in_the_state(
    monkeypatch: pytest.MonkeyPatch, url: str | None, path: str
) -> None:
    monkeypatch.setenv("STATE_DIRECTORY", "/var/lib/x")

    assert outbox_path(OutboxSettings(url=url)) == Path(path)


def test_the_control_socket_lies_where_systemd_says_and_nowhere_else(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("RUNTIME_DIRECTORY", "/run/mine:/run/other")

    assert runtime_dirs() == [Path("/run/mine")]


def test_root_looks_in_the_systems_folder_first_and_others_in_their_own(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    own = tmp_path / "campaign-bridge"

    places = runtime_dirs()

    assert Path("/run/campaign-bridge") == SYSTEM_RUNTIME
    assert places == ([SYSTEM_RUNTIME, own] if os.geteuid() == 0 else [own, SYSTEM_RUNTIME])


def test_the_users_own_control_socket_lies_in_the_session_else_with_the_state_never_in_tmp(
    home: Path,
) -> None:
    session = Path(f"/run/user/{os.geteuid()}")
    own = session if session.is_dir() else home / ".local/state/campaign-bridge/run"

    (found,) = set(runtime_dirs()) - {SYSTEM_RUNTIME}

    assert found.is_relative_to(own)
