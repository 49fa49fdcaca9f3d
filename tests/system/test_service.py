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
AS_SERVICE = "campaign-bridge-as-service"
BUNDLED = "/usr/lib/campaign-bridge/lib/python3*/site-packages"
CONTAINERS = "/etc/systemd/system/campaign-bridge.socket.d/containers.conf"
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
    docs = "/usr/share/doc/campaign-bridge"
    pages = re.findall(r"\]\((plugins/[^)]+)\)", machine.read(f"{docs}/sources.md"))
    assert len(pages) >= 5
    for page in pages:
        machine.shell(f"test -f {docs}/{page}")
    assert "program.cpython" in machine.shell(f"ls {BUNDLED}/bridge/cli/__pycache__")


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
    sent = counts.total()
    print(counts)

    assert set(counts) == {"post_202", "keep_202", "udp_sent"}
    assert min(counts.values()) > 100
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

    assert "post_ConnectionRefusedError" not in counts
    assert "keep_ConnectionRefusedError" not in counts
    assert sum(entries(machine).values()) - before >= counts["post_202"] + counts["keep_202"]


# -- reloaded ---------------------------------------------------------------------------------


def test_a_reload_puts_a_good_file_in_force(machine: Machine) -> None:
    text, pid = machine.read(CONFIG), show(machine, "MainPID")
    rule = 'match = "duel_won"\nevent_code = "match_won"\n\n[[rules]]\nmatch = "*"\n'
    post = POST.replace("match_won", "duel_won").replace("m1", "d1")
    machine.write(CONFIG, f"{text}\n[[rules]]\n{rule}")
    machine.shell(f"{AS_SERVICE} check --accept-rekey --yes")
    machine.shell("systemctl reload campaign-bridge")
    key = json.loads(machine.shell(post))["key"]

    assert show(machine, "MainPID") == pid
    assert "pays       match_won" in machine.shell(f"campaign-bridge outbox show {key}")


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
options = { believe = "log" }
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
        "cat >> /home/mc/server/logs/latest.log",
        given="[12:00:01] [User Authenticator #1/INFO]: UUID of player Steve is "
        "069a79f4-44e9-4726-a5be-fca90e38aaf5\n"
        "[12:00:01] [Server thread/INFO]: Steve[/203.0.113.9:50112] logged in with entity id 7"
        " at (8.5, 71.0, -3.5)\n"
        "[12:00:02] [Server thread/INFO]: Steve has made the advancement [Stone Age]\n",
    )

    machine.until(
        "campaign-bridge outbox list --player minecraft:069a79f4-44e9-4726-a5be-fca90e38aaf5"
        " | grep mine_stone"
    )


# -- a game in a container ----------------------------------------------------------------------


def test_a_game_in_a_container_posts_over_the_hosts_unix_socket(machine: Machine) -> None:
    """A container without any network, whose user the host doesn't know."""
    group = machine.shell("getent group campaign-bridge-games").split(":")[2]
    said = machine.shell(
        "systemd-run --quiet --pipe --wait --property=PrivateNetwork=yes "
        f"setpriv --reuid 12345 --regid {group} --clear-groups {POST.replace('m1', 'm2')}"
    )

    assert json.loads(said)["duplicate"] is False


def test_a_game_in_a_container_posts_to_the_hosts_address_with_the_token(machine: Machine) -> None:
    machine.shell(
        "ip netns add game;"
        "ip link add games0 type veth peer name eth0 netns game;"
        "ip addr add 10.88.0.1/24 dev games0; ip link set games0 up;"
        "ip -n game addr add 10.88.0.2/24 dev eth0; ip -n game link set eth0 up"
    )
    machine.write(
        CONTAINERS,
        "[Socket]\nListenStream=10.88.0.1:8797\nFreeBind=yes\n",
    )
    machine.shell("systemctl daemon-reload; systemctl restart campaign-bridge.socket")
    machine.shell("systemctl start campaign-bridge")
    post = (
        "ip netns exec game curl -s http://10.88.0.1:8797/v1/achievements {}"
        ' -d \'{{"player": "name:Alice", "achievement": "comeback", "id": "m3"}}\''
    )
    token = '-H "Authorization: Bearer $(cat /etc/campaign-bridge/token)"'

    assert json.loads(machine.shell(post.format("")))["status"] == 401
    assert json.loads(machine.shell(post.format(token)))["state"] == "stored"


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


def test_a_backup_is_restored_as_the_service(machine: Machine) -> None:
    backups = "/var/lib/private/campaign-bridge/backups"
    newest = machine.shell(f"ls {backups} | tail -1").strip()
    machine.shell("systemctl stop campaign-bridge.socket")
    stopped = show(machine, "ActiveState")
    by_root = machine.shell("campaign-bridge outbox list", code=1)
    machine.shell(
        f"{AS_SERVICE} outbox restore /var/lib/campaign-bridge/backups/{newest} --yes;"
        "systemctl start campaign-bridge"
    )

    assert stopped == "inactive"
    assert f"hint: Run it as the service does: {AS_SERVICE}" in by_root
    assert machine.until(f"systemctl show -P StatusText {SERVICE} | grep quarantine")


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
        said = machine(AS_SERVICE, "--instance", name, "status", "--json").stdout
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
    kept = {"/etc/systemd/system/campaign-bridge.service.d", CONTAINERS.rpartition("/")[0]}
    assert set(left.split()) == kept
