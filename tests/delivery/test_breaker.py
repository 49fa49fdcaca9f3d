"""When to stop trying."""

from hypothesis import given
from hypothesis import strategies as st

from bridge.delivery.breaker import Breaker


def opened(breaker: Breaker, answers: str) -> list[float | None]:
    """Tell of `+` and `-`; return what each failure opened."""
    told: list[float | None] = []
    for answer in answers:
        if answer == "+":
            breaker.success()
        else:
            told.append(breaker.failure())
    return told


def test_the_fifth_failure_in_a_row_opens_it() -> None:
    assert opened(Breaker(30), "-----") == [None] * 4 + [30]


def test_a_success_among_them_starts_the_count_again() -> None:
    assert opened(Breaker(30), "----+----") == [None] * 8


def test_half_of_ten_open_it() -> None:
    assert opened(Breaker(30), "+-+-+-+-+-") == [None] * 4 + [30]


def test_half_of_fewer_than_ten_do_not() -> None:
    assert opened(Breaker(30), "-+-+-+-+-") == [None] * 5


def test_less_than_half_do_not() -> None:
    assert opened(Breaker(30), "++-" * 30) == [None] * 30


def test_what_lies_twenty_answers_back_does_not_count() -> None:
    breaker = Breaker(30)
    opened(breaker, "+" * 1000)

    assert 30 in opened(breaker, "----+" * 3)


def test_each_opening_doubles_the_rest_up_to_five_minutes() -> None:
    breaker = Breaker(30)

    assert [opened(breaker, "-----")[-1] for _ in range(6)] == [30, 60, 120, 240, 300, 300]


def test_after_an_opening_five_more_failures_are_needed() -> None:
    breaker = Breaker(30)
    opened(breaker, "-----")

    assert opened(breaker, "----") == [None] * 4


def test_a_success_makes_the_next_rest_short_again() -> None:
    breaker = Breaker(30)
    opened(breaker, "-" * 15 + "+")

    assert opened(breaker, "-----")[-1] == 30


@given(st.lists(st.booleans(), max_size=200))
def test_a_rest_is_never_longer_than_five_minutes(answers: list[bool]) -> None:
    rests = opened(Breaker(30), "".join("+" if good else "-" for good in answers))

    assert all(rest is None or 30 <= rest <= 300 for rest in rests)
