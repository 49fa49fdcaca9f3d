"""The command: what is refused before anything is sent, what is printed, exit codes."""

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from bridge.cli.probe.begin import Site as ProbeSite
from bridge.cli.probe.begin import Wanted, probed
from bridge.cli.probe.kept import FOLDER, Shelf
from bridge.cli.probe.prober import Manner
from bridge.cli.probe.trials import Probe
from bridge.settings.files import load_settings
from tests.campaigns.host import (
    CAMPAIGN,
    ENQUEUED,
    Answer,
    Host,
    campaign,
    host_beside,
    refuses,
    says,
)
from tests.cli.conftest import Cli
from tests.cli.play import SECRET, Process, Ran, Site, on_terminal, plain_config
from tests.cli.probe.rig import verdicts
from tests.sandbox.play import HandClock

EVENTS = f"/campaign/{CAMPAIGN}/events"
HISTORY = f"GET /campaign/{CAMPAIGN}/user/usr_1/events"
SENT = f"POST /api/v1{EVENTS}"
BEGIN = ("probe-idempotency", "--user=usr_1", "--event=EARN5", "--yes")
QUICK = ("--first=100ms", "--longest=200ms", "--settle=100ms")


def paid(times: int) -> Answer:
    rows = [
        {"id": f"tx_{n}", "userRef": "usr_1", "eventCode": "EARN5", "payoutAmount": 5}
        for n in range(times)
    ]
    pages = {"total": times, "limit": 100, "offset": 0, "hasMore": False}
    return says(200, {"success": True, "data": {"transactions": rows, "pagination": pages}})


@pytest.fixture
def host(site: Site) -> Iterator[Host]:
    """An API whose campaign may be probed; each event is paid at once, whatever its key."""
    with host_beside() as host:
        configure(site, host)
        host.on(f"GET /campaign/{CAMPAIGN}", campaign(availableToWithdraw=1000))
        told = [{"code": "EARN5", "name": "Five", "payoutAmount": 5}]
        host.on(f"GET {EVENTS}", says(200, {"success": True, "events": told}))
        host.on(HISTORY, pays_each(host))
        host.on(f"POST {EVENTS}", ENQUEUED)
        yield host


def configure(site: Site, host: Host, environment: str = "test", more: str = "") -> None:
    text = plain_config(base_url=host.url, more=more)
    site.config.write_text(text.replace('"test"', f'"{environment}"'))
    (site.folder / "api-key").write_text(SECRET)


def pays_each(host: Host, *, once_a_key: bool = False) -> Answer:
    """Show a payout for each event that came, or for each key."""

    async def answer(_: Host, request: web.Request) -> web.StreamResponse:
        calls = host.of(SENT)
        times = len({call.key for call in calls}) if once_a_key else len(calls)
        return await paid(times)(host, request)

    return answer


# -- refused before anything is sent --------------------------------------------------------


def test_a_live_campaign_is_refused_without_a_call(cli: Cli, site: Site, host: Host) -> None:
    configure(site, host, environment="live")
    ran = cli(*BEGIN)

    assert ran.code == 1
    assert "the settings say that this campaign is live, not test: nothing was sent" in ran.err
    assert "hint: " in ran.err
    assert host.calls == []


def test_a_campaign_that_the_api_calls_live_is_refused(cli: Cli, host: Host) -> None:
    host.on(f"GET /campaign/{CAMPAIGN}", campaign(environment="live"))
    ran = cli(*BEGIN)

    assert ran.code == 1
    assert "the API says that this campaign is live, not test: nothing was sent" in ran.err
    assert host.of(SENT) == []


def test_a_campaign_that_became_live_is_not_gone_on_with(cli: Cli, host: Host) -> None:
    begun = cli(*BEGIN, "--first=1h", "--longest=2h", "--once", "--settle=100ms")
    sent = len(host.of(SENT))
    host.on(f"GET /campaign/{CAMPAIGN}", campaign(environment="live"))
    ran = cli("probe-idempotency")

    assert begun.code == 0, begun.err
    assert ran.code == 1
    assert "the API says" in ran.err
    assert len(host.of(SENT)) == sent


def test_a_campaign_that_is_not_active_is_refused(cli: Cli, host: Host) -> None:
    host.on(f"GET /campaign/{CAMPAIGN}", campaign("Stopped"))
    ran = cli(*BEGIN)

    assert ran.code == 1
    assert "the campaign is Stopped, not Active: nothing was sent" in ran.err
    assert host.of(SENT) == []


@pytest.mark.parametrize("status", [404, 405, 501])
def test_an_api_without_histories_is_refused(cli: Cli, host: Host, status: int) -> None:
    host.on(HISTORY, says(status, b"<html>nothing here"))
    ran = cli(*BEGIN)

    assert ran.code == 1
    assert "the API shows no history of payouts" in ran.err
    assert "nothing can be counted" in ran.err
    assert host.of(SENT) == []


def test_what_it_costs_is_said_and_asked(cli: Cli, host: Host) -> None:
    words = [word for word in BEGIN if word != "--yes"]
    asked = cli(*words, "--first=1m", "--longest=1h")
    told = cli(*BEGIN, "--first=1h", "--longest=2h", "--once", "--settle=100ms")

    assert asked.code == 1
    assert "nobody is there to confirm it" in asked.err
    assert "at most 4 payouts of 5.00, 20.00 together, of test money to usr_1" in told.err
    assert len(host.of(SENT)) == 2


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--first=2h", "--longest=1h"], "--first is longer than --longest"),
        (["--first=1s", "--longest=999d", "--factor=1.1"], "take a larger --factor"),
        (["--first=soon"], "write a duration"),
        (["--factor=1"], "--factor"),
        (["--once", "--status"], "exclude each other"),
        (["--user="], "it is empty"),
    ],
)
def test_what_can_not_be_meant_is_misuse(cli: Cli, host: Host, words: list[str], said: str) -> None:
    ran = cli("probe-idempotency", *words)

    assert ran.code == 2
    assert said in ran.err
    assert host.calls == []


def test_a_probe_begins_with_a_user_and_an_event(cli: Cli, host: Host) -> None:
    ran = cli("probe-idempotency", "--user=usr_1")

    assert ran.code == 2
    assert "--user and --event begin one" in ran.err
    assert host.of(SENT) == []


def test_a_campaign_that_is_not_configured_is_told(cli: Cli, host: Host) -> None:
    ran = cli(*BEGIN, "--campaign=other")

    assert ran.code == 1
    assert f"no campaign 'other' is configured; configured are: {CAMPAIGN}" in ran.err


def test_where_nothing_can_be_kept_nothing_is_sent(cli: Cli, site: Site, host: Host) -> None:
    (site.folder / "state").mkdir()
    (site.folder / "state" / FOLDER).write_text("in the way")
    ran = cli(*BEGIN)

    assert ran.code == 1
    assert "so nothing more was sent" in ran.err
    assert host.of(SENT) == []


# -- learned --------------------------------------------------------------------------------


def test_an_api_that_forgets_at_once_is_told_as_dangerous(cli: Cli, host: Host) -> None:
    ran = cli(*BEGIN, *QUICK)

    assert ran.code == 0, ran.err
    assert "remembered  never" in ran.out
    assert "forgotten   within" in ran.out
    assert '! dangerous: key_horizon is "20h" now, longer than was proven' in ran.out
    assert "would pay a second time" in ran.out
    assert "[delivery]" not in ran.out
    assert len({call.body for call in host.of(SENT)}) == 1


def test_what_was_learned_as_json(cli: Cli, host: Host) -> None:
    host.on(HISTORY, pays_each(host, once_a_key=True))
    ran = cli(*BEGIN, "--first=1s", "--longest=1.3s", "--settle=100ms", "--json")
    told = ran.json
    again = cli("probe-idempotency", "--json")

    assert ran.code == 0, ran.err
    assert [gap["state"] for gap in told["gaps"]] == ["remembered", "remembered"]
    assert told["done"] is True
    assert told["dangerous"] is True
    assert told["proposed"] == "1s"
    assert (told["forgotten"], told["contradictory"], told["others"]) == (None, False, False)
    assert 1.3 <= told["remembered"] < 20
    assert again.json == told


def test_a_horizon_within_what_was_proven_is_no_danger(cli: Cli, site: Site, host: Host) -> None:
    configure(site, host, more='[delivery]\nkey_horizon = "500ms"\n')
    host.on(HISTORY, pays_each(host, once_a_key=True))
    ran = cli(*BEGIN, "--first=1s", "--longest=1.3s", "--settle=100ms")

    assert ran.code == 0, ran.err
    assert 'config.toml:\n[delivery]\nkey_horizon = "1s"\n' in ran.out
    assert "dangerous" not in ran.out


def test_a_key_that_is_answered_with_conflicts_is_judged_as_nothing(
    cli: Cli, site: Site, host: Host
) -> None:
    """Some say "in progress" with it, some "done already"."""
    host.on(f"POST {EVENTS}", ENQUEUED, ENQUEUED, refuses(409, "in use"))
    host.on(HISTORY, pays_each(host, once_a_key=True))
    probe = by_hand(site, 60, 120)
    ran = cli("probe-idempotency")

    assert verdicts(probe) == ["inconclusive", "inconclusive"]
    assert "409" in probe.trials[0].why
    assert ran.code == 1
    assert "nothing is learned" in ran.out
    assert "error: no gap could be judged" in ran.err
    assert "error: no gap could be judged\nhint: Somebody" in ran.err


def by_hand(site: Site, *gaps: float) -> Probe:
    """Make a probe with a clock of its own, so that a pause takes no time."""
    settings = load_settings(site.config)
    (found,) = settings.campaigns
    shelf = Shelf(site.folder / "state" / FOLDER, found.base_url, found.id)
    clock = HandClock()

    async def sleep(seconds: float) -> None:
        clock.turn(seconds)

    asked = Wanted("usr_1", "EARN5", gaps, planned=True, manner=Manner(10.0), yes=True)
    with shelf.held():
        place = ProbeSite(found, settings.delivery, shelf)
        return asyncio.run(probed(place, asked, clock, sleep))


def test_a_key_that_is_refused_ends_it_with_what_to_do(cli: Cli, host: Host) -> None:
    host.on(f"POST {EVENTS}", refuses(401, "revoked"))
    ran = cli(*BEGIN, *QUICK)

    assert ran.code == 1
    assert "revoked" in ran.err
    assert "api_key_file holds this campaign's key" in ran.err
    assert "the same command goes on" in ran.err


# -- status, forget, two at once ------------------------------------------------------------


def test_status_shows_the_probe_and_calls_nobody(cli: Cli, host: Host) -> None:
    none = cli("probe-idempotency", "--status")
    begun = cli(*BEGIN, "--first=1h", "--longest=2h", "--once", "--settle=100ms")
    calls = len(host.calls)
    text, told = (
        cli("probe-idempotency", "--status"),
        cli("probe-idempotency", "--status", "--json"),
    )

    assert none.code == 1
    assert "no probe of this campaign is here" in none.err
    assert (begun.code, text.code, told.code) == (0, 0, 0)
    assert "2 gaps still open: the same command goes on" in text.out
    assert "waiting  due 20" in text.out
    assert [gap["state"] for gap in told.json["gaps"]] == ["waiting", "waiting"]
    assert told.json["gaps"][0]["due_at"]
    assert len(host.calls) == calls


def test_a_forgotten_probe_makes_room_for_another_one(cli: Cli, host: Host) -> None:
    quick = ("--first=1h", "--longest=2h", "--once", "--settle=100ms")
    cli(*BEGIN, *quick)
    other = cli(*BEGIN, *quick, "--longest=3h")
    forgotten = cli("probe-idempotency", "--forget", "--yes")
    after = cli(*BEGIN, *quick, "--longest=3h")

    assert other.code == 1
    assert "is here already" in other.err
    assert forgotten.out == "the probe is forgotten\n"
    assert after.code == 0, after.err


def test_two_at_once_are_refused(cli: Cli, site: Site, host: Host) -> None:
    shelf = Shelf(site.folder / "state" / FOLDER, host.url, CAMPAIGN)
    with shelf.held():
        ran = cli(*BEGIN)

    assert ran.code == 1
    assert "another command is just probing this campaign" in ran.err
    assert host.of(SENT) == []


@pytest.mark.parametrize("damage", [b"{", b"null", b'{"trials": []}'])
def test_a_damaged_probe_is_told_and_can_be_forgotten(
    cli: Cli, site: Site, host: Host, damage: bytes
) -> None:
    cli(*BEGIN, "--first=1h", "--longest=2h", "--once", "--settle=100ms")
    (path,) = (site.folder / "state" / FOLDER).glob("*.json")
    path.write_bytes(damage)
    sent = len(host.of(SENT))
    ran, forgotten = cli("probe-idempotency"), cli("probe-idempotency", "--forget", "--yes")

    assert ran.code == 1
    assert f"the probe in {path} can't be read" in ran.err
    assert "--forget" in ran.err
    assert forgotten.code == 0, forgotten.err
    assert len(host.of(SENT)) == sent
    assert not path.exists()


def test_a_probe_of_another_campaign_is_not_taken_for_this_one(
    cli: Cli, site: Site, host: Host
) -> None:
    cli(*BEGIN, "--first=1h", "--longest=2h", "--once", "--settle=100ms")
    (path,) = (site.folder / "state" / FOLDER).glob("*.json")
    kept: dict[str, Any] = json.loads(path.read_bytes())
    path.write_text(json.dumps({**kept, "campaign": "camp_2"}))

    assert "it belongs to another campaign" in cli("probe-idempotency").err


# -- processes ------------------------------------------------------------------------------


def test_interrupted_it_goes_on_where_it_was(cli: Cli, site: Site, host: Host) -> None:
    host.on(HISTORY, pays_each(host, once_a_key=True))
    words = [f"--config={site.config}", *BEGIN, "--first=1s", "--longest=2s", "--settle=100ms"]
    process = Process(words, {**site.env, "PYTHONUNBUFFERED": "1"})
    process.wait_for("the next key")
    process.stop()
    ran = cli("probe-idempotency", "--settle=100ms", "--json")

    assert ran.code == 0, ran.err
    assert [gap["state"] for gap in ran.json["gaps"]] == ["remembered", "remembered"]
    assert len(host.of(SENT)) == 4


def test_on_a_terminal_a_line_moves_and_verdicts_stay(site: Site, host: Host) -> None:
    code, drawn = on_terminal(f"--config={site.config}", *BEGIN[:-1], *QUICK, answer=b"y\n")

    assert code == 0, drawn
    assert "Begin?" in drawn
    assert "ms: forgotten within" in drawn
    assert "\x1b[" in drawn


# -- the real sandbox, in real time ---------------------------------------------------------


def test_a_sandbox_that_forgets_after_two_seconds(tmp_path: Path, site: Site, cli: Cli) -> None:
    sandbox, admin = forgetful(tmp_path)
    try:
        begun = init(cli, site, sandbox.wait_for("sandbox:").split()[1], admin)
        ran = cli(
            "probe-idempotency",
            f"--user={begun.json['users'][0]}",
            "--event=first_blood",
            "--first=800ms",
            "--factor=4",
            "--longest=4s",
            "--settle=400ms",
            "--yes",
            "--json",
        )
    finally:
        sandbox.stop()

    assert ran.code == 0, ran.err
    assert [gap["state"] for gap in ran.json["gaps"]] == ["remembered", "forgotten", "forgotten"]


def forgetful(folder: Path) -> tuple[Process, Path]:
    token = folder / "admin-token"
    token.write_text("admin-of-the-tests")
    words = ["sandbox", "--port=0", f"--admin-token-file={token}", "--job-delay=0.05"]
    return Process([*words, "--idempotency-retention=2"], {"PYTHONUNBUFFERED": "1"}), token


def init(cli: Cli, site: Site, url: str, admin: Path) -> Ran:
    done = cli("init", f"--sandbox={url}", f"--admin-token-file={admin}", "--json")
    assert done.code == 0, done.err
    return done
