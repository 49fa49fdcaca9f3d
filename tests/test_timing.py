"""Durations in buckets."""

import pytest

from bridge.timing import CALLS, COMMITS, Histogram


def test_a_bound_belongs_to_its_own_bucket() -> None:
    times = Histogram((0.1, 1.0))
    for seconds in (0.0, 0.1, 0.11, 1.0, 1.01):
        times.observe(seconds)

    assert times.cumulative() == [("0.1", 2), ("1.0", 4), ("+Inf", 5)]
    assert times.sum == pytest.approx(2.22)


def test_what_nothing_was_observed_of_is_nought_everywhere() -> None:
    assert Histogram((1.0,)).cumulative() == [("1.0", 0), ("+Inf", 0)]


@pytest.mark.parametrize("bounds", [COMMITS, CALLS])
def test_bounds_rise(bounds: tuple[float, ...]) -> None:
    assert list(bounds) == sorted(set(bounds))
