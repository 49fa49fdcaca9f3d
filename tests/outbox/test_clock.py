"""The ledger's clock: it never goes back, never stands still, and believes the later of two."""

from hypothesis import given
from hypothesis import strategies as st

from bridge.outbox.clock import LedgerClock
from bridge.testing import START
from tests.support.clock import FakeClock

MILLIS = round(START.timestamp() * 1000)


def test_it_says_the_wall_clocks_time() -> None:
    clock = FakeClock()
    ledger = LedgerClock(clock)
    clock.advance(1.5)

    assert ledger.now() == MILLIS + 1500


def test_it_goes_on_where_the_wall_clock_is_set_back() -> None:
    clock = FakeClock()
    ledger = LedgerClock(clock)
    clock.jump(-3600)
    clock.advance(10)

    assert ledger.now() == MILLIS + 10_000


def test_it_follows_a_wall_clock_that_is_set_forward() -> None:
    """A machine that slept: its monotonic clock stood still, and the API's keys aged."""
    clock = FakeClock()
    ledger = LedgerClock(clock)
    clock.jump(3600)

    assert ledger.now() == MILLIS + 3_600_000


def test_it_starts_no_earlier_than_what_the_ledger_has_seen() -> None:
    clock = FakeClock()
    ledger = LedgerClock(clock)
    ledger.not_before(MILLIS + 5000)
    clock.advance(1)

    assert ledger.now() == MILLIS + 6000


def test_it_is_not_set_back_by_what_the_ledger_has_seen() -> None:
    ledger = LedgerClock(FakeClock())
    ledger.not_before(MILLIS - 5000)

    assert ledger.now() == MILLIS


def test_many_short_moments_add_up_where_the_wall_clock_is_behind() -> None:
    clock = FakeClock()
    ledger = LedgerClock(clock)
    clock.jump(-3600)
    for _ in range(10_000):
        clock.advance(0.0004)
        last = ledger.now()

    assert abs(last - (MILLIS + 4000)) <= 1


@given(st.lists(st.tuples(st.floats(0, 1e6), st.floats(-1e6, 1e6))))
def test_it_never_goes_back_and_ages_at_least_as_much_as_time_passes(
    steps: list[tuple[float, float]],
) -> None:
    clock = FakeClock()
    ledger = LedgerClock(clock)
    times = [ledger.now()]
    for passes, jumps in steps:
        clock.advance(passes)
        clock.jump(jumps)
        times.append(ledger.now())

    assert times == sorted(times)
    assert times[-1] - times[0] >= sum(passes for passes, _ in steps) * 1000 - 1


def test_it_tells_how_far_it_is_ahead_of_a_wall_clock_that_was_set_back() -> None:
    clock = FakeClock()
    ledger = LedgerClock(clock)
    right = ledger.ahead()
    clock.jump(-90)
    clock.advance(5)

    assert (right, ledger.ahead()) == (0, 90)
