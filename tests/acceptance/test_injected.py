"""What goes wrong on purpose is found and named: payouts missing and doubled, a copied ledger."""

import asyncio
import os
import shutil
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from tests.support.road import Road, Town, road_of, town_in, until

ALICE = "steam:76561197960265729"
QUICK = """
[confirm]
looks = ["50ms"]
payout_lag = "1s"
balance_every = "200ms"
"""


@pytest.fixture
async def town(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Town]:
    monkeypatch.setenv("RUNTIME_DIRECTORY", str(tmp_path / "run"))
    async with town_in(tmp_path) as made:
        made.configure(QUICK)
        yield made


async def reconciled(road: Road) -> dict[str, Any]:
    """Return the report of the one campaign."""
    _, answer = await road.call("POST", "/v1/operator/reconcile", {})
    (report,) = answer["campaigns"]
    found: dict[str, Any] = report
    return found


async def achieve(road: Road, number: int) -> str:
    return str((await road.post(ALICE, "quest_win", id=f"m/{number}"))[1]["key"])


async def test_a_payout_that_never_came_is_lost_and_named(town: Town) -> None:
    async with road_of(town) as road:
        await road.link(ALICE, "usr_1")
        await achieve(road, 1)
        await road.settled(confirmed=1)
        await town.admin.set_faults({"payout_fails": 1.0})
        missing = await achieve(road, 2)
        await road.settled(confirmed=1, accepted=1)

        async def late() -> bool:
            return bool((await reconciled(road))["lost"])

        await until(late)
        report = await reconciled(road)

    assert [entry["key"] for entry in report["lost"]] == [missing]
    assert (report["clean"], report["duplicate"], report["unknown"]) == (False, [], [])
    assert len(await town.ledger()) == 1


async def test_a_payout_that_came_twice_is_named_with_its_entry(town: Town) -> None:
    """The API takes the event, loses the answer, forgets the key, and takes it again."""
    async with road_of(town) as road:
        await road.link(ALICE, "usr_1")
        await road.compared()
        await town.admin.set_faults({"reset_after": 1.0, "forget_key": 1.0})
        key = await achieve(road, 1)
        await town.paid(2)
        await town.admin.set_faults({"reset_after": 0.0, "forget_key": 0.0})
        await road.settled(confirmed=1)
        await town.sandbox.settled()
        report = await reconciled(road)
        paid = len(await town.ledger())

    assert not report["clean"]
    assert report["lost"] == []
    twice = [*report["duplicate"], *report["unknown"]]
    assert len(twice) == paid - 1
    assert {payout["twice"] for payout in twice} == {key}
    assert {payout["userRef"] for payout in twice} == {"usr_1"}


async def paid_beside(town: Town, user_ref: str, code: str) -> None:
    """Have somebody else pay on the campaign, with our key to the API."""
    before = len(await town.ledger())
    headers = {
        "Authorization": f"Bearer {town.campaign.api_key}",
        "X-Campaign-Id": town.campaign.id,
        "Idempotency-Key": "somebody-else",
    }
    url = f"{town.sandbox.api_url}/v1/campaign/{town.campaign.id}/events"
    body = {"eventCode": code, "userRef": user_ref}
    async with (
        aiohttp.ClientSession(headers=headers) as session,
        session.post(url, json=body) as answer,
    ):
        assert answer.status == 202, await answer.text()
    await town.paid(before + 1)


async def command(town: Town, *arguments: str) -> tuple[int, str]:
    """Run a command against the daemon; return its exit code and what it printed."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "bridge",
        f"--config={town.config}",
        *arguments,
        stdout=asyncio.subprocess.PIPE,
        env=dict(os.environ),
    )
    out, _ = await process.communicate()
    return process.returncode or 0, out.decode()


async def test_the_command_names_each_of_them_and_fails(town: Town) -> None:
    async with road_of(town) as road:
        await road.link(ALICE, "usr_1")
        await road.compared()
        await town.admin.set_faults({"reset_after": 1.0, "forget_key": 1.0})
        doubled = await achieve(road, 1)
        await town.paid(2)
        await town.admin.set_faults({"reset_after": 0.0, "forget_key": 0.0})
        await road.settled(confirmed=1)
        await paid_beside(town, "usr_2", "EARN5")
        await town.admin.set_faults({"payout_fails": 1.0})
        missing = str((await road.post(ALICE, "first_blood"))[1]["key"])
        await road.settled(confirmed=1, accepted=1)

        async def late() -> bool:
            return bool((await reconciled(road))["lost"])

        await until(late)
        code, said = await command(town, "reconcile")

    assert code == 1
    assert " lost=1 duplicate=" in said
    assert " unknown=1\n" in said
    assert f"  lost      {missing} {ALICE} → usr_1 first_blood\n" in said
    assert any("usr_1 quest_win" in line and doubled in line for line in named(said, "duplicate"))
    assert any("usr_2 EARN5" in line for line in named(said, "unknown"))
    assert "more than the ledger explains" in said


def named(said: str, finding: str) -> list[str]:
    return [line for line in said.splitlines() if line.startswith(f"  {finding}")]


async def test_a_copied_state_directory_sends_nothing_elsewhere_until_it_is_released(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bridge.outbox.store.machine_id", lambda: "the first machine")
    async with road_of(town) as road:
        await road.link(ALICE, "usr_1")
        await achieve(road, 1)
        await road.settled(confirmed=1)
        await town.admin.set_faults({"error_500": 1.0})
        waiting = await achieve(road, 2)
        await asyncio.sleep(0.2)
    copy = town.folder / "copy"
    copy.mkdir()
    for path in town.folder.iterdir():
        if path.is_file():
            shutil.copy(path, copy)
    text = town.config.read_text()
    town.config.write_text(text.replace("/outbox.db", "/copy/outbox.db"))
    await town.admin.set_faults({"error_500": 0.0})

    monkeypatch.setattr("bridge.outbox.store.machine_id", lambda: "the second machine")
    async with road_of(town) as road:
        fresh = await achieve(road, 3)
        await asyncio.sleep(1)
        held = await road.entries()
        ready = (await road.call("GET", "/readyz"))[1]
        paid = len(await town.ledger())
        await road.call("POST", "/v1/operator/release", {"reason": "quarantine"})
        await road.settled(confirmed=3)

    assert held == {"confirmed": 1, "held": 2}
    assert paid == 1
    (told,) = [reason for reason in ready["reasons"] if reason["code"] == "quarantine"]
    assert "another machine" in told["detail"]
    assert len({waiting, fresh}) == 2
    assert len(await town.ledger()) == 3
