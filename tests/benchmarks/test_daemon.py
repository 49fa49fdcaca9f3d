"""The daemon that is measured: where it runs, what it uses, what it holds."""

import os
from dataclasses import replace
from pathlib import Path

import aiohttp
import pytest

from benchmarks import machine
from benchmarks.contract import Bench
from benchmarks.daemon import Running, daemon, player, throwaway
from benchmarks.load.job import Job, generate
from bridge.errors import CommandError


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    cores = machine.cores()
    return Bench(tmp_path, quick=True, pairs=1, serve=cores[0], load=cores[-1])


async def post(running: Running, number: int) -> str:
    body = {"player": player(number), "achievement": "match_won", "id": f"call-{number}"}
    headers = {"Authorization": f"Bearer {running.token}"}
    async with (
        aiohttp.ClientSession(headers=headers) as session,
        session.post(f"{running.http_url}/v1/achievements", json=body) as answer,
    ):
        told: dict[str, str] = await answer.json()
        return told["state"]


async def test_it_is_pinned_and_measured_and_survives_a_kill(bench: Bench) -> None:
    async with daemon(bench, bench.folder / "d", linked=2) as running:
        assert os.sched_getaffinity(running.pid) == {bench.serve}
        assert [await post(running, number) for number in (1, 2)] == ["stored", "held"]
        assert 0 < running.rss() <= running.most_rss()
        assert running.cpu() > 0
        assert running.written() >= 0

        await running.kill()
        with pytest.raises(CommandError, match="does not run"):
            _ = running.pid
        await running.start()

        assert running.ready_after > 0
        assert running.totals() == {"due": 1, "held": 1}
        await running.holds(2)
        with pytest.raises(CommandError, match="3 events were acknowledged and 2 are in"):
            await running.holds(3)


async def test_what_the_generator_counts_is_what_the_outbox_holds(bench: Bench) -> None:
    async with throwaway(bench) as running:
        forms = [
            Job(running.http, running.token, 100, callers=4),
            Job(running.http, running.token, 100, form="array", group=25, first=100),
            Job(running.http, running.token, 100, form="lines", group=50, callers=2, first=200),
        ]
        reports = [(await generate(bench, job)).clean() for job in forms]
        again = await generate(bench, forms[0])

        assert [report.acknowledged for report in reports] == [100, 100, 100]
        assert (again.acknowledged, again.duplicates) == (0, 100)
        await running.holds(300)
    assert not list(bench.folder.iterdir())


async def test_one_that_is_not_pinned_may_use_all_processors_and_none_turns_on_uvloop(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CAMPAIGN_BRIDGE_LOOP", "uvloop")
    free = replace(bench, free=machine.cores())
    async with throwaway(free) as running:
        assert os.sched_getaffinity(running.pid) == set(machine.cores())
        assert '"loop": "asyncio"' in (running.stage.folder / "daemon.log").read_text()


async def test_one_that_does_not_start_says_why(bench: Bench) -> None:
    with pytest.raises(CommandError, match="ended with code"):
        async with daemon(bench, bench.folder / "d", config_more="nonsense = 1\n"):
            pass
