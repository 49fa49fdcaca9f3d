"""The clock for tests moves only when it is told to."""

from datetime import UTC, datetime

import pytest

from bridge.testing import FakeClock


def test_a_fake_clock_moves_only_when_told() -> None:
    clock = FakeClock(datetime(2026, 1, 1, tzinfo=UTC))
    before = clock.now(), clock.monotonic()
    clock.advance(1.5)

    assert before == (datetime(2026, 1, 1, tzinfo=UTC), 0.0)
    assert clock.now() == datetime(2026, 1, 1, 0, 0, 1, 500_000, tzinfo=UTC)
    assert clock.monotonic() == 1.5


def test_a_fake_clock_is_not_turned_back_nor_left_without_a_timezone() -> None:
    with pytest.raises(ValueError, match="turned back"):
        FakeClock().advance(-1)
    with pytest.raises(ValueError, match="timezone"):
        FakeClock(datetime(2026, 1, 1))  # noqa: DTZ001  # what is tested
