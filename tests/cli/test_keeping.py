"""The outbox as a file, on the command line: with a daemon and without one."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from bridge.outbox.contract import Outbox
from tests.cli.conftest import Cli
from tests.cli.play import Process, Site, entry, in_outbox
from tests.outbox.archive.full import overwrite, pages_of


@pytest.fixture
def filled(configured: Site) -> Site:
    """A site whose outbox holds three entries; no daemon runs."""
    in_outbox(configured.outbox, _put)
    return configured


async def _put(outbox: Outbox) -> None:
    await outbox.put([entry(id_=str(number)) for number in range(3)])


@pytest.fixture
def daemon_on(filled: Site) -> Iterator[Process]:
    with filled.daemon() as process:
        yield process


# -- backup and restore -----------------------------------------------------------------------


def test_a_backup_is_told_with_size_entries_and_duration(cli: Cli, filled: Site) -> None:
    ran = cli("outbox", "backup", str(filled.folder / "copy.db"))
    again = cli("outbox", "backup", str(filled.folder / "copy.db"))

    assert ran.code == 0, ran.err
    assert "entries   3 (3 held)" in ran.out
    assert "KiB" in ran.out
    assert "made in" in ran.out
    assert again.code == 1
    assert "overwrites nothing" in again.err


def test_backups_of_a_running_daemon_are_kept_by_number(
    cli: Cli, filled: Site, daemon_on: Process
) -> None:
    folder = filled.folder / "backups"
    first = cli("outbox", "backup", f"--dir={folder}", "--keep=1", "--json").json

    assert first["entries"] == 3
    assert Path(first["file"]).parent == folder
    assert cli("outbox", "backup").code == 2
    assert cli("outbox", "backup", "x.db", "--keep=1").code == 2


def test_a_restore_is_refused_while_a_daemon_runs(
    cli: Cli, filled: Site, daemon_on: Process
) -> None:
    cli("outbox", "backup", str(filled.folder / "copy.db"))
    ran = cli("outbox", "restore", str(filled.folder / "copy.db"), "--yes")

    assert ran.code == 1
    assert f"pid {daemon_on.pid}" in ran.err
    assert "Stop the daemon first" in ran.err


def test_a_restore_shows_its_plan_and_says_what_comes_next(cli: Cli, filled: Site) -> None:
    copy = str(filled.folder / "copy.db")
    cli("outbox", "backup", copy)
    in_outbox(filled.outbox, _later)
    planned = cli("outbox", "restore", copy, "--dry-run")
    unasked = cli("outbox", "restore", copy)
    ran = cli("outbox", "restore", copy, "--yes")

    assert "holds     3 entries (3 held)" in planned.out
    assert "holds     4 entries (4 held)" in planned.out
    assert "nothing was changed" in planned.out
    assert unasked.code == 1
    assert ran.code == 0, ran.err
    assert "campaign-bridge reconcile" in ran.out
    assert "outbox release --quarantine" in ran.out
    assert "quarantine" in cli("status").out
    assert list(filled.folder.glob("*.replaced.*"))


async def _later(outbox: Outbox) -> None:
    await outbox.put([entry(id_="later")])


# -- check, salvage, and a daemon that starts on a damaged file ---------------------------------


def test_check_is_fine_then_finds_damage_and_says_what_to_do(cli: Cli, filled: Site) -> None:
    sound = cli("outbox", "check")
    overwrite(filled.outbox, pages_of(filled.outbox, "entries")[0])
    ran = cli("outbox", "check", "--json")

    assert (sound.code, ran.code) == (0, 1), sound.out
    assert "0 problems" in sound.out
    problem = next(each for each in ran.json["findings"] if each["level"] == "problem")
    assert problem["what"] == "integrity"
    assert "outbox salvage" in problem["hint"]


def test_salvage_changes_nothing_before_it_is_applied(cli: Cli, filled: Site) -> None:
    overwrite(filled.outbox, pages_of(filled.outbox, "entries")[0])
    damaged = filled.outbox.read_bytes()
    planned = cli("outbox", "salvage")
    left = sorted(filled.folder.glob(".planned*"))

    assert planned.code == 0, planned.err
    assert "3 entries are lost and their keys kept" in planned.out
    assert "nothing was changed; --apply does it" in planned.out
    assert filled.outbox.read_bytes() == damaged
    assert left == []

    applied = cli("outbox", "salvage", "--apply", "--yes", "--json").json
    assert applied["applied"]
    assert Path(applied["kept_aside"]).read_bytes() == damaged
    assert applied["keys_only"] == 3
    assert "unreadable" in cli("outbox", "list").out


def test_a_daemon_starts_on_a_damaged_file_and_says_so(cli: Cli, filled: Site) -> None:
    overwrite(filled.outbox, pages_of(filled.outbox, "entries")[0])
    with filled.daemon() as daemon:
        status = cli("status", "--json").json
        shown = cli("outbox", "show", cli("outbox", "list", "--json").json["entries"][0]["key"])

    codes = {reason["code"] for reason in status["reasons"]}
    assert {"outbox-salvaged", "quarantine"} <= codes
    assert any("outbox_salvaged" in line for line in daemon.lines)
    assert "little more than its key is left" in shown.out


@pytest.mark.parametrize("content", [b"", b"no database" * 1000], ids=["nothing", "garbage"])
def test_a_command_leaves_a_damaged_file_to_the_daemon(
    cli: Cli, filled: Site, content: bytes
) -> None:
    filled.outbox.write_bytes(content)

    ran = cli("outbox", "list")

    assert ran.code == 1
    assert "damaged" in ran.err
    assert "outbox salvage" in ran.err
    assert filled.outbox.read_bytes() == content


def test_nothing_is_there_yet(cli: Cli, configured: Site) -> None:
    assert cli("outbox", "check").code == 0
    for command in (["backup", "x.db"], ["export"], ["prune"], ["salvage"]):
        ran = cli("outbox", *command)
        assert ran.code == 1
        assert "no outbox" in ran.err
    assert not configured.outbox.exists()


# -- export and prune ---------------------------------------------------------------------------


def test_an_export_is_json_lines_on_stdout_or_in_a_new_file(cli: Cli, filled: Site) -> None:
    file = filled.folder / "export.jsonl"
    lines = cli("outbox", "export", "--state", "held").out.splitlines()
    written = cli("outbox", "export", f"--output={file}")
    again = cli("outbox", "export", f"--output={file}")

    assert [json.loads(line)["state"] for line in lines] == ["held"] * 3
    assert written.code == 0
    assert len(file.read_text().splitlines()) == 3
    assert file.stat().st_mode & 0o777 == 0o600
    assert again.code == 1


@pytest.mark.parametrize(
    ("since", "number"), [("1h", 3), ("2020-01-01T00:00:00Z", 3), ("2999-01-01", 0)]
)
def test_an_export_since_a_time(cli: Cli, filled: Site, since: str, number: int) -> None:
    assert len(cli("outbox", "export", "--since", since).out.splitlines()) == number


def test_a_time_that_is_none_is_told(cli: Cli, filled: Site) -> None:
    ran = cli("outbox", "export", "--since", "yesterday")

    assert ran.code == 2
    assert "7d" in ran.err


def test_prune_counts_and_prunes_with_a_daemon_and_without(cli: Cli, filled: Site) -> None:
    alone = cli("outbox", "prune", "--dry-run", "--json").json
    with filled.daemon():
        beside = cli("outbox", "prune", "--json").json
        told_so = cli("outbox", "prune")

    assert alone["bodies"] == beside["bodies"] == 0
    assert set(alone) == set(beside)
    assert "the file is" in told_so.out


def test_settings_that_can_not_be_read_keep_nobody_from_a_backup(
    cli: Cli, filled: Site, daemon_on: Process
) -> None:
    filled.config.write_text("this is no TOML")

    ran = cli("outbox", "backup", str(filled.folder / "copy.db"))

    assert ran.code == 0, ran.err
