"""The unit files agree with each other; that systemd agrees with them is in tests/system."""

import re
from pathlib import Path

import pytest

UNITS = Path(__file__).parents[2] / "systemd"
SERVICES = sorted(UNITS.glob("*.service"))
ALL = sorted(path for kind in ("service", "socket", "timer") for path in UNITS.glob(f"*.{kind}"))
#: What the daemon needs, and what keeps its outbox doesn't: the network, and owners of sockets.
DAEMON_ONLY = {"SystemCallFilter=@chown", "RestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX"}
KEEPER_ONLY = {
    "IPAddressDeny=any",
    "PrivateNetwork=yes",
    "PrivateUsers=yes",
    "RestrictAddressFamilies=AF_UNIX",
}


def sandbox(unit: Path) -> set[str]:
    box = unit.read_text().partition("# What it can't do.\n")[2].partition("\n\n")[0]
    return {line for line in box.splitlines() if not line.startswith("#")}


@pytest.mark.parametrize("unit", SERVICES, ids=lambda unit: unit.name)
def test_every_service_is_as_tightly_shut_as_the_others(unit: Path) -> None:
    daemon = re.fullmatch(r"campaign-bridge@?\.service", unit.name) is not None
    whole = sandbox(UNITS / "campaign-bridge.service")
    mine = (whole - DAEMON_ONLY) | (DAEMON_ONLY if daemon else KEEPER_ONLY)

    assert len(whole) > 30
    assert sandbox(unit) == mine


@pytest.mark.parametrize(
    "unit", [path for path in ALL if "@" in path.name], ids=lambda unit: unit.name
)
def test_an_instance_has_everything_of_its_own(unit: Path) -> None:
    def told(path: Path) -> list[str]:
        lines = path.read_text().splitlines()
        return [line for line in lines if not line.startswith(("#", "Description", "Listen"))]

    plain = UNITS / unit.name.replace("@", "")
    wanted = [
        re.sub(
            r"(?<![a-z.:])(campaign-bridge(?:-backup|-prune)?)\.(service|socket|timer)",
            r"\1@%i.\2",
            line,
        )
        for line in told(plain)
    ]
    wanted = [line.replace("/etc/campaign-bridge/", "/etc/campaign-bridge/%i/") for line in wanted]
    wanted = [
        re.sub(r"((?:/lib|/run|User=|Directory=)/?campaign-bridge)(?![a-z-])", r"\1-%i", line)
        for line in wanted
    ]

    assert told(unit) == wanted


def test_all_services_of_a_bridge_are_one_user_with_one_state() -> None:
    for unit in SERVICES:
        name = "campaign-bridge-%i" if "@" in unit.name else "campaign-bridge"

        assert f"\nDynamicUser=yes\nUser={name}\n" in unit.read_text()
        assert f"\nStateDirectory={name}\n" in unit.read_text()


def test_what_keeps_the_outbox_leaves_the_daemons_runtime_folder_alone() -> None:
    for unit in SERVICES:
        owns = "\nRuntimeDirectory=" in unit.read_text()

        assert owns == (re.fullmatch(r"campaign-bridge@?\.service", unit.name) is not None)
