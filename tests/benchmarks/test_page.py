"""The page of the last full runs."""

from dataclasses import replace
from pathlib import Path

from benchmarks import page
from benchmarks.contract import Curve, Missing
from benchmarks.record import Record, write
from tests.benchmarks.fakes import LISTED, PLACE, record, result, row

TEMPLATE = page.TEMPLATE.read_text("utf-8")


def run(hour: int, ratio: float = 0.7) -> Record:
    curve = Curve("backlog", "ours", [0, 10], [2, 1])
    missing = Missing(2, "a|b", "it is not installed")
    results = (result(row(ratio=ratio), curves=[curve]), result(missing, number=2))
    return record(*results, begun=f"2026-11-28T{hour}:00:00Z")


def keep(folder: Path, *records: Record) -> None:
    for one in records:
        write(one, folder / f"{one.name}.json")


def test_the_page_that_is_kept_is_what_its_records_and_the_prose_make() -> None:
    records = page.newest(page.PAGE.with_suffix(""))

    assert page.PAGE.read_text("utf-8") == page.render(records, TEMPLATE)


def test_a_page_without_a_run_says_so_and_shows_no_table() -> None:
    said = page.render([], TEMPLATE)

    assert "No full run has been made yet" in said
    assert "## The table" not in said


def test_a_page_has_the_machine_the_table_and_the_plots() -> None:
    said = page.render([run(12), run(11, 0.8)], TEMPLATE)

    assert "| cpu | a fast one |\n| cores | 2 |\n| Python | 3.11.2 |\n" in said
    assert (
        "| goal | what | ours | reference | ratio | must | moonshot | met |\n"
        "|---|---|---|---|---|---|---|---|\n"
        "| 1 | 64 callers | 750/s | 1,000/s E | 0.750 (0.700\N{EN DASH}0.800) | ≥ 0.6 "
    ) in said
    assert "| 2 | a\\|b |  |  |  |  |  | missing |\n" in said
    assert "- Goal 2, a|b: missing: it is not installed\n" in said
    assert "![Cost against backlog](performance/backlog.svg)" in said
    assert "Medians of 2 runs" in said


def test_a_page_is_of_up_to_three_whole_runs_of_the_newest_place(tmp_path: Path) -> None:
    elsewhere = replace(run(15), place=replace(PLACE, commit="another"))
    part = replace(run(19), results=run(19).results[:1])
    quick = replace(run(20), quick=True)
    keep(tmp_path, *(run(hour) for hour in (12, 13, 14, 16)), elsewhere, part, quick)

    found = page.newest(tmp_path, LISTED)

    assert [one.begun[11:13] for one in found] == ["16", "14", "13"]


def test_writing_keeps_the_records_and_makes_the_same_page_of_them_again(tmp_path: Path) -> None:
    made, empty, bench = tmp_path / "docs" / "fast.md", tmp_path / "empty", tmp_path / "bench"
    made.with_suffix("").mkdir(parents=True)
    (made.with_suffix("") / "old.svg").touch()
    keep(bench, run(12), run(13))

    page.write(bench, made, TEMPLATE, LISTED)
    first = made.read_text("utf-8")
    again = page.write(empty, made, TEMPLATE, LISTED)

    assert made.read_text("utf-8") == first
    assert [one.begun[11:13] for one in again] == ["13", "12"]
    assert sorted(path.name for path in made.with_suffix("").iterdir()) == [
        "20261128T120000Z-full.json",
        "20261128T130000Z-full.json",
        "backlog.svg",
    ]
