"""The guide's end-to-end test from the command line alone: `campaign`, `players`, `send`, `outbox`.

What a dashboard is for in the guide, to create and to fund, the sandbox's own calls do; what a
player does, the player's call does. An event is what the daemon makes of an achievement.
"""

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from bridge.cli.stage import free_port
from tests.cli.campaign.owner import Owner
from tests.cli.conftest import Cli
from tests.cli.play import PATIENCE, SECRET, Site, plain_config, sandbox_beside


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with sandbox_beside(tmp_path_factory.mktemp("sandbox")) as url:
        yield url


@pytest.fixture
def owner(sandbox: str, site: Site) -> Owner:
    """A draft without funds, and a configuration of it."""
    owner = Owner(sandbox)
    more = f'webhook_secret_files = ["hook"]\n[outbox]\nurl = "sqlite:///{site.outbox}"\n'
    site.config.write_text(plain_config(owner.campaign, more, f"{sandbox}/api"))
    site.env["CAMPAIGN_BRIDGE_HTTP__LISTEN"] = listen = f"127.0.0.1:{free_port()}"
    _write_secret(site.folder / "hook", owner.watch(f"http://{listen}/webhooks/oncade"))
    _write_secret(site.folder / "api-key", owner.api_key)
    _write_secret(site.folder / "token", SECRET)
    return owner


def _write_secret(path: Path, secret: str) -> None:
    path.touch(mode=0o600)
    path.write_text(secret)


def _becomes(cli: Cli, key: str, *states: str) -> Any:
    """Look at a receipt until its entry has one of `states`: another process tells nobody."""
    until = time.monotonic() + PATIENCE
    while (receipt := cli("outbox", "show", key, "--json").json)["entry_state"] not in states:
        assert time.monotonic() < until, receipt
    return receipt


def test_the_guides_end_to_end_flow(cli: Cli, site: Site, owner: Owner) -> None:
    draft, unfunded = cli("campaign", "show", "--json"), cli("campaign", "start", "--yes")
    owner.fund(100)
    started = cli("campaign", "start", "--yes", "--wait", "--json")
    begun = cli("campaign", "link", "player@example.com", "--json")
    owner.decide("approve", begun.json["sessionKey"])
    user_ref = cli("campaign", "link", "player@example.com", "--wait", "--json").json["userRef"]
    user = cli("campaign", "user", user_ref, "--json")
    with site.daemon():
        cli("players", "link", "name:Alice", user_ref)
        cli("players", "link", "name:Nobody", "usr_nobody")
        event = cli("send", "name:Alice", "EARN5", "--wait=20", "--json")
        unknown = cli("send", "name:Nobody", "EARN5", "--wait=20", "--json")
        receipt = cli("outbox", "show", unknown.json["key"], "--json")
        paid = _becomes(cli, event.json["key"], "confirmed")
    too_early = cli("campaign", "withdraw", "--yes")
    stopped = cli("campaign", "stop", "--yes", "--wait")
    withdrawn = cli("campaign", "withdraw", "--yes", "--wait", "--json")

    assert draft.json["status"] == "Draft"
    assert (unfunded.code, "not funded" in unfunded.err) == (1, True)
    assert started.json["standing"]["status"] == "Active"
    assert started.json["standing"]["availableToWithdraw"] == "100.00"
    assert user.json["userRef"] == user_ref
    assert (event.code, paid["attempts"]) == (0, 1)
    assert (unknown.code, unknown.json["reason"]) == (1, "user_unknown")
    assert [attempt["status"] for attempt in receipt.json["history"]] == [404]
    assert (too_early.code, "answered 400" in too_early.err) == (1, True)
    assert stopped.out.endswith("stop done: the campaign is Stopped, 95.00 left\n")
    assert "withdraw 95.00, all that remains" in withdrawn.err
    assert withdrawn.json["standing"]["status"] == "Withdrawn"
    assert withdrawn.json["standing"]["availableToWithdraw"] == "0.00"


def test_a_payout_that_fails_after_its_202_is_told_and_paid_once_it_is_retried(
    cli: Cli, site: Site, owner: Owner
) -> None:
    owner.fund(10)
    cli("campaign", "start", "--yes", "--wait")
    session = cli("campaign", "link", "player@example.com", "--json").json["sessionKey"]
    owner.decide("approve", session)
    user_ref = cli("campaign", "link", "player@example.com", "--wait", "--json").json["userRef"]
    owner.set_faults(payout_fails=1)
    with site.daemon():
        cli("players", "link", "name:Alice", user_ref)
        key = cli("send", "name:Alice", "EARN5", "--wait=20", "--json").json["key"]
        failed = _becomes(cli, key, "dead")
        owner.set_faults(payout_fails=0)
        cli("outbox", "retry", key)
        paid = _becomes(cli, key, "confirmed")
    shown = cli("campaign", "show", "--json").json

    assert failed["reason"] == "payout_failed"
    assert [attempt["binding"] for attempt in paid["history"]] == [0, 1]
    assert len(set(paid["wire_keys"])) == 2
    assert (shown["totalAmountPaidOut"], shown["availableToWithdraw"]) == ("5.00", "5.00")
