"""Settings are read again while the daemon runs: one reload at a time, and none across its end."""

import asyncio
import os
import signal
from pathlib import Path
from typing import Any

import pytest

from bridge.daemon.rooms import running
from bridge.errors import CommandError
from bridge.settings.files import load_settings
from tests.cli.play import site_with_sandbox
from tests.support.road import Town


def with_other_lanes(config: Path) -> None:
    """Change the settings so that a reload closes every lane and opens it anew."""
    text = config.read_text()
    here, there = ('"test"', '"live"') if 'environment = "test"' in text else ('"live"', '"test"')
    config.write_text(text.replace(f"environment = {here}", f"environment = {there}"))


@pytest.mark.parametrize("steps", [0, 1, 2, 5, 10, 20, 40])
async def test_a_reload_under_way_comes_to_its_end_before_the_rooms_close(
    town: Town, steps: int
) -> None:
    trouble: list[dict[str, Any]] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, told: trouble.append(told))
    async with running(town.config, load_settings(town.config)) as daemon:
        with_other_lanes(town.config)
        reload = asyncio.create_task(daemon.reload())
        for _ in range(steps):
            await asyncio.sleep(0)

    (told,) = await asyncio.gather(reload, return_exceptions=True)
    assert isinstance(told, CommandError) if steps == 0 else told["reloaded"]
    assert trouble == []


async def test_once_it_ends_nothing_is_read_again(town: Town) -> None:
    async with running(town.config, load_settings(town.config)) as daemon:
        pass

    with pytest.raises(CommandError, match="is stopping"):
        await daemon.reload()


async def test_reloads_that_come_at_once_are_carried_out_one_after_the_other(town: Town) -> None:
    async with running(town.config, load_settings(town.config)) as daemon:
        with_other_lanes(town.config)
        answers = await asyncio.gather(*(daemon.reload() for _ in range(5)))
        lanes = [lane.campaign for lane in daemon.report.lanes.statuses()]

    assert all(answer["reloaded"] for answer in answers)
    assert lanes == [town.campaign.id]


def test_a_hangup_right_before_the_end_leaves_no_traceback(tmp_path: Path) -> None:
    with site_with_sandbox(tmp_path) as site:
        for _ in range(3):
            with site.daemon() as process:
                with_other_lanes(site.config)
                os.kill(process.pid, signal.SIGHUP)
                code = process.stop()

            assert code == 0
            assert "Traceback" not in "".join(process.lines)
            assert "error occurred" not in "".join(process.lines)
