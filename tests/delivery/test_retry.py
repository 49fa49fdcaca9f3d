"""How long to wait, and when to give up: plain arithmetic."""

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.campaigns import outcomes
from bridge.delivery.retry import (
    LAST_REFUSAL,
    MARGIN,
    MOST_CONFLICTS,
    Spent,
    asked_for,
    backoff,
    refused_wait,
    verdict,
)
from bridge.outbox.values import Accepted, Claim, Dead, Doubtful, Held, Later
from bridge.rules.key import payout_key
from bridge.settings.models import DeliverySettings
from tests.outbox.play import ALICE, CAMPAIGN, written

SETTINGS = DeliverySettings()
TIMEOUT = SETTINGS.attempt_timeout.total_seconds()
KEY = payout_key(CAMPAIGN, ALICE, "EARN5", "first_blood", "once")
FIRST = Claim(
    KEY, CAMPAIGN, ALICE, "EARN5", "usr_1", 0, written(KEY, 0, "EARN5", "usr_1"), "me", 1, 0, 0, 0
)
AT_ONCE = Spent(seconds=0.0, chance=1.0)
DAY = 86400.0


def later(outcome: outcomes.Outcome, claim: Claim = FIRST, spent: Spent = AT_ONCE) -> Later:
    result = verdict(outcome, claim, SETTINGS, spent)
    assert isinstance(result, Later)
    return result


# -- the growing delay ----------------------------------------------------------------------


def test_the_delay_doubles_up_to_five_minutes() -> None:
    waits = [backoff(failures, SETTINGS, 1.0) for failures in range(10)]

    assert waits == [1, 2, 4, 8, 16, 32, 64, 128, 256, 300]


@given(st.integers(0, 10**9), st.floats(0, 1))
def test_the_delay_is_any_part_of_its_ceiling(failures: int, chance: float) -> None:
    wait = backoff(failures, SETTINGS, chance)

    assert 0 <= wait <= 300
    assert wait == chance * backoff(failures, SETTINGS, 1.0)


# -- what the API asks for ------------------------------------------------------------------


def crowded(after: float | None) -> outcomes.Retry:
    return outcomes.Retry("http_429", maybe_sent=False, after=after, slow_down=True)


def test_the_longer_of_retry_after_and_our_own_delay_counts() -> None:
    tired = replace(FIRST, failures=6)

    assert later(crowded(10.0), tired).after == 64
    assert later(crowded(100.0), tired).after == 100


@pytest.mark.parametrize("absurd", [3601.0, 1e9, 1e300, float("inf")])
def test_an_absurd_retry_after_is_believed_for_an_hour(absurd: float) -> None:
    assert asked_for(crowded(absurd), SETTINGS) == 3600
    assert later(crowded(absurd)).after == 3600


def test_without_retry_after_nothing_is_asked_for() -> None:
    assert asked_for(crowded(None), SETTINGS) == 0


# -- what may still be under way ------------------------------------------------------------


UNANSWERED = outcomes.Retry("timeout", maybe_sent=True, answered=False)


@pytest.mark.parametrize("seconds", [0.0, 0.4, 5.0, TIMEOUT])
def test_an_unanswered_request_is_not_sent_again_while_it_may_be_under_way(seconds: float) -> None:
    wait = later(UNANSWERED, spent=Spent(seconds, chance=0.0)).after

    assert seconds + wait == pytest.approx(TIMEOUT + MARGIN)


def test_an_attempt_that_took_longer_than_it_may_adds_no_wait() -> None:
    assert later(UNANSWERED, spent=Spent(60.0, chance=0.0)).after == 0


def test_a_refused_connect_waits_for_the_growing_delay_alone() -> None:
    refused = outcomes.Retry("unreachable", maybe_sent=False)
    spent = Spent(0.0, chance=0.25)

    assert later(refused, spent=spent) == Later(0.25, "unreachable", unsent=True)


def test_an_answered_failure_waits_for_the_growing_delay_alone() -> None:
    answered = outcomes.Retry("http_500", maybe_sent=True)

    assert later(answered, spent=Spent(0.0, chance=0.5)) == Later(0.5, "http_500")


# -- verdicts -------------------------------------------------------------------------------


def test_what_the_api_took_is_accepted() -> None:
    assert verdict(outcomes.Accepted(), FIRST, SETTINGS, AT_ONCE) == Accepted()


@pytest.mark.parametrize("maybe_sent", [False, True])
def test_a_paused_lane_costs_its_entry_nothing(maybe_sent: bool) -> None:
    paused = outcomes.PauseLane("key_refused", maybe_sent)

    assert later(paused) == Later(0, "key_refused", unsent=not maybe_sent, spent=False)


def test_a_conflict_is_counted_and_retried_with_growing_delay() -> None:
    conflict = outcomes.Retry("conflict", maybe_sent=True, conflict=True)
    waits = [later(conflict, replace(FIRST, failures=n, conflicts=n)).after for n in range(9)]

    assert waits == [1, 2, 4, 8, 16, 32, 64, 128, 256]
    assert later(conflict) == Later(1.0, "conflict", conflict=True)


def test_the_tenth_conflict_is_left_to_an_operator() -> None:
    conflict = outcomes.Retry("conflict", maybe_sent=True, conflict=True)
    tenth = replace(FIRST, conflicts=MOST_CONFLICTS - 1)

    assert MOST_CONFLICTS == 10
    assert verdict(conflict, tenth, SETTINGS, AT_ONCE) == Doubtful("conflict")


def test_other_failures_after_nine_conflicts_are_retried() -> None:
    assert later(UNANSWERED, replace(FIRST, conflicts=9)).conflict is False


@pytest.mark.parametrize("maybe_sent", [False, True])
def test_a_refusal_is_tried_again_after_ten_minutes_an_hour_and_daily(maybe_sent: bool) -> None:
    refused = outcomes.Refused("refused", maybe_sent)
    held = [
        verdict(refused, replace(FIRST, refusals=number), SETTINGS, AT_ONCE)
        for number in range(LAST_REFUSAL - 1)
    ]

    assert held == [
        Held("refused", wait, unsent=not maybe_sent) for wait in (600.0, 3600.0, DAY, DAY)
    ]


@pytest.mark.parametrize("maybe_sent", [False, True])
def test_the_fifth_refusal_is_the_last(maybe_sent: bool) -> None:
    refused = outcomes.Refused("refused", maybe_sent)
    fifth = verdict(refused, replace(FIRST, refusals=4), SETTINGS, AT_ONCE)

    assert LAST_REFUSAL == 5
    assert fifth == Dead("refused", unsent=not maybe_sent)


@pytest.mark.parametrize("refusals", [0, 1, 4, 400])
def test_an_unknown_user_is_asked_for_daily_and_for_ever(refusals: int) -> None:
    unknown = outcomes.Hold("user_unknown", maybe_sent=False)

    assert verdict(unknown, replace(FIRST, refusals=refusals), SETTINGS, AT_ONCE) == Held(
        "user_unknown", DAY, counts=False
    )


@pytest.mark.parametrize("refusals", [0, 4, 400])
def test_a_code_that_is_not_configured_never_kills_its_entry(refusals: int) -> None:
    missing = outcomes.Hold("event_not_configured", maybe_sent=False)
    result = verdict(missing, replace(FIRST, refusals=refusals), SETTINGS, AT_ONCE)

    assert result == Held("event_not_configured", refused_wait(refusals, SETTINGS))


def test_the_last_of_the_settings_waits_repeats() -> None:
    settings = DeliverySettings(refused_again=(timedelta(seconds=1), timedelta(seconds=2)))

    assert [refused_wait(refusals, settings) for refusals in range(4)] == [1, 2, 2, 2]
