"""How much one address gets, to the second."""

import pytest
from aiohttp import web
from aiohttp.test_utils import make_mocked_request

from bridge.linking.page.limits import Limits, address_of
from tests.support.clock import FakeClock


def tries(limits: Limits, address: str, times: int, *, with_code: bool = False) -> int:
    """Try until it is refused; return how often it was not."""
    for done in range(times):
        try:
            limits.attempt(address, with_code=with_code)
        except web.HTTPTooManyRequests:
            return done
    return times


def test_an_address_gets_its_number_and_again_as_time_passes() -> None:
    clock = FakeClock()
    limits = Limits(clock, 6)

    at_once = tries(limits, "1.1.1.1", 100)
    clock.advance(9.9)
    too_early = tries(limits, "1.1.1.1", 100)
    clock.advance(10.1)
    later = tries(limits, "1.1.1.1", 100)

    assert (at_once, too_early, later) == (6, 0, 2)
    assert tries(limits, "2.2.2.2", 100) == 6


def test_a_refusal_says_when_to_come_back() -> None:
    limits = Limits(FakeClock(), 6)
    tries(limits, "1.1.1.1", 6)

    with pytest.raises(web.HTTPTooManyRequests) as refused:
        limits.attempt("1.1.1.1", with_code=False)

    assert refused.value.headers["Retry-After"] == "10"


def test_all_addresses_together_are_bounded_too() -> None:
    limits = Limits(FakeClock(), 10)

    assert sum(tries(limits, f"1.1.{n}.1", 10) for n in range(50)) == 120


def test_wrong_codes_of_the_whole_world_stop_codes_alone() -> None:
    clock = FakeClock()
    limits = Limits(clock, 10)
    for _ in range(60):
        limits.wrong_code()

    assert tries(limits, "1.1.1.1", 5, with_code=True) == 0
    assert tries(limits, "1.1.1.1", 5) == 5
    clock.advance(1)
    assert tries(limits, "2.2.2.2", 1, with_code=True) == 1


def test_the_addresses_that_are_remembered_are_bounded() -> None:
    clock = FakeClock()
    limits = Limits(clock, 1)
    for number in range(10_050):
        limits.look(f"{number}")

    assert len(limits._looks) == 10_000  # memory has no other face


@pytest.mark.parametrize(
    ("remote", "forwarded", "behind_proxy", "counted"),
    [
        ("1.2.3.4", None, False, "1.2.3.4"),
        ("1.2.3.4", "9.9.9.9", False, "1.2.3.4"),
        ("127.0.0.1", "9.9.9.9", True, "9.9.9.9"),
        ("127.0.0.1", "6.6.6.6, 9.9.9.9", True, "9.9.9.9"),
        ("127.0.0.1", "9.9.9.9, nonsense", True, "127.0.0.1"),
        ("127.0.0.1", "", True, "127.0.0.1"),
        ("127.0.0.1", None, True, "127.0.0.1"),
        ("::ffff:1.2.3.4", None, False, "1.2.3.4"),
        ("2001:db8:1:2:3:4:5:6", None, False, "20010db800010002::"),
    ],
)
def test_whom_a_request_counts_for(
    remote: str, forwarded: str | None, *, behind_proxy: bool, counted: str
) -> None:
    headers = {} if forwarded is None else {"X-Forwarded-For": forwarded}
    request = make_mocked_request("GET", "/link", headers=headers).clone(remote=remote)

    seen = address_of(request, behind_proxy=behind_proxy)

    assert seen.lstrip("0") == counted.lstrip("0")
