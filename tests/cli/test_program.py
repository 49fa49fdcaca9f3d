"""The program around the commands: help, misuse, errors without a traceback."""

import os
import subprocess
import sys
from importlib.metadata import version

import pytest

from bridge.cli.program import COMMANDS
from tests.cli.conftest import Cli
from tests.cli.play import Site, run_apart


def test_the_version_is_the_packages(cli: Cli) -> None:
    assert cli("--version").out.strip() == f"campaign-bridge, version {version('campaign-bridge')}"


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_explains_itself(cli: Cli, command: str) -> None:
    ran = cli(command, "--help")

    assert ran.code == 0
    assert ran.out.startswith("Usage: campaign-bridge")
    assert f" {command}" in ran.out.splitlines()[0]


@pytest.mark.parametrize(
    "arguments", [["nonsense"], ["send"], ["send", "--nonsense"], ["outbox", "list", "--state=x"]]
)
def test_misuse_is_exit_code_2_with_a_hint(cli: Cli, arguments: list[str]) -> None:
    ran = cli(*arguments)

    assert ran.code == 2
    assert "error: " in ran.err
    assert "hint: See `campaign-bridge" in ran.err


def test_misuse_is_told_harmlessly(cli: Cli) -> None:
    assert "\x1b]" not in cli("send", "--\x1b]0;owned\x07").err


@pytest.mark.parametrize(
    "arguments", [["status"], ["run"], ["send", "name:A", "x"], ["players", "list"]]
)
def test_without_a_configuration_the_hint_is_init(cli: Cli, arguments: list[str]) -> None:
    ran = cli(*arguments)

    assert ran.code == 1
    assert "error: there is no configuration at" in ran.err
    assert "hint: Run `campaign-bridge init`" in ran.err


def test_an_odd_configuration_is_told_place_by_place(cli: Cli, site: Site) -> None:
    site.config.write_text('[http]\nlissten = "x"\n[delivery]\nconcurrency = 0\n')
    ran = cli("status")

    assert ran.code == 1
    assert "[http] lissten: no such setting; did you mean 'listen'?" in ran.err
    assert "[delivery] concurrency:" in ran.err
    assert "Traceback" not in ran.err


def test_what_nobody_foresaw_shows_no_traceback_unless_asked(
    cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(COMMANDS, "broken", "no_such_module")  # as a damaged installation
    quiet = cli("broken")
    monkeypatch.setenv("CAMPAIGN_BRIDGE_TRACEBACK", "1")
    loud = cli("broken")

    assert (quiet.code, loud.code) == (1, 1)
    assert "(unexpected)" in quiet.err
    assert "CAMPAIGN_BRIDGE_TRACEBACK=1" in quiet.err
    assert "Traceback" not in quiet.err
    assert "Traceback" in loud.err


@pytest.mark.parametrize(
    ("arguments", "code", "exit_code"),
    [
        (["status"], "settings-missing", 1),
        (["send", "name:A", "x"], "settings-missing", 1),
        (["players", "forget", "name:A"], "command", 1),
        (["outbox", "list", "--state=x"], "usage", 2),
        (["outbox", "show"], "usage", 2),
    ],
)
def test_under_json_an_error_is_a_document_with_its_code(
    cli: Cli, arguments: list[str], code: str, exit_code: int
) -> None:
    ran = cli(*arguments, "--json")

    assert ran.code == exit_code
    assert set(ran.json) == {"error", "code", "hint"}
    assert ran.json["code"] == code
    assert ran.json["error"] in ran.err
    assert ran.json["hint"] in ran.err


def test_under_json_bad_fields_are_pointed_at(cli: Cli, configured: Site) -> None:
    ran = cli("players", "show", "Alice", "--json")

    assert ran.json["code"] == "invalid-message"
    assert ran.json["errors"][0]["pointer"] == "/player"


def test_under_json_what_nobody_foresaw_is_a_document_too(
    cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(COMMANDS, "broken", "no_such_module")
    ran = cli("broken", "--json")

    assert (ran.code, ran.json["code"]) == (1, "unexpected")


def test_on_a_terminal_the_hint_speaks_of_the_command_and_not_of_a_document(
    cli: Cli, configured: Site
) -> None:
    ran = cli("players", "show", "Alice")

    assert "hint: Correct it, and give the command again" in ran.err
    assert "`errors`" not in ran.err


def test_without_json_nothing_stands_on_stdout(cli: Cli) -> None:
    assert cli("status").out == ""


def test_a_closed_pipe_ends_the_program_quietly(site: Site) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    with os.fdopen(writing, "wb") as pipe:
        done = subprocess.run(
            [sys.executable, "-m", "bridge", "--help"],
            stdout=pipe,
            stderr=subprocess.PIPE,
            check=False,
            timeout=30,
        )

    assert (done.returncode, done.stderr) == (1, b"")


def test_the_module_is_the_command(site: Site) -> None:
    ran = run_apart("--help")

    assert ran.code == 0
    assert all(f"\n  {command} " in ran.out for command in COMMANDS)
