"""Advice holds under systemd: it names what root must run, with this very command in it."""

from pathlib import Path

import pytest

from bridge.cli.keeping.restore import next_steps
from bridge.cli.printing import note
from bridge.cli.refused import with_way_in
from bridge.errors import StoreUnavailable
from tests.cli.conftest import Cli
from tests.cli.play import Site, run_here

EU = "/etc/campaign-bridge/eu/config.toml"


@pytest.fixture
def credentialed(configured: Site, monkeypatch: pytest.MonkeyPatch) -> Site:
    """A site whose API key only the service is given."""
    monkeypatch.delenv("CREDENTIALS_DIRECTORY", raising=False)
    text = configured.config.read_text()
    configured.config.write_text(text.replace('"api-key"', '"credential:api-key"'))
    return configured


@pytest.mark.parametrize(
    "command",
    [
        "campaign start --yes",
        "campaign stop --yes",
        "campaign users",
        "probe-idempotency --user usr_1 --yes",
        "check",
        "run",
    ],
)
def test_who_lacks_the_services_secrets_is_told_the_command_that_has_them(
    cli: Cli, credentialed: Site, command: str
) -> None:
    ran = cli(*command.split())

    assert ran.code == 1
    assert f"campaign-bridge-as-service {command}" in ran.out + ran.err


def test_reconcile_too_says_who_has_the_key(cli: Cli, credentialed: Site) -> None:
    cli("players", "link", "name:Alice", "usr_1")

    assert "campaign-bridge-as-service reconcile" in cli("reconcile").err


def test_a_note_names_the_command_as_well(capsys: pytest.CaptureFixture[str], cli: Cli) -> None:
    cli("adapters", "list")
    note("as root: campaign-bridge-as-service COMMAND")

    assert "campaign-bridge-as-service adapters list" in capsys.readouterr().err


def test_the_hint_is_the_same_in_json(cli: Cli, credentialed: Site) -> None:
    ran = cli("campaign", "users", "--json")

    assert ran.json["hint"].endswith("campaign-bridge-as-service campaign users --json")


def test_after_a_restore_the_instances_own_commands_are_named() -> None:
    assert next_steps(Path(EU)) == [
        "systemctl start campaign-bridge@eu",
        f"campaign-bridge --config {EU} reconcile",
        f"campaign-bridge --config {EU} outbox release --quarantine",
    ]


def test_a_file_that_this_user_may_not_open_is_no_fault_to_be_reported(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, site: Site
) -> None:
    def denied(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied", "/root/x.db")

    monkeypatch.setattr("bridge.cli.keeping.restore.place_of", denied)
    monkeypatch.delenv("STATE_DIRECTORY", raising=False)
    ran = run_here(capsys, "outbox", "restore", "/root/x.db")
    monkeypatch.setenv("STATE_DIRECTORY", "/var/lib/campaign-bridge")
    as_service = run_here(capsys, "outbox", "restore", "/root/x.db")

    assert ran.code == 1
    assert "this user may not open /root/x.db" in ran.err
    assert "Run it as root" in ran.err
    assert "report it" not in ran.err
    assert "/var/lib/campaign-bridge/" in as_service.err


def test_an_outbox_in_a_folder_that_is_shut_is_told_as_such(
    cli: Cli, configured: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("STATE_DIRECTORY", raising=False)

    def denied(path: Path) -> bool:
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(Path, "exists", denied)
    for arguments in (["status"], ["outbox", "list"], ["check", "--offline"]):
        ran = cli(*arguments)
        assert ran.code == 1
        assert f"this user may not open {configured.outbox}" in ran.out + ran.err
        assert "Run it as root" in ran.out + ran.err


def test_an_error_that_a_refusal_has_caused_says_who_may() -> None:
    error = StoreUnavailable("it can't be opened: Permission denied")
    error.__cause__ = PermissionError(13, "Permission denied")

    assert "daemon's own user" in with_way_in(error).hint
    assert with_way_in(StoreUnavailable("the disk")).hint == StoreUnavailable.hint
