"""`campaign-bridge-as-service` before systemd is asked; beside a real one it is in tests/system."""

import os
import subprocess
from pathlib import Path

import pytest

SYSTEMD = Path(__file__).parents[2] / "systemd"
SCRIPT = SYSTEMD / "campaign-bridge-as-service"


@pytest.fixture
def machine(tmp_path: Path) -> Path:
    """Programs of a machine whose systemd has our units, and only says what it would run."""
    programs = {
        "id": "echo 0",
        "systemctl": f'cat "{SYSTEMD}/$(echo "$2" | sed s/@.*[.]/@./)"',
        "systemd-run": 'printf "%s\\n" "$@"',
    }
    for name, does in programs.items():
        (tmp_path / name).write_text(f"#!/bin/sh\n{does}\n")
        (tmp_path / name).chmod(0o755)
    return tmp_path


def run(machine: Path, *arguments: str) -> "subprocess.CompletedProcess[str]":
    path = f"{machine}:{os.environ['PATH']}"
    return subprocess.run(
        ["/bin/sh", SCRIPT, *arguments],
        env={**os.environ, "PATH": path},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize(
    "arguments",
    [
        ["outbox", "backup", "/tmp/x.db"],  # noqa: S108  # the very thing that is refused
        ["outbox", "backup", "--dir", "/var/tmp"],  # noqa: S108
        ["outbox", "backup", "--dir=/tmp"],
        ["support-bundle", "/var/../tmp/x.tar.gz"],
    ],
)
def test_what_would_be_gone_after_the_command_is_refused(
    machine: Path, arguments: list[str]
) -> None:
    ran = run(machine, "--instance", "eu", *arguments)

    assert ran.returncode == 1
    assert "in the service's own" in ran.stderr
    assert "/var/lib/campaign-bridge-eu" in ran.stderr
    assert ran.stdout == ""


def test_other_files_go_to_the_service(machine: Path) -> None:
    ran = run(machine, "outbox", "backup", "/var/lib/campaign-bridge/tmp/x.db")
    told = ran.stdout.splitlines()

    assert ran.returncode == 0, ran.stderr
    assert told[-3:] == ["outbox", "backup", "/var/lib/campaign-bridge/tmp/x.db"]
    assert "--property=PrivateTmp=yes" in told


def test_where_the_unit_shares_tmp_its_files_may_be_named(machine: Path) -> None:
    (machine / "systemctl").write_text("#!/bin/sh\nprintf '[Service]\\nPrivateTmp=no\\n'\n")

    assert run(machine, "outbox", "backup", "/tmp/x.db").returncode == 0  # noqa: S108
