"""Records: read back as they were written, and what makes a run fail."""

from dataclasses import replace
from pathlib import Path

import pytest

from benchmarks.contract import Bound, Curve, Missing
from benchmarks.record import Record, Result, UnreadableRecord, read, write, wrong
from tests.benchmarks.fakes import record, result, row


def whole() -> Record:
    missing = Missing(4, "PostgreSQL", "it is not installed", "apt-get install postgresql")
    curve = Curve("latency", "us", [1.0, 2.0], [50.0, 100.0])
    failed = Result(2, "two", 0.1, None, "disk gone")
    return record(result(row(), missing, curves=[curve]), failed)


def test_a_record_is_read_as_it_was_written(tmp_path: Path) -> None:
    write(whole(), tmp_path / "deep" / "run.json")
    again = read(tmp_path / "deep" / "run.json")
    write(again, tmp_path / "again.json")

    assert (tmp_path / "again.json").read_bytes() == (tmp_path / "deep" / "run.json").read_bytes()
    assert again.results[0].rows == [row()]
    assert again.results[0].outcome is not None
    assert isinstance(again.results[0].outcome.rows[1], Missing)


def test_another_file_is_refused_by_name(tmp_path: Path) -> None:
    (tmp_path / "other.json").write_text("{}")

    with pytest.raises(UnreadableRecord, match=r"other\.json is not a record of a run"):
        read(tmp_path / "other.json")


def test_names_of_later_runs_sort_behind() -> None:
    names = [record(begun=f"2026-{month:02}-28T10:00:00Z").name for month in (2, 10)]

    assert names == ["20260228T100000Z-full", "20261028T100000Z-full"]


@pytest.mark.parametrize(("ratio", "quick", "failed"), [
    (0.7, False, False), (0.5, False, True), (0.5, True, False), (0.2, True, True),
])  # fmt: skip
def test_a_full_run_fails_by_a_missed_must_and_a_quick_one_by_a_far_one(
    ratio: float, quick: bool, failed: bool
) -> None:
    assert bool(wrong(record(result(row(ratio=ratio)), quick=quick))) == failed


def test_a_time_of_its_own_fails_a_full_run_only() -> None:
    late = row(ours=[9.0, 8.0], reference=(), unit="ms", must=Bound("<=", 3))

    assert wrong(record(result(late), quick=True)) == []
    assert len(wrong(record(result(late)))) == 1
    assert len(wrong(record(result(replace(late, unit="MiB")), quick=True))) == 1


def test_a_missed_must_is_told_with_its_figure() -> None:
    [said] = wrong(record(result(row(ratio=0.2)), quick=True))

    assert said == (
        "goal 1, 64 callers: 0.2 misses its must, >= 0.6, by more than a factor of two in each pair"
    )


@pytest.mark.parametrize("quick", [False, True])
def test_a_failed_goal_fails_every_run(quick: bool) -> None:
    said = wrong(record(Result(2, "two", 0.1, None, "disk gone"), quick=quick))

    assert said == ["goal 2 (two) failed: disk gone"]


def test_what_is_missing_and_a_missed_moonshot_fail_nothing() -> None:
    assert wrong(record(result(row(moonshot=Bound(">=", 9)), Missing(4, "restate", "none")))) == []
