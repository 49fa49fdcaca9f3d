"""SQLite alone and bare syncs, as references."""

from pathlib import Path

import pytest

from benchmarks import machine
from benchmarks.contract import Bench
from benchmarks.references.imports import bare
from benchmarks.references.rows import main, measured_rows, measured_syncs, rows, syncs


def test_they_leave_nothing_behind(tmp_path: Path) -> None:
    assert rows(tmp_path, 10, 95) > 0
    assert syncs(tmp_path, 5) > 0
    assert not list(tmp_path.iterdir())


def test_a_wrong_command_line_is_explained(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["sideways"]) == 2
    assert "usage: rows FOLDER GROUP TOTAL" in capsys.readouterr().err


async def test_each_runs_in_a_process_of_its_own(tmp_path: Path) -> None:
    cores = machine.cores()
    bench = Bench(tmp_path, quick=True, pairs=1, serve=cores[0], load=cores[-1])
    assert await measured_rows(bench, 1000) > 0
    assert await measured_syncs(bench) > 0
    started = await bare(bench)
    assert started.ready_after > 0
    assert started.rss > 10_000_000
