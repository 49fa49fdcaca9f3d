"""Bounds, and the ratio of each pair."""

import pytest

from benchmarks.contract import Bound
from tests.benchmarks.fakes import row


@pytest.mark.parametrize(
    ("bound", "figure", "met", "far"),
    [
        (Bound(">=", 0.6), 0.6, True, False),
        (Bound(">=", 0.6), 0.59, False, False),
        (Bound(">=", 0.6), 0.29, False, True),
        (Bound("<=", 3), 3, True, False),
        (Bound("<=", 3), 3.1, False, False),
        (Bound("<=", 3), 6.1, False, True),
    ],
)
def test_a_bound_is_met_missed_or_far(bound: Bound, figure: float, met: bool, far: bool) -> None:
    assert (bound.met(figure), bound.far(figure)) == (met, far)


def test_the_figure_is_the_median_of_the_pairs_ratios() -> None:
    pairs = row(ours=[10.0, 30.0, 20.0], reference=[10.0, 10.0, 40.0])

    assert pairs.figures == [1.0, 3.0, 0.5]
    assert pairs.figure == 1.0


def test_a_must_is_missed_by_far_where_each_pair_misses_it_so() -> None:
    assert row(ours=[0.1, 0.29, 0.2], reference=[1.0, 1.0, 1.0]).far
    assert not row(ours=[0.1, 0.3, 0.2], reference=[1.0, 1.0, 1.0]).far


def test_without_a_reference_the_figures_are_ours() -> None:
    assert row(ours=[3.0, 1.0, 2.0], reference=()).figure == 2.0


def test_a_must_that_was_never_met_is_missed_by_far_and_has_not_fallen() -> None:
    short = row(ours=[0.2, 0.2], reference=[1.0, 1.0], reached=Bound(">=", 0.25))
    fallen = row(ours=[0.1, 0.1], reference=[1.0, 1.0], reached=Bound(">=", 0.25))

    assert (short.far, short.fallen) == (True, False)
    assert (fallen.far, fallen.fallen) == (True, True)
