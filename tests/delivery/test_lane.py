"""Whether and how fast one campaign is sent to."""

import pytest

from bridge.campaigns import outcomes
from bridge.campaigns.outcomes import Sent
from bridge.campaigns.schemas import Standing
from bridge.delivery.lane import Lane
from bridge.settings.models import DeliverySettings

SETTINGS = DeliverySettings()
WELL = Standing("Active", "test")
BROKEN = Sent(outcomes.Retry("http_500", maybe_sent=True), 500, "oh no")
TAKEN = Sent(outcomes.Accepted(), 202)


def opened(environment: str = "test") -> Lane:
    lane = Lane("camp_1", environment, SETTINGS)
    lane.probed(WELL, 0)
    return lane


def crowded(after: float | None, status: int = 429) -> Sent:
    retry = outcomes.Retry(f"http_{status}", maybe_sent=False, after=after, slow_down=True)
    return Sent(retry, status)


def test_it_sends_nothing_before_its_first_good_probe() -> None:
    lane = Lane("camp_1", "test", SETTINGS)

    assert lane.paused == "starting"
    assert lane.wait(0) == 0


def test_a_good_probe_opens_it() -> None:
    lane = opened()

    assert lane.paused is None
    assert lane.wait(0) == 0
    assert lane.status(0, 0).standing == WELL


@pytest.mark.parametrize("environment", ["live", "", "staging", "tests"])
def test_another_environment_pauses_it(environment: str) -> None:
    lane = Lane("camp_1", "test", SETTINGS)
    lane.probed(Standing("Active", environment), 0)

    assert lane.paused == "environment_differs"
    assert lane.wait(0) == SETTINGS.probe_every.total_seconds()


@pytest.mark.parametrize("environment", ["live", "Live", "LIVE"])
def test_the_environment_is_compared_without_regard_to_case(environment: str) -> None:
    lane = Lane("camp_1", "live", SETTINGS)
    lane.probed(Standing("active", environment), 0)

    assert lane.paused is None


@pytest.mark.parametrize("status", ["Stopped", "Draft", "", "Inactive", "Activee"])
def test_a_campaign_that_is_not_active_pauses_it(status: str) -> None:
    lane = Lane("camp_1", "test", SETTINGS)
    lane.probed(Standing(status, "test"), 0)

    assert lane.paused == "campaign_not_active"


def test_a_failed_probe_is_made_again_later() -> None:
    lane = Lane("camp_1", "test", SETTINGS)
    lane.probe_failed("unreachable", "connection refused", 100)
    status = lane.status(110, 0)

    assert (status.paused, status.detail) == ("unreachable", "connection refused")
    assert status.next_probe_in == 20
    assert status.last_error == "unreachable: connection refused"
    assert lane.wait(131) == 0


def test_a_refused_key_pauses_it() -> None:
    lane = opened()
    lane.note(Sent(outcomes.PauseLane("key_refused", maybe_sent=False), 401, "bad key"), 5)

    assert lane.paused == "key_refused"
    assert lane.wait(5) == 30


# -- slowing down ---------------------------------------------------------------------------


@pytest.mark.parametrize("status", [429, 503])
def test_retry_after_holds_it_without_pausing_it(status: int) -> None:
    lane = opened()
    lane.note(crowded(12.0, status), 100)

    assert lane.paused is None
    assert lane.wait(100) == 12
    assert lane.status(104, 0).waiting == 8
    assert lane.wait(112) == 0


def test_the_longest_retry_after_holds_it() -> None:
    lane = opened()
    lane.note(crowded(12.0), 100)
    lane.note(crowded(1.0), 101)

    assert lane.wait(101) == 11


def test_an_absurd_retry_after_holds_it_for_an_hour() -> None:
    lane = opened()
    lane.note(crowded(1e12), 0)

    assert lane.wait(0) == 3600


@pytest.mark.parametrize("status", [429, 503])
def test_a_crowded_api_that_names_no_time_counts_for_the_breaker(status: int) -> None:
    lane = opened()
    for _ in range(5):
        lane.note(crowded(None, status), 0)

    assert lane.paused == "breaker_open"


def test_an_api_that_names_a_time_never_opens_the_breaker() -> None:
    lane = opened()
    for _ in range(50):
        lane.note(crowded(1.0), 0)

    assert lane.paused is None


# -- the breaker ----------------------------------------------------------------------------


def test_five_failures_in_a_row_make_it_rest() -> None:
    lane = opened()
    for _ in range(5):
        lane.note(BROKEN, 7)

    assert lane.paused == "breaker_open"
    assert lane.wait(7) == 30
    assert lane.status(7, 0).last_error == "http_500: oh no"
    seen, later = lane.status(7, 0).last_error_age, lane.status(67, 0).last_error_age
    assert seen is not None
    assert later is not None
    assert later - seen == 60


def test_four_failures_do_not() -> None:
    lane = opened()
    for _ in range(4):
        lane.note(BROKEN, 7)

    assert lane.paused is None


@pytest.mark.parametrize(
    "answer",
    [
        TAKEN,
        Sent(outcomes.Hold("user_unknown", maybe_sent=False), 404),
        Sent(outcomes.Refused("refused", maybe_sent=False), 400),
        Sent(outcomes.Retry("conflict", maybe_sent=True, conflict=True), 409),
    ],
)
def test_a_sensible_answer_is_no_failure(answer: Sent) -> None:
    lane = opened()
    for _ in range(20):
        lane.note(BROKEN, 0)
        lane.probed(WELL, 0)
        for _ in range(2):
            lane.note(answer, 0)

    assert lane.paused is None


def test_each_rest_is_twice_as_long_until_something_succeeds() -> None:
    lane, rests = opened(), []
    for _ in range(3):
        for _ in range(5):
            lane.note(BROKEN, 0)
        rests.append(lane.wait(0))
        lane.probed(WELL, 0)
    lane.note(TAKEN, 0)
    for _ in range(5):
        lane.note(BROKEN, 0)
    rests.append(lane.wait(0))

    assert rests == [30, 60, 120, 30]


def test_calls_that_were_out_when_it_opened_do_not_lengthen_the_rest() -> None:
    lane = opened()
    for _ in range(16):
        lane.note(BROKEN, 0)

    assert lane.wait(0) == 30


def test_calls_that_were_out_when_it_was_paused_do_not_change_why() -> None:
    lane = opened()
    lane.note(Sent(outcomes.PauseLane("key_refused", maybe_sent=False), 401), 0)
    for _ in range(16):
        lane.note(BROKEN, 0)

    assert lane.paused == "key_refused"


# -- concurrency and status -----------------------------------------------------------------


def test_good_answers_widen_it_and_failures_narrow_it() -> None:
    lane = opened()
    for _ in range(14):
        lane.note(TAKEN, 0)
    wide = lane.limit
    lane.note(crowded(1.0), 0)

    assert (wide, lane.limit) == (16, 8)


def test_its_status_counts_outcomes_by_kind() -> None:
    lane = opened()
    for sent in (TAKEN, TAKEN, BROKEN, Sent(outcomes.Refused("refused", maybe_sent=False), 400)):
        lane.note(sent, 0)
    status = lane.status(0, in_flight=3)

    assert status.outcomes == {"accepted": 2, "unproven": 1, "refused": 1}
    assert (status.campaign, status.in_flight, status.limit) == ("camp_1", 3, lane.limit)
    assert (status.paused, status.next_probe_in, status.waiting) == (None, None, 0)


@pytest.mark.parametrize(
    ("stopped", "reason", "words"),
    [
        ("paused", "operator_pause", "an operator paused it"),
        ("shadow", "shadow", "nothing is sent"),
        ("quarantine", "quarantine", "campaign-bridge status"),
    ],
)
def test_what_the_outbox_holds_back_is_shown_until_it_lets_go(
    stopped: str, reason: str, words: str
) -> None:
    lane = opened()
    lane.claimed(stopped)
    held = lane.status(0, 0)
    lane.claimed("")

    assert held.paused == reason
    assert words in held.detail
    assert lane.paused is None
    assert lane.status(0, 0).paused is None


def test_the_api_s_own_reason_is_shown_before_the_operator_s() -> None:
    lane = opened()
    lane.claimed("paused")
    lane.probe_failed("unreachable", "connection refused", 0)

    assert lane.status(0, 0).paused == "unreachable"


def test_its_status_tells_what_may_have_been_paid_from_what_was_not() -> None:
    lane = opened()
    for sent in (crowded(None), BROKEN, Sent(outcomes.Hold("user_unknown", maybe_sent=False), 404)):
        lane.note(sent, 0)

    assert lane.status(0, in_flight=0).outcomes == {"retry": 1, "unproven": 1, "held": 1}


def test_its_status_counts_how_often_it_began_to_rest() -> None:
    lane = opened()
    for _ in range(5):
        lane.note(BROKEN, 0)

    assert lane.status(0, in_flight=0).rests == 1
