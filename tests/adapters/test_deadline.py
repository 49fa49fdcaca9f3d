"""A time limit around code that isn't ours."""

import contextlib
import re
import signal
import threading
from collections.abc import Callable

import pytest

from bridge.adapters.deadline import limited
from bridge.errors import TranslationError


def test_what_is_quick_enough_passes_and_leaves_no_alarm() -> None:
    with limited(5):
        result = 1 + 1

    assert result == 2
    assert signal.getitimer(signal.ITIMER_REAL) == (0.0, 0.0)


def run_away() -> None:
    while True:
        pass


def swallow_everything() -> None:
    while True:
        with contextlib.suppress(Exception):
            run_away()


@pytest.mark.parametrize("code", [run_away, swallow_everything])
def test_what_runs_away_is_ended(code: Callable[[], None]) -> None:
    with pytest.raises(TranslationError, match=r"longer than 0\.02 s"), limited(0.02):
        code()


def test_a_regular_expression_that_runs_away_is_ended() -> None:
    with pytest.raises(TranslationError), limited(0.02):
        re.fullmatch("(a+)+b", "a" * 60)


def test_in_another_thread_nothing_is_ended() -> None:
    done = []

    def work() -> None:
        with limited(0.000001):
            done.append(sum(range(100_000)))

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()

    assert done
