"""An old log read again: nothing twice, and its cost is told before it is paid."""

import gzip
from pathlib import Path

import pytest

from tests.cli.conftest import Cli
from tests.cli.play import Site

ADAPTER = """
description = "Log of the arena"
identity = "name"

[events.award]
line = 'AWARD (?P<player>\\w+) (?P<name>\\w+)'
name = "{name}"
player = "name:{player}"
"""

LINES = "AWARD Al first_blood\nnothing\nAWARD Bo first_blood\nAWARD Al quest_win\n"


def set_up(site: Site, way: str = 'file = "game.log"', rules: str = "") -> None:
    plugins = site.folder / "plugins"
    plugins.mkdir(mode=0o700)
    (plugins / "arena.toml").write_text(ADAPTER)
    (plugins / "arena.toml").chmod(0o600)
    with site.config.open("a") as config:
        config.write(
            f'\n[[sources]]\nname = "arena"\nadapter = "arena"\ntrust = "name"\n{way}\n{rules}'
        )


@pytest.fixture
def arena(configured: Site) -> Site:
    set_up(configured)
    (configured.folder / "old.log").write_text(LINES)
    return configured


def test_a_log_pays_once_whatever_its_file_is_called(cli: Cli, arena: Site) -> None:
    first = cli("replay", "arena", str(arena.folder / "old.log"), "--yes")
    packed = arena.folder / "2026-01-01.log.gz"
    packed.write_bytes(gzip.compress(LINES.encode()))
    again = cli("replay", "arena", str(packed), "--yes", "--json")

    assert first.code == 0
    assert "3 new, 0 known" in first.out
    assert (again.json["entries"], again.json["duplicates"]) == (0, 3)


def test_its_cost_is_told_first_and_nothing_is_done_without_a_yes(cli: Cli, arena: Site) -> None:
    ran = cli("replay", "arena", str(arena.folder / "old.log"))

    assert ran.code == 1
    assert "it would make 2 first_blood, 1 quest_win" in ran.err
    assert "price is not known" in ran.err
    assert "--yes" in ran.err
    assert cli("outbox", "list", "--json").json["entries"] == []


def test_a_dry_run_only_says_what_would_be(cli: Cli, arena: Site) -> None:
    ran = cli("replay", "arena", str(arena.folder / "old.log"), "--dry-run")

    assert ran.code == 0
    assert "3 would be new" in ran.out
    assert "cost" in ran.out
    assert not arena.outbox.exists()


def test_where_nothing_is_new_nobody_is_asked(cli: Cli, arena: Site) -> None:
    cli("replay", "arena", str(arena.folder / "old.log"), "--yes")

    assert cli("replay", "arena", str(arena.folder / "old.log")).code == 0


def test_todays_rules_decide_anew_only_when_asked(cli: Cli, arena: Site) -> None:
    cli("replay", "arena", str(arena.folder / "old.log"), "--yes")
    with arena.config.open("a") as config:
        config.write('[[rules]]\nmatch = "*"\nevent_code = "OTHER"\nrepeat = "once"\n')
    log = str(arena.folder / "old.log")
    plain = cli("replay", "arena", log, "--json", "--yes")
    anew = cli("replay", "arena", log, "--reapply", "--dry-run", "--json")

    assert (plain.json["entries"], plain.json["duplicates"]) == (0, 3)
    assert anew.json["entries"] == 3


def test_an_unknown_source_is_named_with_those_there_are(cli: Cli, arena: Site) -> None:
    ran = cli("replay", "arean", str(arena.folder / "old.log"))

    assert ran.code == 1
    assert "there is no source 'arean'; sources: arena" in ran.err


def test_a_log_that_is_not_there_is_named(cli: Cli, arena: Site) -> None:
    ran = cli("replay", "arena", str(arena.folder / "gone.log"))

    assert ran.code == 1
    assert "gone.log can't be read" in ran.err


def test_a_damaged_log_is_named(cli: Cli, arena: Site) -> None:
    packed = arena.folder / "old.gz"
    packed.write_bytes(gzip.compress(LINES.encode() * 1000)[:-20])
    ran = cli("replay", "arena", str(packed), "--yes")

    assert ran.code == 1
    assert "old.gz is damaged" in ran.err


def test_stdin_is_read_only_with_a_yes(cli: Cli, arena: Site) -> None:
    ran = cli("replay", "arena", "-")

    assert ran.code == 1
    assert "stdin can't be read twice" in ran.err


def test_a_file_or_aside_must_be_named(cli: Cli, arena: Site) -> None:
    assert cli("replay", "arena").code == 2
    assert cli("replay", "arena", "x.log", "--aside").code == 2


def test_a_source_that_is_posted_has_no_log_to_read_again(
    cli: Cli, configured: Site, tmp_path: Path
) -> None:
    set_up(configured, "http = true")
    (tmp_path / "old.log").write_text(LINES)
    ran = cli("replay", "arena", str(tmp_path / "old.log"))

    assert ran.code == 1
    assert "paid twice" in ran.err
    assert "--aside" in ran.err


def test_nothing_that_was_kept_aside_is_no_error(cli: Cli, configured: Site) -> None:
    set_up(configured, "http = true")
    ran = cli("replay", "arena", "--aside", "--json")

    assert ran.json["messages"] == 0
