"""Achievements from a shell hook, through a real daemon to a real sandbox."""

import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.cli.conftest import Cli
from tests.cli.play import Process, Ran, Site, run_apart, site_with_sandbox


def test_what_is_sent_is_stored_and_its_key_told(here: Cli) -> None:
    ran = here("send", "name:Stored", "first_blood", "--id", "m/1", "--json")
    listed = here("outbox", "list", "--player", "name:Stored", "--json").json["entries"]

    assert ran.code == 0
    assert ran.json["duplicate"] is False
    assert [entry["key"] for entry in listed] == [ran.json["key"]]


def test_the_same_id_again_counts_once(here: Cli) -> None:
    first = here("send", "name:Twice", "frag", "--id", "m/2", "--json").json
    again = here("send", "name:Twice", "frag", "--id", "m/2", "--json").json
    other = here("send", "name:Twice", "frag", "--id", "m/2", "--detail", "n=1")

    assert (again["key"], again["duplicate"]) == (first["key"], True)
    assert "(known before)" in other.out
    assert "came before with other content" in other.err


def test_without_an_id_it_says_what_counts(here: Cli, live: Site) -> None:
    here("players", "link", "name:NoId", live.users[0])
    without = here("send", "name:NoId", "first_blood")
    named = here("send", "name:NoId", "first_blood", "--id", "1")

    assert "the rule's `repeat` says" in without.err
    assert "repeat" not in named.err


def test_what_is_held_says_why_at_once_and_what_can_be_done(here: Cli) -> None:
    ran = here("send", "name:Unlinked", "first_blood", "--id", "1")

    assert ran.code == 0
    assert "held: the player is not linked to a userRef" in ran.err
    assert "what can be done: `players link name:Unlinked USERREF`" in ran.err


def test_a_slip_in_the_achievement_says_that_the_campaign_has_no_such_event(
    here: Cli, live: Site
) -> None:
    here("players", "link", "doom:Slip", live.users[0])
    ran = here("send", "doom:Slip", "frist_blood", "--id", "1", "--wait", "20")

    assert ran.code == 1
    assert "the campaign has no such event code" in ran.err
    assert "add frist_blood to the campaign's events" in ran.err


def test_details_and_time_arrive(here: Cli, live: Site) -> None:
    key = here(
        "send",
        "name:Told",
        "frag",
        "--id",
        "m/3",
        "--occurred-at",
        "2020-01-01T00:00:00+01:00",
        "--detail",
        "weapon=rail",
        "--detail",
        "n=3",
        "--detail",
        "list=[1]",
        "--json",
    ).json["key"]
    message = here("outbox", "show", key, "--json").json["message"]

    assert message["occurred_at"] == "2019-12-31T23:00:00.000Z"
    assert '"weapon": "rail"' in message["raw"]
    assert '"n": 3' in message["raw"]
    assert '"list": [1]' in message["raw"]


def test_waiting_ends_when_the_api_has_accepted(here: Cli, live: Site) -> None:
    here("players", "link", "quake:Waits", live.users[1])
    ran = here("send", "quake:Waits", "match_won", "--wait", "20", "--json")

    assert ran.code == 0
    assert ran.json["state"] in {"accepted", "confirmed"}


def test_waiting_for_what_is_held_fails_with_the_cause(here: Cli) -> None:
    ran = here("send", "name:Nobody", "match_won", "--wait", "20")

    assert ran.code == 1
    assert "held: unlinked" in ran.out
    assert "outbox show" in ran.err


def test_waiting_ends_with_its_time_and_says_so(here: Cli, live: Site) -> None:
    here("players", "link", "name:Late", live.users[1])
    ran = here("send", "name:Late", "frag", "--id", "m/4", "--wait", "0")

    assert ran.code == 1
    assert "stored" in ran.out
    assert "survives" in ran.err


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("Alice", "x"), "/player"),
        (("name:A", ""), "/achievement"),
        (("name:A", "x", "--occurred-at", "yesterday"), "RFC 3339"),
        (("name:A", "x", "--id", "\udcff"), "error: "),
    ],
)
def test_what_the_daemon_refuses_is_told_with_its_fields(
    here: Cli, arguments: tuple[str, ...], told: str
) -> None:
    ran = here("send", *arguments)

    assert ran.code == 1
    assert told in ran.err
    assert "hint: " in ran.err


def test_a_hook_runs_it_as_a_process_of_its_own(live: Site, daemon: Process) -> None:
    ran = run_apart(
        f"--config={live.config}",
        "send",
        "name:Hook",
        "frag",
        "--id=m/5",
        env=live.env,
    )

    assert ran.code == 0
    assert ran.out.split()[1] == "held"


def test_without_a_daemon_it_says_that_it_needs_one(cli: Cli, configured: Site) -> None:
    ran = cli("send", "name:A", "x", "--patience", "0.3")

    assert ran.code == 1
    assert f"no campaign-bridge daemon serves {configured.outbox}" in ran.err
    assert "hint: Start it with `campaign-bridge run`" in ran.err
    assert "trying for 0.3 s" in ran.err
    assert not configured.outbox.exists()


def test_a_daemon_that_starts_again_is_waited_for(site: Site, tmp_path: Path) -> None:
    with site_with_sandbox(tmp_path) as fresh, ThreadPoolExecutor() as pool:
        started = threading.Event()

        def send() -> Ran:
            started.set()
            arguments = [f"--config={fresh.config}", "send", "name:Early", "frag", "--id=1"]
            arguments.append("--patience=20")
            return run_apart(*arguments, env=fresh.env)

        sending = pool.submit(send)
        started.wait()
        with fresh.daemon():
            ran = sending.result()

    assert ran.code == 0, ran.err
