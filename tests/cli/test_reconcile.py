"""`reconcile` on the command line, against a real sandbox, with a daemon and without one."""

import asyncio
from pathlib import Path

import aiohttp
import pytest

from bridge.cli.reconcile import _lines
from bridge.sandbox.admin import SandboxAdmin
from tests.cli.conftest import Cli
from tests.cli.play import ADMIN_TOKEN, Process, Site, run_here, site_with_sandbox


def paid_beside(site: Site, key: str) -> None:
    """Have somebody else pay on the campaign, and wait until it is in the books."""
    api_key = next(site.folder.glob("*api-key*")).read_text().strip()

    async def pay() -> None:
        url = f"{site.sandbox}/api/v1/campaign/{site.campaign}/events"
        headers = {
            "Authorization": f"Bearer {api_key}",
            "X-Campaign-Id": site.campaign,
            "Idempotency-Key": key,
        }
        async with SandboxAdmin(site.sandbox, ADMIN_TOKEN) as admin:
            before = len(await admin.ledger(site.campaign))
            body = {"eventCode": "first_blood", "userRef": site.users[1]}
            async with (
                aiohttp.ClientSession() as session,
                session.post(url, json=body, headers=headers) as answer,
            ):
                assert answer.status == 202, await answer.text()
            async with asyncio.timeout(10):
                while len(await admin.ledger(site.campaign)) == before:  # noqa: ASYNC110
                    await asyncio.sleep(0.05)

    asyncio.run(pay())


def test_of_hundreds_of_findings_the_first_of_each_kind_are_shown() -> None:
    entry = {"key": "k", "player": "p", "userRef": "u", "event_code": "e"}
    payout = {**entry, "payout": "t", "amount": "1", "paid_at": None, "twice": None}
    report = {
        "campaign": "c",
        "users": 300,
        "read": 0,
        "confirmed": 0,
        "waiting": 0,
        "lost": [entry] * 300,
        "uncertain": [entry] * 20,
        "duplicate": [payout] * 21,
        "unknown": [],
        "unread": ["usr_1: away"] * 300,
        "drift": None,
    }

    lines = list(_lines(report))

    assert "lost=300 duplicate=21 uncertain=20 unknown=?" in lines[0]
    assert [line for line in lines if "more; --json" in line] == [
        "  lost      and 280 more; --json has them all",
        "  duplicate and 1 more; --json has them all",
        "  not read  and 280 more; --json has them all",
    ]
    assert len(lines) < 100


def test_with_a_daemon_what_does_not_fit_is_named_and_can_be_accepted(
    here: Cli, live: Site, daemon: Process
) -> None:
    here("players", "link", "name:Paid", live.users[0])
    here("send", "name:Paid", "first_blood", "--wait", "20")
    clean = here("reconcile")
    paid_beside(live, "somebody-else")
    found = here("reconcile")
    unasked = here("reconcile", "--accept-total")
    accepted = here("reconcile", "--accept-total", "--yes")
    after = here("reconcile", "--json")

    assert (clean.code, found.code, unasked.code, accepted.code) == (0, 1, 1, 0)
    assert "lost=0 duplicate=0 uncertain=0 unknown=0" in clean.out
    assert "as the ledger says" in clean.out
    assert "unknown=1" in found.out
    assert f"to {live.users[1]} first_blood" in found.out
    assert "more than the ledger explains" in found.out
    assert "`--accept-total` counts it as not ours" in found.out
    assert "2 of 2 users read" in clean.out
    assert f"{live.campaign}  accepted as not ours: 1 payout of 1.5 in all" in accepted.out
    assert "(1 unknown, 0 duplicate), and 1.5 of the total" in accepted.out
    assert after.json["campaigns"][0]["clean"] is True
    assert after.json["quarantine"] is None
    assert after.json["accepted"] == []


def test_with_the_api_away_nothing_is_claimed_to_be_none(cli: Cli, configured: Site) -> None:
    for player in ("name:Alice", "name:Bob"):
        cli("players", "link", player, f"usr_{player[-3:]}")
    ran = cli("reconcile")

    assert ran.code == 1
    assert "lost=? duplicate=? uncertain=0 unknown=?" in ran.out
    assert "0 of 2 users read" in ran.out
    assert "! not read: usr_" in ran.out


def test_a_slip_in_a_userref_is_warned_of_and_reconciles(here: Cli, live: Site) -> None:
    linked = here("players", "link", "name:Slip", "usr_typo")
    told = here("reconcile")
    known = here("players", "link", "name:Known", live.users[1])
    here("players", "unlink", "name:Slip")
    here("players", "unlink", "name:Known")

    assert linked.code == 0
    assert "linked to usr_typo" in linked.out
    assert "! the API does not know usr_typo" in linked.err
    assert "does not know" not in known.err
    assert "not read" not in told.out


def test_without_the_services_key_linking_says_that_a_slip_was_not_looked_for(
    here: Cli, live: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As root beside the unit: its credentials are the service's alone."""
    monkeypatch.delenv("CREDENTIALS_DIRECTORY", raising=False)
    text = live.config.read_text()
    place = next(line for line in text.splitlines() if line.startswith("api_key_file"))
    live.config.write_text(text.replace(place, 'api_key_file = "credential:api-key"'))
    try:
        linked = here("players", "link", "name:Slip", "usr_typo")
        here("players", "unlink", "name:Slip")
    finally:
        live.config.write_text(text)

    assert linked.code == 0
    assert "! whether the API knows usr_typo was not asked: " in linked.err
    assert "campaign-bridge-as-service" in linked.err


def test_an_api_that_is_away_keeps_nobody_from_linking(cli: Cli, configured: Site) -> None:
    ran = cli("players", "link", "name:Alice", "usr_1")

    assert ran.code == 0
    assert "does not know" not in ran.err


@pytest.fixture
def apart(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Cli:
    with site_with_sandbox(tmp_path) as site:
        for name, value in site.env.items():
            monkeypatch.setenv(name, value)

        def run(*arguments: str):  # type: ignore[no-untyped-def]  # what run_here returns
            return run_here(capsys, f"--config={site.config}", *arguments)

        run.site = site  # type: ignore[attr-defined]  # handed to the test
        yield run  # type: ignore[misc]


def test_without_one_a_ledger_that_is_behind_is_quarantined_and_it_says_so(apart: Cli) -> None:
    site: Site = apart.site  # type: ignore[attr-defined]  # see the fixture
    with site.daemon():
        apart("players", "link", "name:Paid", site.users[0])
        apart("send", "name:Paid", "first_blood", "--wait", "20")
        assert apart("reconcile").code == 0
    paid_beside(site, "while-it-was-down")

    found = apart("reconcile")
    accepted = apart("reconcile", "--accept-total", "--yes")
    released = apart("outbox", "release", "--quarantine", "--yes")
    after = apart("reconcile")

    assert (found.code, accepted.code) == (1, 1)
    assert "the ledger is in quarantine, and nothing is sent" in found.out
    assert "outbox release --quarantine" in found.out
    assert (released.code, after.code) == (0, 0)
