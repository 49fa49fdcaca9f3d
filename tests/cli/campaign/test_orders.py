"""`campaign start`, `stop`, `withdraw`: asked about, kept under a key, followed to their end."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from bridge.campaigns.lifecycle import Verb
from tests.campaigns.host import (
    CAMPAIGN,
    ENQUEUED,
    Answer,
    Host,
    campaign,
    refuses,
    reset,
    says,
)
from tests.cli.campaign.pointed import Pointed
from tests.cli.conftest import Cli
from tests.cli.play import SECRET, Site, plain_config

LOOK = f"GET /campaign/{CAMPAIGN}"
WIRE = {"start": "PUT", "stop": "PUT", "withdraw": "POST"}


def call(verb: str) -> str:
    return f"{WIRE[verb]} /campaign/{CAMPAIGN}/{verb}"


def keys_of(host: Host, verb: str) -> list[str]:
    return [each.key for each in host.of(f"{WIRE[verb]} /api/v1/campaign/{CAMPAIGN}/{verb}")]


@pytest.fixture
def orders(pointed: Pointed) -> Pointed:
    """The program before a campaign that takes every order."""
    pointed.host.on(LOOK, campaign("Stopped"))
    for verb in WIRE:
        pointed.host.on(call(verb), ENQUEUED)
    return pointed


@pytest.fixture
def folder(site: Site) -> Path:
    """Where keys of open orders lie."""
    return site.folder / "state" / "campaign-orders"


def open_orders(folder: Path) -> dict[str, Any]:
    return {path.name.split(".")[1]: json.loads(path.read_text()) for path in folder.glob("*.json")}


def make_older(folder: Path, age: timedelta) -> None:
    """Let the open orders' keys have been made so long ago."""
    for path in folder.glob("*.json"):
        kept = json.loads(path.read_text())
        kept["made_at"] = (datetime.now(UTC) - age).isoformat()
        path.write_text(json.dumps(kept))


# -- asking ---------------------------------------------------------------------------------


@pytest.mark.parametrize("verb", WIRE)
def test_without_a_terminal_and_without_a_yes_nothing_is_done(orders: Pointed, verb: str) -> None:
    ran = orders(verb)

    assert ran.code == 2
    assert "--yes goes ahead" in ran.err
    assert f"hint: See `campaign-bridge campaign {verb} --help`." in ran.err
    assert orders.host.calls == []


@pytest.mark.parametrize(
    ("verb", "told"),
    [
        ("start", "start it; its events are then paid out of 12.50"),
        ("stop", "stop it; its events are then no longer paid"),
        ("withdraw", "withdraw 12.50, all that remains in it"),
    ],
)
def test_what_will_happen_is_said_and_done(orders: Pointed, verb: str, told: str) -> None:
    ran = orders(verb, "--yes")

    assert ran.code == 0, ran.err
    assert f"camp_1 · Autumn · test: it is Stopped; {told}" in ran.err
    assert ran.out == f"{verb} accepted: Job enqueued\n"


def test_an_unknown_balance_is_said_before_a_withdrawal(orders: Pointed) -> None:
    orders.host.on(LOOK, campaign("Stopped", availableToWithdraw=None))

    assert "withdraw an unknown amount" in orders("withdraw", "--yes").err


def test_an_order_as_json_names_its_key(orders: Pointed) -> None:
    told = orders("start", "--yes", "--json").json

    assert told == {
        "campaign": CAMPAIGN,
        "order": "start",
        "message": "Job enqueued",
        "idempotencyKey": keys_of(orders.host, "start")[0],
        "repeated": False,
        "standing": None,
    }
    assert told["idempotencyKey"].startswith("start-")


def test_a_campaign_of_another_environment_is_not_touched(
    cli: Cli, site: Site, orders: Pointed
) -> None:
    site.config.write_text(plain_config(base_url=orders.host.url))
    (site.folder / "api-key").write_text(SECRET)
    orders.host.on(LOOK, campaign("Stopped", environment="live"))
    ran = cli("campaign", "start", "--yes")

    assert ran.code == 1
    assert "environment is 'live', the settings say 'test'; nothing was sent" in ran.err
    assert keys_of(orders.host, "start") == []


# -- the key --------------------------------------------------------------------------------


def test_two_orders_that_were_answered_have_two_keys(orders: Pointed, folder: Path) -> None:
    orders("start", "--yes")
    orders("start", "--yes")

    assert len(set(keys_of(orders.host, "start"))) == 2
    assert open_orders(folder) == {}


@pytest.mark.parametrize("verb", WIRE)
@pytest.mark.parametrize(
    "answer", [reset, says(202, b"<html>"), refuses(500), says(400, b"<html>"), refuses(409)]
)
def test_what_was_not_answered_is_given_again_under_its_key(
    orders: Pointed, folder: Path, verb: str, answer: Answer
) -> None:
    orders.host.on(call(verb), answer, ENQUEUED)
    first = orders(verb, "--yes")
    kept = open_orders(folder)
    second = orders(verb, "--yes", "--json")
    keys = keys_of(orders.host, verb)

    assert first.code == 1
    assert "it may have been done" in first.err
    assert f"hint: The key is kept: give the {verb} again" in first.err
    assert kept[verb]["key"] == keys[0]
    assert second.code == 0, second.err
    assert "not answered: it is sent again under the same Idempotency-Key" in second.err
    assert second.json["repeated"] is True
    assert keys[0] == keys[1]
    assert open_orders(folder) == {}


@pytest.mark.parametrize("status", [400, 401, 403, 404, 422, 429])
def test_a_refusal_that_proves_that_nothing_was_done_ends_the_order(
    orders: Pointed, folder: Path, status: int
) -> None:
    orders.host.on(call("start"), refuses(status, "not now"), ENQUEUED)
    refused = orders("start", "--yes")
    orders("start", "--yes")

    assert refused.code == 1
    assert "not now" in refused.err
    assert "may have been done" not in refused.err
    assert len(set(keys_of(orders.host, "start"))) == 2


@pytest.mark.parametrize(
    ("verb", "stands", "hint"),
    [
        ("withdraw", "Active", "`campaign-bridge campaign stop --wait`, then withdraw"),
        ("withdraw", "Stopping", "`campaign-bridge campaign stop --wait`, then withdraw"),
        ("withdraw", "Withdrawn", "Run `campaign-bridge campaign show`"),
        ("start", "Active", "It is Active already"),
        ("start", "Stopping", "once it has stopped: `campaign-bridge campaign show`"),
        ("start", "Draft", "Fund it first"),
        ("stop", "Stopped", "`campaign-bridge campaign withdraw`"),
        ("stop", "Active", "Run `campaign-bridge campaign show`"),
    ],
)
def test_an_order_in_the_wrong_state_is_answered_with_the_next_command(
    orders: Pointed, verb: str, stands: str, hint: str
) -> None:
    orders.host.on(LOOK, campaign(stands))
    orders.host.on(call(verb), refuses(400, "not now"))
    ran = orders(verb, "--yes")

    assert ran.code == 1
    assert "not now" in ran.err
    assert hint in ran.err


@pytest.mark.parametrize(("status", "kept"), [(400, False), (404, False), (401, True), (429, True)])
def test_after_a_lost_attempt_only_who_looked_at_the_order_ends_it(
    orders: Pointed, folder: Path, status: int, kept: bool
) -> None:
    orders.host.on(call("start"), reset, refuses(status, "not now"))
    orders("start", "--yes")
    ran = orders("start", "--yes")

    assert ran.code == 1
    assert ("start" in open_orders(folder)) is kept
    assert ("The key is kept" in ran.err) is kept
    assert ("The earlier start may have been carried out" in ran.err) is not kept


def test_a_host_that_goes_away_before_the_order_leaves_nothing_open(
    orders: Pointed, folder: Path
) -> None:
    orders.host.on(LOOK, reset)
    ran = orders("start", "--yes")

    assert ran.code == 1
    assert "can't be reached" in ran.err
    assert open_orders(folder) == {}


def test_a_key_past_its_horizon_is_not_sent_again_blindly(orders: Pointed, folder: Path) -> None:
    orders.host.on(call("start"), reset, ENQUEUED)
    orders("start", "--yes")
    make_older(folder, timedelta(hours=21))
    refused = orders("start", "--yes")
    afresh = orders("start", "--yes", "--new-key", "--json")
    keys = keys_of(orders.host, "start")

    assert refused.code == 1
    assert "a start was sent 21 h ago and not answered" in refused.err
    assert "the campaign is Stopped, 12.50 left" in refused.err
    assert "--new-key" in refused.err.split("hint: ")[1]
    assert afresh.code == 0, afresh.err
    assert (len(keys), keys[0] == keys[1], afresh.json["repeated"]) == (2, False, False)


def test_a_key_within_its_horizon_is_sent_again(orders: Pointed, folder: Path) -> None:
    orders.host.on(call("start"), reset, ENQUEUED)
    orders("start", "--yes")
    make_older(folder, timedelta(hours=19))
    ran = orders("start", "--yes")

    assert "a start was sent 19 h ago" in ran.err
    assert len(set(keys_of(orders.host, "start"))) == 1


def test_a_key_of_a_time_still_to_come_is_not_trusted(orders: Pointed, folder: Path) -> None:
    orders.host.on(call("start"), reset, ENQUEUED)
    orders("start", "--yes")
    make_older(folder, -timedelta(hours=1))
    ran = orders("start", "--yes")

    assert ran.code == 1
    assert "at a time that is still to come" in ran.err


def test_the_settings_say_how_long_a_key_is_trusted(
    cli: Cli, site: Site, orders: Pointed, folder: Path
) -> None:
    site.config.write_text(
        plain_config(base_url=orders.host.url, more='[delivery]\nkey_horizon = "1h"\n')
    )
    (site.folder / "api-key").write_text(SECRET)
    orders.host.on(call("start"), reset, ENQUEUED)
    cli("campaign", "start", "--yes")
    make_older(folder, timedelta(hours=2))

    assert "too old" in cli("campaign", "start", "--yes").err


def test_an_order_that_was_answered_closes_the_older_ones(orders: Pointed, folder: Path) -> None:
    """Else a start of next hour would be answered with what was said to the start of this one."""
    orders.host.on(call("start"), reset, ENQUEUED)
    orders("start", "--yes")
    orders("stop", "--yes")
    orders("start", "--yes")

    assert len(set(keys_of(orders.host, "start"))) == 2
    assert open_orders(folder) == {}


def test_a_damaged_key_is_told_and_replaced_on_demand(orders: Pointed, folder: Path) -> None:
    orders.host.on(call("start"), reset, ENQUEUED)
    orders("start", "--yes")
    (path,) = folder.glob("*.json")
    path.write_text('{"key": ')
    refused, afresh = orders("start", "--yes"), orders("start", "--yes", "--new-key")

    assert refused.code == 1
    assert f"its key in {path} can't be read" in refused.err
    assert "--new-key" in refused.err.split("hint: ")[1]
    assert len(keys_of(orders.host, "start")) == 2
    assert afresh.code == 0, afresh.err


def test_where_no_key_can_be_kept_nothing_is_sent(orders: Pointed, folder: Path) -> None:
    folder.parent.mkdir()
    folder.write_text("in the way")
    ran = orders("start", "--yes")

    assert ran.code == 1
    assert "so nothing was sent" in ran.err
    assert "$STATE_DIRECTORY" in ran.err
    assert keys_of(orders.host, "start") == []


# -- following ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("verb", "seen"),
    [
        ("start", [campaign("Stopped"), campaign("Starting"), campaign("Active")]),
        ("stop", [campaign("Active"), campaign("Stopping"), campaign("Frozen")]),
        (
            "withdraw",
            [
                campaign("Stopped"),
                campaign("Withdrawing"),
                campaign("Withdrawn", availableToWithdraw="0.00"),
            ],
        ),
    ],
)
def test_a_job_is_followed_to_its_end(orders: Pointed, verb: str, seen: list[Answer]) -> None:
    orders.host.on(LOOK, campaign("Stopped"), *seen)
    ran = orders(verb, "--yes", "--wait")

    assert ran.code == 0, ran.err
    assert f"{verb} done: the campaign is " in ran.out
    assert len(orders.host.of(f"GET /api/v1/campaign/{CAMPAIGN}")) == 4


def test_a_followed_order_as_json_holds_the_standing(orders: Pointed) -> None:
    orders.host.on(LOOK, campaign("Stopped"), campaign("Active"))
    told = orders("start", "--yes", "--wait", "--json").json

    assert told["standing"]["status"] == "Active"


def test_each_change_is_one_line_in_a_log(orders: Pointed) -> None:
    starting = campaign("Starting")
    orders.host.on(LOOK, campaign("Stopped"), starting, starting, starting, campaign("Active"))
    ran = orders("start", "--yes", "--wait")

    assert ran.err.count("the campaign is Starting") == 1


def test_a_host_that_is_away_for_a_while_is_waited_for(orders: Pointed) -> None:
    slow = says(429, {"success": False, "error": "slow"}, Retry_After="0")
    orders.host.on(LOOK, campaign("Stopped"), reset, refuses(503), slow, campaign("Active"))
    ran = orders("start", "--yes", "--wait")

    assert ran.code == 0, ran.err
    assert "answered 503" in ran.err


def test_waiting_is_bounded_and_the_end_is_told(orders: Pointed) -> None:
    ran = orders("start", "--yes", "--wait", "--timeout=0.3")
    as_json = orders("start", "--yes", "--wait", "--timeout=0.3", "--json")

    assert ran.code == 1
    assert ran.out == "start accepted: Job enqueued\n"
    assert "the start is not done after 0.3 s: the campaign is Stopped, 12.50 left" in ran.err
    assert "hint: It was accepted and may still be carried out" in ran.err
    assert (as_json.code, as_json.json["standing"]) == (1, None)
    assert as_json.json["code"] == "command"
    assert "the start is not done" in as_json.json["error"]


def test_a_key_that_is_refused_while_waiting_ends_it_at_once(orders: Pointed) -> None:
    orders.host.on(LOOK, campaign("Stopped"), refuses(401, "revoked"))
    ran = orders("start", "--yes", "--wait")

    assert ran.code == 1
    assert "revoked" in ran.err


def test_retry_after_is_respected_while_waiting(orders: Pointed) -> None:
    slow = says(429, {"success": False, "error": "slow"}, Retry_After="60")
    orders.host.on(LOOK, campaign("Stopped"), slow, campaign("Active"))
    ran = orders("start", "--yes", "--wait", "--timeout=0.5")

    assert ran.code == 1
    assert len(orders.host.of(f"GET /api/v1/campaign/{CAMPAIGN}")) == 2


def test_every_verb_is_a_command(orders: Pointed) -> None:
    assert set(Verb) == set(WIRE)
