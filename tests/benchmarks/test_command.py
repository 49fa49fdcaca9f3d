"""The command: what it prints and keeps, and how it ends."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from filelock import FileLock

from benchmarks import record
from benchmarks.__main__ import Busy, Order, measured
from benchmarks.contract import Bench, Curve, Missing, Outcome
from benchmarks.machine import ROOT
from benchmarks.run import Load
from tests.benchmarks.fakes import LISTED, of, paper, raises, row, says


async def ordered(folder: Path, load: Load, **more: int) -> tuple[int, str]:
    out, written = paper()
    order = Order(LISTED, more.get("quick", False) > 0, more.get("runs", 1), 3, folder, folder)
    return await measured(order, load, out), written.getvalue()


def kept(folder: Path) -> list[record.Record]:
    return [record.read(file) for file in sorted(folder.glob("*.json"))]


def drawings(folder: Path) -> list[str]:
    return [file.name for file in sorted(folder.glob("*.svg"))]


async def test_a_run_prints_its_table_and_keeps_record_and_plots(tmp_path: Path) -> None:
    curve = Curve("callers", "ours", [1, 64], [5, 9])
    load = of(one=says(row(1), curves=[curve], generator="40 % of its core"), two=says(row(2)))

    code, said = await ordered(tmp_path, load)

    [one] = kept(tmp_path)
    assert code == 0
    assert "generator: 40 % of its core" in said
    assert (one.quick, one.pairs, [done.name for done in one.results]) == (False, 3, ["one", "two"])
    assert drawings(tmp_path) == [f"{one.name}-callers.svg"]


async def test_a_missing_peer_is_named_and_a_failed_goal_fails_the_run(tmp_path: Path) -> None:
    missing = Missing(2, "restate", "it is not installed", "npm install it")

    code, said = await ordered(tmp_path, of(one=raises(OSError("disk gone")), two=says(missing)))

    assert code == 1
    assert "restate: missing: it is not installed; npm install it" in said
    assert "error: goal 1 (one) failed: OSError: disk gone" in said
    assert [bool(done.error) for done in kept(tmp_path)[0].results] == [True, False]


@pytest.mark.parametrize(
    ("quick", "ratio", "code"), [(0, 0.5, 1), (1, 0.5, 0), (1, 0.2, 1), (0, 0.7, 0)]
)
async def test_the_exit_code_is_that_of_the_musts(
    tmp_path: Path, quick: int, ratio: float, code: int
) -> None:
    load = of(one=says(row(1, ratio)), two=says(row(2)))

    assert (await ordered(tmp_path, load, quick=quick))[0] == code


async def test_plots_that_cannot_be_drawn_are_told_and_fail_nothing(tmp_path: Path) -> None:
    load = of(one=says(row(1), curves=[Curve("latency", "none", [], [])]), two=says(row(2)))

    code, said = await ordered(tmp_path, load)

    assert code == 0
    assert "warning: no plots: the curve 'none'" in said


async def test_all_is_run_as_often_as_asked_with_a_record_each(tmp_path: Path) -> None:
    code, said = await ordered(tmp_path, of(one=says(row(1)), two=says(row(2))), runs=2)

    assert code == 0
    assert said.count("goal 2 two: done") == 2
    assert len(kept(tmp_path)) == 2


async def test_what_a_quick_run_leaves_out_is_named(tmp_path: Path) -> None:
    out, written = paper()
    order = Order(LISTED[:1], True, 1, 2, tmp_path, tmp_path, left_out=LISTED[1:])

    assert await measured(order, of(one=says(row(1))), out) == 0
    assert "all of goal 2, two: missing: it takes too long" in written.getvalue()


async def test_the_runner_keeps_off_what_is_measured_while_goals_run(tmp_path: Path) -> None:
    before, seen = os.sched_getaffinity(0), []

    async def measure(bench: Bench) -> Outcome:
        seen.append((os.sched_getaffinity(0), {bench.load}))
        return Outcome([row(1)])

    await ordered(tmp_path, of(one=measure, two=says(row(2))))

    assert seen
    assert all(mine == load for mine, load in seen)
    assert os.sched_getaffinity(0) == before


async def test_a_second_run_in_the_same_folder_is_refused(tmp_path: Path) -> None:
    with FileLock(tmp_path / "campaign-bridge-bench.lock"), pytest.raises(Busy, match="--folder"):
        await ordered(tmp_path, of())


def test_an_unknown_goal_is_a_usage_error() -> None:
    command = [sys.executable, "-m", "benchmarks", "--goals", "nonsense"]
    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)

    assert ended.returncode == 2
    assert "there is no goal 'nonsense'; there are: 1 accept" in ended.stderr
