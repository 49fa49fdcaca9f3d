"""Things that may be done only so often."""

from typing import Any

from bridge.intake.seldom import Allowance, Seldom


def test_the_first_of_a_kind_is_told_and_the_rest_are_gathered(clock: Any) -> None:
    seldom = Seldom(clock, 60)

    told = [seldom.due("a"), seldom.due("a"), seldom.due("a"), seldom.due("b")]
    clock.seconds = 60
    later = seldom.due("a")

    assert told == [1, 0, 0, 1]
    assert later == 3


def test_so_many_a_second_and_no_more(clock: Any) -> None:
    allowance = Allowance(clock, 2)

    first = [allowance.take() for _ in range(3)]
    clock.seconds = 1
    second = [allowance.take() for _ in range(3)]

    assert first == second == [True, True, False]
