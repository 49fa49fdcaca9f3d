"""An API that forgets its keys after two minutes, and an outage that is longer, mid-send.

No entry is paid twice; each doubtful one is confirmed, sent again on proof, or uncertain with the
advice that an operator needs.
"""

import os
import sys
from asyncio import create_subprocess_exec, sleep, subprocess
from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.clock import LeapingClock
from tests.support.road import Road, Town, road_of, town_in, until

RETENTION = 120.0
OUTAGE = 600.0
FEATS = 30
PLAYERS = {f"name:player {n}": f"usr_{n}" for n in (1, 2, 3)}
CODES = ("first_blood", "quest_win", "EARN5")

SETTINGS = """
[confirm]
looks = ["50ms"]
balance_every = "200ms"
absent_after = "{absent_after}"
"""


@pytest.fixture
def clock() -> LeapingClock:
    return LeapingClock()


@pytest.fixture
async def town(
    tmp_path: Path, clock: LeapingClock, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Town]:
    monkeypatch.setenv("RUNTIME_DIRECTORY", str(tmp_path / "run"))
    async with town_in(
        tmp_path, clock, idempotency_retention=RETENTION, late_arrival_delay=1.0, seed=5
    ) as made:
        yield made


def configure(town: Town, *, history: bool = True, absent_after: str = "5m") -> None:
    """Trust the API for a minute and a half, which is less than it remembers."""
    town.configure(
        f"history = {str(history).lower()}\n" + SETTINGS.format(absent_after=absent_after)
    )
    text = town.config.read_text()
    town.config.write_text(text.replace("[delivery]", '[delivery]\nkey_horizon = "90s"'))


async def play(road: Road) -> dict[str, tuple[str, str]]:
    """Post feats of three linked players; return whom and what each key pays."""
    for player, user_ref in PLAYERS.items():
        await road.link(player, user_ref)
    keys = {}
    for number in range(FEATS):
        player, code = list(PLAYERS)[number % 3], CODES[number // 3 % 3]
        status, answer = await road.post(player, code, id=f"m/{number}")
        assert status == 202
        keys[answer["key"]] = (PLAYERS[player], code)
    return keys


async def outage(town: Town, road: Road, clock: LeapingClock, **faults: float) -> dict[str, Any]:
    """Let sending fail in the middle by `faults`, then let the API be away past its memory."""
    await town.admin.set_faults(faults)
    keys = await play(road)
    await sleep(0.5)  # some are out, and nobody knows what became of them
    await town.admin.set_faults({**dict.fromkeys(faults, 0.0), "error_500": 1.0})
    clock.leap(OUTAGE)
    await sleep(0.5)
    await town.admin.set_faults({"error_500": 0.0})
    return keys


def doubled(keys: dict[str, tuple[str, str]], ledger: Any) -> Counter[tuple[str, str]]:
    """Return what was paid more often than achieved, counted without keys."""
    paid = Counter((payout.user_ref, payout.event_code) for payout in ledger)
    return paid - Counter(keys.values())


@pytest.mark.parametrize(
    "faults",
    [
        {"reset_after": 0.4, "reset_before": 0.4},
        {"answer_lost": 0.3, "reset_before": 0.5},
        {"late_arrival": 0.8},
    ],
    ids=["answers lost", "silence", "late arrival"],
)
async def test_with_a_history_every_feat_is_paid_once_in_the_end(
    town: Town, clock: LeapingClock, faults: dict[str, float]
) -> None:
    configure(town)
    async with road_of(town, clock) as road:
        keys = await outage(town, road, clock, **faults)
        await _uncertain_or_settled(road)
        # What the history doesn't show long after it could have been paid was not.
        for _ in range(20):
            if await road.entries() == {"confirmed": FEATS}:
                break
            clock.leap(400)
            await sleep(0.5)
        entries = await road.entries()
        ledger = await town.ledger()

    assert entries == {"confirmed": FEATS}
    assert len(ledger) == FEATS
    assert not doubled(keys, ledger)


@pytest.mark.parametrize(
    "faults", [{"reset_after": 0.5, "reset_before": 0.4}, {"late_arrival": 0.8}]
)
async def test_without_one_the_doubtful_ones_wait_for_an_operator_who_is_told_the_risks(
    town: Town, clock: LeapingClock, faults: dict[str, float]
) -> None:
    configure(town, history=False)
    async with road_of(town, clock) as road:
        keys = await outage(town, road, clock, **faults)
        await _uncertain_or_settled(road)
        clock.leap(OUTAGE)
        await sleep(0.5)
        entries, ledger = await road.entries(), await town.ledger()
        told = [key for key in keys if await _state(road, key) == "uncertain"]
        shown = await _show(town, told[0])

    assert set(entries) <= {"accepted", "uncertain", "due"}
    assert entries["uncertain"] == len(told) > 0
    assert not doubled(keys, ledger)
    for word in ("--paid", "--unpaid", "--resend", "twice", "unproven"):
        assert word in shown


async def _uncertain_or_settled(road: Road) -> None:
    """Wait until nothing is under way: entries behind an uncertain one stay due."""
    before: list[dict[str, int]] = []

    async def still() -> bool:
        await sleep(0.3)
        before.append(await road.entries())
        calm = len(before) > 3 and before[-1] == before[-2] == before[-3]
        return calm and "sending" not in before[-1]

    await until(still, 30)


async def _state(road: Road, key: str) -> str:
    return str((await road.call("GET", f"/v1/achievements/{key}"))[1]["entry_state"])


async def _show(town: Town, key: str) -> str:
    process = await create_subprocess_exec(
        sys.executable,
        "-m",
        "bridge",
        f"--config={town.config}",
        "outbox",
        "show",
        key,
        stdout=subprocess.PIPE,
        env=dict(os.environ),
    )
    out, _ = await process.communicate()
    assert process.returncode == 0
    return out.decode()
