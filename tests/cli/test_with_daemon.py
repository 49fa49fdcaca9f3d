"""Every command that talks, with a daemon: the same words as without one, and the same answers."""

import os
import signal
from typing import Any

import pytest

from tests.cli.conftest import Cli
from tests.cli.play import Process, Site, run_apart

# -- status ---------------------------------------------------------------------------------


def test_status_is_one_screen(here: Cli, live: Site, daemon: Process) -> None:
    here("send", "name:Screen", "first_blood")
    ran = here("status")

    assert ran.code == 0
    assert f"outbox {live.outbox}, through the daemon (pid {daemon.pid})" in ran.err
    assert f"pid {daemon.pid}" in ran.out
    assert "listening http 127.0.0.1:" in ran.out
    assert "ready     yes" in ran.out
    assert live.campaign in ran.out
    assert "HELD" in ran.out
    assert "backlog   0 entries" in ran.out
    assert "received" in ran.out
    assert len(ran.out.splitlines()) <= 24


SECTIONS = {"outbox", "daemon", "lanes", "reasons", "intake", "ledger", "campaigns"} | {
    "confirming",
    "webhooks",
    "payout_lag",
    "sources",
    "outbox_check",
}


def test_status_as_json_has_the_same_shape_without_a_daemon(cli: Cli, configured: Site) -> None:
    told = cli("status", "--json").json

    assert set(told) == SECTIONS
    assert (told["daemon"], told["lanes"]) == (None, [])


def test_status_as_json_tells_of_daemon_and_lanes(here: Cli, live: Site, daemon: Process) -> None:
    told = here("status", "--json").json

    assert set(told) == SECTIONS
    assert told["daemon"]["pid"] == daemon.pid
    assert told["lanes"][0]["campaign"] == live.campaign
    assert told["outbox"] == str(live.outbox)
    assert told["outbox_check"]["progress"] == 1.0
    assert f"outbox    {told['outbox_check']['words']}\n" in here("status").out


def test_a_paused_lane_is_told_with_cause_and_next_probe(
    here: Cli, live: Site, daemon: Process
) -> None:
    """The settings name another environment after a reload."""
    text = live.config.read_text()
    live.config.write_text(text.replace('environment = "test"', 'environment = "live"'))
    daemon_reload(daemon)
    daemon.wait_for("lane paused")
    paused = here("status")
    live.config.write_text(text)
    daemon_reload(daemon)
    daemon.wait_for("lane open")

    assert "paused: environment_differs" in paused.out
    assert "! lane-environment-differs: " in paused.out
    assert "in " in paused.out.split("environment_differs", 1)[1]


def daemon_reload(daemon: Process) -> None:
    os.kill(daemon.pid, signal.SIGHUP)
    daemon.wait_for("settings_reloaded")


# -- players and outbox ---------------------------------------------------------------------


def test_players_are_linked_through_the_daemon_at_once(here: Cli, live: Site) -> None:
    here("send", "name:Linked", "first_blood")
    linked = here("players", "link", "name:Linked", live.users[0])
    paid = here("send", "name:Linked", "first_blood", "--wait", "20", "--json")

    assert "1 held entry released" in linked.out
    assert paid.json["duplicate"] is True
    assert paid.json["state"] == "accepted"
    assert {"name:Linked"} <= {
        each["player"] for each in here("players", "list", "--json").json["players"]
    }


@pytest.mark.parametrize(
    "player", ["name:a/b", "name:..", "name:50%25 off", "name:ü ?#&=", "name:✕"]
)
def test_a_player_of_any_name_is_found_again(here: Cli, live: Site, player: str) -> None:
    linked = here("players", "link", player, live.users[1], "--json")
    shown = here("players", "show", player, "--json")
    undone = here("players", "unlink", player, "--json")

    assert linked.code == 0, linked.err
    assert shown.json["player"] == player
    assert shown.json["links"][0]["userRef"] == live.users[1]
    assert undone.json["links"] == []


def test_the_story_of_a_payout(here: Cli, live: Site) -> None:
    here("players", "link", "name:Story", live.users[1])
    key = here("send", "name:Story", "match_won", "--wait", "20", "--json").json["key"]
    out = here("outbox", "show", key).out

    assert "state      accepted: the API has taken it" in out
    assert "a message came by the achievements call from unix" in out
    assert "attempt 1: the API took it (HTTP 202" in out
    assert f"userRef {live.users[1]}" in out


def test_a_decision_through_the_daemon_is_journaled_with_the_users_name(here: Cli) -> None:
    key = here("send", "name:Decided", "first_blood", "--json").json["key"]
    refused = here("outbox", "retry", key)
    discarded = here("outbox", "discard", "--yes", key)
    journal = here("outbox", "show", key, "--json").json["journal"]

    assert (refused.code, discarded.code) == (1, 0)
    assert "players link PLAYER USERREF" in refused.err
    assert journal[-1]["what"] == "discard"
    assert journal[-1]["who"].startswith("operator ")


def test_an_unknown_key_is_the_same_error_as_without_a_daemon(here: Cli) -> None:
    for key in ("00000000-0000-4000-8000-000000000000", "a/b ?", "\udcff"):
        ran = here("outbox", "show", key)
        assert ran.code == 1
        assert "hint: Run `campaign-bridge outbox list`" in ran.err


def test_filters_go_through_the_daemon(here: Cli) -> None:
    here("send", "name:Filter", "first_blood")
    found = here("outbox", "list", "--player", "name:Filter", "--state", "held", "--json").json
    none = here("outbox", "list", "--campaign", "another", "--json").json
    bad = here("outbox", "list", "--player", "Filter")

    assert len(found["entries"]) == 1
    assert none["entries"] == []
    assert bad.code == 1


def test_a_hostile_player_is_shown_harmlessly(here: Cli) -> None:
    here("send", "name:\u202e\u200bmoc", "first_blood")
    out = here("outbox", "list", "--limit", "1").out

    assert "name:\\u202e\\u200bmoc" in out


@pytest.mark.parametrize(
    "arguments",
    [
        ["status"],
        ["check"],
        ["players", "list"],
        ["outbox", "list"],
        ["adapters", "list"],
    ],
)
def test_each_command_works_as_a_process_of_its_own(
    live: Site, daemon: Process, arguments: list[str]
) -> None:
    ran = run_apart(f"--config={live.config}", *arguments, "--json", env=live.env)
    told: dict[str, Any] = ran.json

    assert ran.code == 0, ran.err
    assert ran.err == ""
    assert told


def test_the_daemon_ends_cleanly_and_the_commands_go_on(
    live: Site, here: Cli, daemon: Process
) -> None:
    code = daemon.stop()
    ran = here("outbox", "list")

    assert code == 0
    assert f"outbox {live.outbox}, directly: no daemon runs for it" in ran.err
