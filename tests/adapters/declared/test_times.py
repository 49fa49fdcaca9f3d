"""Moments as logs write them."""

from datetime import UTC, datetime

import pytest

from bridge.adapters.declared.times import reader

EVENING = datetime(2026, 11, 23, 18, 5, 7, tzinfo=UTC)


@pytest.mark.parametrize(
    ("form", "timezone", "text"),
    [
        ("iso", None, "2026-11-23T18:05:07Z"),
        ("iso", None, "2026-11-23 19:05:07+01:00"),
        ("iso", "Europe/Berlin", "2026-11-23T19:05:07"),
        ("iso", "Europe/Berlin", "2026-11-23T18:05:07Z"),
        ("unix", None, "1795457107"),
        ("unix_ms", None, "1795457107000"),
        ("%m/%d/%Y - %H:%M:%S", "UTC", "11/23/2026 - 18:05:07"),
        ("%d.%m.%y %H:%M:%S", "Europe/Berlin", "23.11.26 19:05:07"),
        ("%Y-%m-%d %H:%M:%S %z", None, "2026-11-23 19:05:07 +0100"),
    ],
)
def test_a_moment_is_read(form: str, timezone: str | None, text: str) -> None:
    assert reader(form, timezone)(text) == EVENING


def test_an_hour_that_comes_twice_is_the_first() -> None:
    read = reader("%Y-%m-%d %H:%M", "Europe/Berlin")

    assert read("2026-10-25 02:30") == datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
    assert read("2026-10-25 03:30") == datetime(2026, 10, 25, 2, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("form", "text"),
    [
        ("iso", "2026-11-23T18:05:07"),
        ("iso", "yesterday"),
        ("iso", "0001-01-01T00:00:00+14:00"),
        ("unix", "1e999"),
        ("unix", "nan"),
        ("unix", "9" * 30),
        ("%Y-%m-%d %H:%M:%S %z", "2026-11-31 19:05:07 +0100"),
    ],
)
def test_what_is_no_moment_is_refused(form: str, text: str) -> None:
    with pytest.raises(ValueError, match=r"moment|isoformat|timezone|convert|day|NaN"):
        reader(form, None)(text)
