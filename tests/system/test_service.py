"""The package on a machine with a real systemd, from its installation to its removal.

The tests stand in the order of an operator's days; each goes on where the one before it ended.
"""

import json
import re
import subprocess
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from tests.system.machine import Machine

pytestmark = pytest.mark.system

SERVICE = "campaign-bridge.service"
CONFIG = "/etc/campaign-bridge/config.toml"
#: Short waits: nobody watches a test for hours.
TOTAL = (
    "python3 -c 'import json, sys; "
    'print(sum(json.load(sys.stdin)["campaigns"][0]["entries"].values()))\''
)
QUICK = """
[delivery]
retry_base = "200ms"
retry_cap = "2s"
probe_every = "500ms"

[confirm]
looks = ["300ms", "500ms"]
"""
SANDBOX = """
systemd-run --quiet --unit=campaigns-api --property=DynamicUser=yes \
    --property=StateDirectory=campaigns-api --property=LoadCredential=admin:/root/admin-token \
    /bin/sh -c 'exec campaign-bridge sandbox --job-delay 0.1 --db $STATE_DIRECTORY/sandbox.db \
    --admin-token-file $CREDENTIALS_DIRECTORY/admin'
"""


def show(machine: Machine, what: str, unit: str = SERVICE) -> str:
    return machine("systemctl", "show", "-P", what, unit).stdout.strip()


def status(machine: Machine, *config: str) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(
        machine("campaign-bridge", *config, "status", "--json").stdout
    )
    return document


def entries(machine: Machine) -> dict[str, int]:
    found: dict[str, int] = status(machine)["campaigns"][0]["entries"]
    return found


def back(machine: Machine, before: str) -> None:
    """Wait until another process than `before` runs."""
    machine.until(
        f'pid=$(systemctl show -P MainPID {SERVICE}); test "$pid" != {before} -a "$pid" != 0'
        f" && systemctl is-active {SERVICE}"
    )


def configured(machine: Machine, config: str, more: str = "") -> None:
    """Write a configuration for the units, of a new campaign in the sandbox."""
    machine.shell(
        f"campaign-bridge --config {config} init --systemd --sandbox"
        " --admin-token-file /root/admin-token"
    )
    text = machine.read(config)
    text = re.sub(r"^\[(delivery|confirm)\]$", r"# \1", text, flags=re.MULTILINE)
    machine.write(config, text + QUICK + more)


# -- installed --------------------------------------------------------------------------------


def test_it_is_installed_and_nothing_runs_before_it_is_configured(machine: Machine) -> None:
    said = machine.shell("dpkg -i /mnt/campaign-bridge.deb")

    assert "campaign-bridge-as-service check" in said
    assert show(machine, "ActiveState") == "inactive"
    assert machine.shell("stat -c '%a %U' /etc/campaign-bridge/token") == "600 root\n"
    assert machine.shell("wc -c < /etc/campaign-bridge/token").strip() == "44"
    assert (
        machine.shell("find / -xdev -newer /usr/bin/campaign-bridge -path '*/__pycache__/*'") == ""
    )


def test_systemd_finds_no_fault_with_the_units(machine: Machine) -> None:
    units = "/usr/lib/systemd/system/campaign-bridge*"

    assert machine.shell(f"systemd-analyze verify --man=no {units}") == ""
    for page in re.findall(r"man:(\S+)\((\d)\)", machine.shell(f"cat {units}")):
        machine.shell("test -f /usr/share/man/man{1}/{0}.{1}.gz".format(*page))


@pytest.mark.parametrize(
    "unit",
    [SERVICE, "campaign-bridge@eu.service", "campaign-bridge-backup.service"],
)
def test_the_units_are_shut_tightly(machine: Machine, unit: str) -> None:
    said = machine.shell(f"systemd-analyze security --no-pager {unit}")
    exposure = re.search(r"Overall exposure level.*: ([0-9.]+)", said)

    assert exposure is not None
    assert float(exposure[1]) <= 1.5


def test_a_fresh_installation_is_told_what_it_lacks(machine: Machine) -> None:
    said = machine.shell("campaign-bridge-as-service check --offline", code=1)

    assert "✗ campaign your-campaign-id: this is the example's id" in said
    assert "api-key" in said
    assert "token can be read" in said
    assert "Traceback" not in said


def test_completions_come_with_it(machine: Machine) -> None:
    said = machine.shell(
        "COMP_WORDS='campaign-bridge outb' COMP_CWORD=1 "
        "_CAMPAIGN_BRIDGE_COMPLETE=bash_complete campaign-bridge"
    )

    assert said == "plain,outbox\n"
    machine.shell("bash -n /usr/share/bash-completion/completions/campaign-bridge")


# -- running ----------------------------------------------------------------------------------


def test_it_runs_and_pays(machine: Machine) -> None:
    machine.write("/root/admin-token", "0123456789abcdef0123456789abcdef\n", 0o600)
    machine.shell(SANDBOX)
    machine.until("curl -sf http://127.0.0.1:8798/openapi.json -o /dev/null")
    machine.shell(f"rm {CONFIG} /etc/campaign-bridge/token")
    configured(machine, CONFIG)
    assert "0 problems" in machine.shell("campaign-bridge-as-service check")

    machine.shell("systemctl enable --quiet --now campaign-bridge")
    machine.shell("campaign-bridge players link name:Alice usr_alice")
    said = machine.shell("campaign-bridge send name:Alice first_blood --wait 10")

    assert "accepted" in said
    assert machine.until(f"systemctl show -P StatusText {SERVICE} | grep ^ready")
    assert machine.shell("systemctl is-active campaign-bridge-backup.timer campaign-bridge.socket")
    assert show(machine, "User") == "campaign-bridge"
    assert (
        machine.shell("stat -c %U /var/lib/private/campaign-bridge/outbox.db")
        == "campaign-bridge\n"
    )


POST = (
    "curl -s --unix-socket /run/campaign-bridge.sock http://localhost/v1/achievements"
    ' -d \'{"player": "name:Alice", "achievement": "match_won", "id": "m1"}\''
)


def test_a_member_of_the_group_posts_over_the_unix_socket_without_a_token(machine: Machine) -> None:
    machine.shell("useradd --create-home --groups campaign-bridge-games arena; useradd stranger")
    said = machine.shell(f"runuser -u arena -- {POST}")
    refused = machine.shell(f"runuser -u stranger -- {POST} -S", code=None)

    assert json.loads(said)["state"] == "stored"
    assert "denied" in refused.lower() or "couldn't connect" in refused.lower(), refused


def test_killed_it_comes_back_with_all_it_had(machine: Machine) -> None:
    before, kept = show(machine, "MainPID"), sum(entries(machine).values())
    machine.shell("systemctl kill --kill-who=main --signal=KILL campaign-bridge")
    back(machine, before)

    assert show(machine, "MainPID") != before
    assert show(machine, "NRestarts") == "1"
    assert sum(entries(machine).values()) == kept


def test_one_that_is_stuck_is_ended_by_the_watchdog(machine: Machine) -> None:
    machine.shell(
        "mkdir -p /etc/systemd/system/campaign-bridge.service.d; "
        "printf '[Service]\\nWatchdogSec=2s\\n' "
        "> /etc/systemd/system/campaign-bridge.service.d/watchdog.conf; "
        "systemctl daemon-reload; systemctl restart campaign-bridge"
    )
    before = show(machine, "MainPID")
    machine.shell(f"kill -STOP {before}")
    back(machine, before)

    assert "Watchdog timeout" in machine.log(lines=200)
    assert status(machine)["daemon"] is not None


@contextmanager
def games(machine: Machine, match: str) -> Iterator[Counter[str]]:
    """Games of a match that post and send all the while; afterwards, what became of it."""
    counts: Counter[str] = Counter()
    command = machine.inside("python3", "/mnt/inside/load.py", "/etc/campaign-bridge/token", match)
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "running\n"
        yield counts
        said, _ = process.communicate("stop\n", timeout=60)
    counts.update(json.loads(said))


def test_restarts_under_load_refuse_no_connection_and_lose_no_datagram(machine: Machine) -> None:
    before = entries(machine)
    with games(machine, "restarted") as counts:
        for number in range(1, 4):
            at_least = sum(before.values()) + 300 * number
            machine.until(f"test $(campaign-bridge status --json | {TOTAL}) -gt {at_least}")
            machine.shell("systemctl restart campaign-bridge")
    sent = counts["http_202"] + counts["udp_sent"]
    print(counts)

    assert {what for what in counts if what.startswith("http")} == {"http_202"}
    assert counts["http_202"] > 300
    assert counts["udp_sent"] > 300
    machine.until(
        f"test $(campaign-bridge status --json | {TOTAL}) -ge {sum(before.values()) + sent}"
    )
    assert sum(entries(machine).values()) == sum(before.values()) + sent


def test_a_kill_under_load_refuses_no_connection_and_loses_no_acknowledged_event(
    machine: Machine,
) -> None:
    before = sum(entries(machine).values())
    with games(machine, "killed") as counts:
        machine.until(f"test $(campaign-bridge status --json | {TOTAL}) -gt {before + 300}")
        machine.shell("systemctl kill --kill-who=main --signal=KILL campaign-bridge")
        machine.until(f"test $(campaign-bridge status --json | {TOTAL}) -gt {before + 600}")
    print(counts)

    assert "http_ConnectionRefusedError" not in counts
    assert sum(entries(machine).values()) - before >= counts["http_202"]


# -- reloaded ---------------------------------------------------------------------------------


def test_a_reload_puts_a_good_file_in_force(machine: Machine) -> None:
    text = machine.read(CONFIG)
    machine.write(CONFIG, text + "\n[brakes]\nplayer_day = 1000\n".replace("[brakes]\n", ""))
    machine.write(CONFIG, text.replace("#source_minute", "source_minute", 1))
    pid = show(machine, "MainPID")
    machine.shell("systemctl reload campaign-bridge")

    assert show(machine, "MainPID") == pid
    assert "settings_reloaded" in machine.log() or "settings read again" in machine.log()
    machine.write(CONFIG, text)
    machine.shell("systemctl reload campaign-bridge")


def test_a_reload_of_a_bad_file_fails_says_why_and_changes_nothing(machine: Machine) -> None:
    text = machine.read(CONFIG)
    machine.write(CONFIG, text + "\n[outbux]\n")
    machine.shell("systemctl reload campaign-bridge", code=1)

    assert "outbux: no such setting" in machine.log()
    assert "reload-refused" in machine.until(
        f"systemctl show -P StatusText {SERVICE} | grep refused"
    )
    assert machine.shell("campaign-bridge send name:Alice flag_capture --wait 10")
    machine.write(CONFIG, text)
    machine.shell("systemctl reload campaign-bridge")
    assert machine.until(f"systemctl show -P StatusText {SERVICE} | grep ^ready")


# -- a log of another user --------------------------------------------------------------------

SOURCE = """
[[sources]]
name = "mc"
adapter = "minecraft"
file = "/home/mc/server/logs/latest.log"
trust = "name"
options = { timezone = "UTC" }
"""
DROP_IN = """\
[Service]
SupplementaryGroups=mc
ProtectHome=tmpfs
BindReadOnlyPaths=/home/mc/server/logs
"""


def test_check_as_the_service_names_what_it_may_not_read(machine: Machine) -> None:
    machine.shell(
        "useradd --create-home mc; chmod 700 /home/mc; umask 027;"
        "install -d -o mc -g mc -m 750 /home/mc/server /home/mc/server/logs;"
        "echo '[12:00:00] [Server thread/INFO]: Starting minecraft server version 1.21' "
        "> /home/mc/server/logs/latest.log; chown mc:mc /home/mc/server/logs/latest.log"
    )
    machine.write(CONFIG, machine.read(CONFIG) + SOURCE)
    said = machine.shell("campaign-bridge-as-service check --offline", code=1)

    machine.shell("systemctl restart campaign-bridge")

    assert "this user may not read /home" in said
    assert machine.until(f"systemctl show -P StatusText {SERVICE} | grep source-stuck")


def test_the_documented_drop_in_lets_it_in(machine: Machine) -> None:
    machine.write("/etc/systemd/system/campaign-bridge.service.d/mc.conf", DROP_IN)
    machine.shell("systemctl daemon-reload")
    assert "0 problems" in machine.shell("campaign-bridge-as-service check --offline")
    machine.shell("systemctl restart campaign-bridge")
    machine.until("campaign-bridge status --json | grep -q '\"offset\": [1-9]'")
    machine.shell(
        "echo '[12:00:01] [Server thread/INFO]: Steve has made the advancement [Stone Age]'"
        " >> /home/mc/server/logs/latest.log"
    )

    machine.until("campaign-bridge outbox list --player name:Steve | grep -i stone")


# -- kept ---------------------------------------------------------------------------------------


def test_the_timers_make_backups_and_prune(machine: Machine) -> None:
    timers = machine.shell("systemctl list-timers --no-pager")
    machine.shell("systemctl start campaign-bridge-backup.service campaign-bridge-prune.service")
    kept = machine.shell("ls /var/lib/private/campaign-bridge/backups").split()

    assert "campaign-bridge-backup.timer" in timers
    assert "campaign-bridge-prune.timer" in timers
    assert kept
    assert machine.shell("stat -c '%a %U' /var/lib/private/campaign-bridge/backups/*").startswith(
        "600 campaign-bridge"
    )


# -- several ------------------------------------------------------------------------------------


def test_several_bridges_run_beside_each_other(machine: Machine) -> None:
    for number, name in enumerate(("eu", "us"), 1):
        config = f"/etc/campaign-bridge/{name}/config.toml"
        configured(machine, config)
        text = machine.read(config).replace(
            '#listen = "127.0.0.1:8797"', f'listen = "127.0.0.1:88{number}7"'
        )
        machine.write(config, text)
        machine.shell(f"systemctl enable --quiet --now campaign-bridge@{name}")
    for name in ("eu", "us"):
        config = ("--config", f"/etc/campaign-bridge/{name}/config.toml")
        environment = f"RUNTIME_DIRECTORY=/run/campaign-bridge-{name}"
        said = machine.shell(f"{environment} campaign-bridge {' '.join(config)} status --json")
        told = json.loads(said)

        assert told["outbox"] == f"/var/lib/campaign-bridge-{name}/outbox.db"
        assert told["daemon"] is not None
        machine.shell(f"systemctl reload campaign-bridge@{name}")
        machine.shell(f"systemctl start campaign-bridge-backup@{name}")
    users = {show(machine, "UID", f"campaign-bridge@{name}") for name in ("eu", "us")}
    assert len({*users, show(machine, "UID")}) == 3


# -- gone ---------------------------------------------------------------------------------------


def test_an_upgrade_restarts_what_runs_and_keeps_settings(machine: Machine) -> None:
    text, pid = machine.read(CONFIG), show(machine, "MainPID")
    machine.shell("dpkg -i --force-confold /mnt/campaign-bridge.deb")

    assert machine.read(CONFIG) == text
    assert show(machine, "MainPID") != pid
    assert machine.until(f"systemctl is-active {SERVICE} campaign-bridge@eu.service")


def test_removed_it_keeps_the_ledger_and_says_so(machine: Machine) -> None:
    said = machine.shell("dpkg --remove campaign-bridge")

    assert "the ledger in /var/lib/campaign-bridge and the settings" in said
    assert machine.path("/var/lib/private/campaign-bridge/outbox.db").exists()
    assert machine.path(CONFIG).exists()
    assert "campaign-bridge" not in machine.shell("ps ax -o user= 2>/dev/null || ls /run")


def test_purged_it_leaves_nothing(machine: Machine) -> None:
    said = machine.shell("dpkg --purge campaign-bridge")

    assert "removing /var/lib/private/campaign-bridge, which knew what was paid" in said
    left = machine.shell(
        "find /etc /var /usr /run -xdev -name '*campaign-bridge*' -not -path '/var/log/*'"
    )
    # What an operator wrote by `systemctl edit` is the operator's.
    assert left == "/etc/systemd/system/campaign-bridge.service.d\n"
