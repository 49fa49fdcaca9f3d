"""A configuration that can't be read any more keeps nobody from the daemon that runs with it."""

from collections.abc import Iterator

import pytest

from tests.cli.conftest import Cli
from tests.cli.play import Process, Site

BROKEN = "[http\n"


@pytest.fixture
def broken(live: Site, daemon: Process) -> Iterator[Site]:
    """The site whose daemon runs, after a slip of its operator."""
    text = live.config.read_text()
    live.config.write_text(BROKEN)
    yield live
    live.config.write_text(text)


@pytest.mark.parametrize(
    "arguments",
    [
        ["campaign", "pause", "--why", "an exploit"],
        ["campaign", "resume"],
        ["status"],
        ["players", "link", "name:Unread", "usr_unread"],
        ["players", "unlink", "name:Unread"],
        ["players", "show", "name:Alice"],
        ["outbox", "list"],
        ["send", "name:Alice", "first_blood"],
    ],
)
def test_the_daemon_is_used_and_the_file_is_warned_of(
    here: Cli, broken: Site, arguments: list[str]
) -> None:
    ran = here(*arguments)

    assert ran.code == 0, ran.err
    assert f"! {broken.config} is not TOML" in ran.err
    assert "could not start again" in ran.err


def test_status_says_that_the_file_would_be_refused(here: Cli, broken: Site) -> None:
    ran = here("status", "--json")
    (reason,) = [each for each in ran.json["reasons"] if each["code"] == "reload-refused"]

    assert str(broken.config) in reason["detail"]
    assert "is not TOML" in ran.err


def test_a_file_that_is_gone_is_no_different(here: Cli, broken: Site) -> None:
    broken.config.unlink()
    ran = here("campaign", "pause", "--why", "an exploit")
    resumed = here("campaign", "resume", "--json")

    assert (ran.code, resumed.code) == (0, 0), ran.err
    assert "there is no configuration at" in ran.err
    assert resumed.json == {"campaign": broken.campaign, "paused": False}


def test_what_needs_the_file_itself_is_refused(here: Cli, broken: Site) -> None:
    checked = here("check")
    accepted = here("check", "--accept-rekey", "--yes")

    assert (checked.code, accepted.code) == (1, 1)
    assert "is not TOML" in checked.out
    assert "is not TOML" in accepted.err


def test_a_daemon_of_another_file_is_not_asked(here: Cli, broken: Site) -> None:
    other = broken.folder / "other.toml"
    other.write_text(BROKEN)
    for arguments in (["status"], ["send", "name:Alice", "first_blood", "--patience", "0"]):
        ran = here(f"--config={other}", *arguments)

        assert ran.code == 1
        assert f"{other} is not TOML" in ran.err


def test_without_a_daemon_it_is_refused(cli: Cli, site: Site) -> None:
    site.config.write_text(BROKEN)
    ran = cli("campaign", "pause")

    assert ran.code == 1
    assert "is not TOML" in ran.err
