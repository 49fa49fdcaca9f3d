"""How many calls may be in flight."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.delivery.concurrency import Concurrency


def test_it_starts_with_two() -> None:
    assert Concurrency(16).limit == 2


def test_it_starts_with_one_where_only_one_is_allowed() -> None:
    assert Concurrency(1).limit == 1


def test_it_doubles_with_each_full_window_at_first() -> None:
    window = Concurrency(16)
    limits = []
    for _ in range(4):
        for _ in range(window.limit):
            window.success()
        limits.append(window.limit)

    assert limits == [4, 8, 16, 16]


def test_a_failure_halves_it() -> None:
    window = grown()
    window.failure()

    assert window.limit == 8


def test_the_failures_of_one_full_window_halve_it_once() -> None:
    window = grown()
    for _ in range(16):
        window.failure()

    assert window.limit == 8


def test_failure_after_failure_leaves_one() -> None:
    window = grown()
    for _ in range(100):
        window.failure()

    assert window.limit == 1


def test_after_a_failure_it_grows_by_one_for_each_full_window() -> None:
    window = grown()
    window.failure()
    for _ in range(10):
        window.success()

    assert window.limit == 9


@given(st.integers(1, 256), st.lists(st.booleans(), max_size=300))
def test_it_stays_between_one_and_the_most(most: int, answers: list[bool]) -> None:
    window = Concurrency(most)
    for good in answers:
        if good:
            window.success()
        else:
            window.failure()

        assert 1 <= window.limit <= most


@pytest.mark.parametrize("most", [1, 2, 3, 7, 16, 256])
def test_good_answers_reach_the_most(most: int) -> None:
    assert grown(most).limit == most


def grown(most: int = 16) -> Concurrency:
    """Return a window that good answers have opened as far as it goes."""
    window = Concurrency(most)
    for _ in range(2 * most):
        window.success()
    return window
