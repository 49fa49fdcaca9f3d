from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.look.ticks import time_marks, value_marks

NOON = datetime(2026, 11, 23, 12, 0, 30, tzinfo=UTC)
FINITE = st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**12), max_value=10**12)


def labels(low: str, high: str) -> list[str]:
    return [mark.label for mark in value_marks(Decimal(low), Decimal(high))]


def times(span: timedelta, start: datetime = NOON) -> list[str]:
    return [mark.label for mark in time_marks(start, start + span, 5)]


def test_values_are_marked_at_round_numbers() -> None:
    assert labels("0", "21") == ["0", "5", "10", "15", "20", "25"]
    assert labels("0", "0.7") == ["0", "0.2", "0.4", "0.6", "0.8"]
    assert labels("-3", "4") == ["-4", "-2", "0", "2", "4"]


def test_large_values_are_short() -> None:
    assert labels("0", "50000") == ["0", "10k", "20k", "30k", "40k", "50k"]
    assert labels("0", "25000000")[-1] == "25M"


def test_an_axis_without_extent_still_has_two_ends() -> None:
    assert labels("0", "0") == ["0", "0.2", "0.4", "0.6", "0.8", "1"]
    assert labels("7", "7")[-1] == "8"
    assert labels("-7", "-7")[0] == "-8"


@given(FINITE, FINITE)
def test_the_marks_reach_around_the_values_and_are_few(one: Decimal, other: Decimal) -> None:
    low, high = min(one, other), max(one, other)

    marks = value_marks(low, high)

    assert marks[0].at <= low
    assert marks[-1].at >= high
    assert 2 <= len(marks) <= 8


@pytest.mark.parametrize(
    ("span", "said"),
    [
        (timedelta(seconds=8), ["12:00:30", "12:00:32", "12:00:34", "12:00:36", "12:00:38"]),
        (timedelta(minutes=8), ["12:02", "12:04", "12:06", "12:08"]),
        (timedelta(hours=20), ["18:00", "24 Nov", "06:00"]),
        (timedelta(days=4), ["24 Nov", "25 Nov", "26 Nov", "27 Nov"]),
        (timedelta(days=14), ["30 Nov", "7 Dec"]),
        (timedelta(days=120), ["Dec 2026", "Jan 2027", "Feb 2027", "Mar 2027"]),
        (timedelta(days=3000), ["2028", "2030", "2032", "2034"]),
    ],
)
def test_times_are_marked_at_round_instants(span: timedelta, said: list[str]) -> None:
    assert times(span) == said


@given(
    st.datetimes(timezones=st.just(UTC)),
    st.datetimes(timezones=st.just(UTC)),
    st.integers(2, 8),
)
def test_any_span_has_few_marks_all_within_it(one: datetime, other: datetime, about: int) -> None:
    start, end = min(one, other), max(one, other)

    marks = time_marks(start, end, about)

    assert len(marks) <= about + 1
    assert all(start <= mark.at <= end for mark in marks)
