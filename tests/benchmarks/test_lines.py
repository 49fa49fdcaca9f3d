"""The lines of the table, of one run and of several."""

import pytest

from benchmarks.contract import Bound, Missing, Outcome
from benchmarks.lines import bound, facts, figure, lines
from benchmarks.record import Result
from tests.benchmarks.fakes import record, result, row


@pytest.mark.parametrize(
    ("value", "unit", "said"),
    [
        (14712.4, "/s", "14,712/s"),
        (0.6384, "", "0.638"),
        (2.25, "ms", "2.25 ms"),
        (46.53, "MiB", "46.5 MiB"),
        (0, "MiB", "0 MiB"),
    ],
)
def test_figures_have_as_many_digits_as_mean_something(value: float, unit: str, said: str) -> None:
    assert figure(value, unit) == said


def test_bounds_say_their_sense() -> None:
    assert bound(Bound(">=", 0.6)) == "≥ 0.6"
    assert bound(Bound("<=", 200_000), "/s") == "≤ 200,000/s"
    assert bound(None) == "-"


def test_a_line_of_one_run_has_the_median_and_the_range_of_its_pairs() -> None:
    [line] = lines([record(result(row(ratio=0.7)))])

    assert line.cells == (
        *("1", "64 callers", "700/s", "1,000/s E"),
        *("0.700 (0.630\N{EN DASH}0.770)", "≥ 0.6", "≥ 0.75", "yes"),
    )


def test_a_line_without_a_reference_holds_the_figure_itself_to_its_bounds() -> None:
    alone = row(ours=[2.0, 1.0], reference=(), unit="ms", must=Bound("<=", 3), moonshot=None)
    [line] = lines([record(result(alone))])

    assert line.cells == (
        *("1", "64 callers", "1.50 ms (1.00\N{EN DASH}2.00)", "-", "-", "≤ 3 ms", "-", "yes"),
    )


def test_several_runs_make_one_line_with_the_range_of_the_runs() -> None:
    runs = [record(result(row(ratio=ratio))) for ratio in (0.8, 0.7, 0.9)]
    [line] = lines(runs)

    assert line.ratio == "0.800 (0.700\N{EN DASH}0.900)"
    assert line.verdict == "yes"


@pytest.mark.parametrize(
    ("ratios", "verdict"),
    [((0.8, 0.9), "moonshot"), ((0.8, 0.7), "yes"), ((0.8, 0.5), "no"), ((0.8, 0.2), "far")],
)
def test_a_line_is_met_where_each_run_met_it(ratios: tuple[float, ...], verdict: str) -> None:
    [line] = lines([record(result(row(ratio=ratio))) for ratio in ratios])

    assert line.verdict == verdict


def test_what_is_missing_and_what_failed_has_a_line_that_says_why() -> None:
    missing = Missing(1, "PostgreSQL", "it is not installed", "apt-get install postgresql")
    failed = Result(2, "two", 0.1, None, "disk gone")
    found = lines([record(failed, result(missing))])

    assert [(line.goal, line.what, line.verdict) for line in found] == [
        (1, "PostgreSQL", "missing"),
        (2, "two", "failed"),
    ]
    assert found[0].notes == ("missing: it is not installed; apt-get install postgresql",)
    assert found[1].notes == ("failed: disk gone",)


def test_what_was_missing_in_one_run_only_is_told_with_its_line() -> None:
    missing = Missing(1, "64 callers", "it did not start")
    [line] = lines([record(result(row(note="held"))), record(result(missing))])

    assert line.notes == ("held", "measured in 1 of 2 runs")


def test_facts_are_those_of_the_newest_run() -> None:
    newest = Result(2, "two", 1, Outcome([row(2)], facts={"generator": "40 % of its core"}))
    older = Result(1, "one", 1, Outcome([row(1)], facts={"generator": "90 % of its core"}))

    assert facts([]) == []
    assert facts([record(newest), record(older)]) == [(2, "generator", "40 % of its core")]
