"""The list of goals: all by default, some by number or name."""

import pytest

from benchmarks.catalog import GOALS, UnknownGoal, chosen, load
from tests.benchmarks.fakes import LISTED


def test_all_goals_are_chosen_where_none_is_named() -> None:
    assert chosen("") == list(GOALS)


def test_goals_are_chosen_by_number_and_by_name_in_the_order_of_the_list() -> None:
    assert [goal.number for goal in chosen("overload, 3,accept,1")] == [1, 3, 10]


def test_an_unknown_goal_is_refused_with_the_list() -> None:
    with pytest.raises(UnknownGoal, match=r"no goal 'seven'; there are: 1 one, 2 two$"):
        chosen("1,seven", LISTED)


def test_goals_are_numbered_and_named_once() -> None:
    assert [goal.number for goal in GOALS] == list(range(1, len(GOALS) + 1))
    assert len({goal.name for goal in GOALS}) == len(GOALS)


def test_a_goal_without_code_is_an_error_that_names_its_module() -> None:
    with pytest.raises(ModuleNotFoundError, match=r"benchmarks\.goals\.one"):
        load(LISTED[0])
