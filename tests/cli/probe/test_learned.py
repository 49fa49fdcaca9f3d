"""What follows from verdicts, and how lengths of time are written."""

from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest

from bridge.cli.probe.learned import Learned, learned, plain
from bridge.cli.probe.moments import Moment, Time
from bridge.cli.probe.trials import Probe, Trial, Verdict, gaps, verdict
from bridge.cli.probe.words import length
from bridge.settings.kinds import duration_of
from tests.support.clock import FakeClock

HOUR = 3600.0
T0 = datetime(2026, 11, 23, tzinfo=UTC)


def at(seconds: float, wall: float | None = None) -> Moment:
    steady = T0 + timedelta(seconds=seconds)
    return Moment(wall=steady if wall is None else T0 + timedelta(seconds=wall), steady=steady)


def judged(gap: float, found: Verdict) -> Trial:
    return Trial(
        gap=gap, key=uuid4(), first=at(0), accepted=at(1), resent=at(gap), answered=at(gap + 1),
        verdict=found,
    )  # fmt: skip


def probe(*trials: Trial) -> Probe:
    return Probe(
        base_url="http://127.0.0.1:1/api", campaign="camp_1", user_ref="usr_1", event_code="EARN5",
        body="{}", base=0, trials=trials,
    )  # fmt: skip


def test_remembered_counts_at_least_and_forgotten_at_most() -> None:
    found = learned(probe(judged(60, Verdict.REMEMBERED), judged(120, Verdict.FORGOTTEN)))

    assert found == Learned(59, 121, contradictory=False)


def test_where_verdicts_contradict_each_other_the_shorter_one_counts() -> None:
    found = learned(
        probe(
            judged(60, Verdict.REMEMBERED),
            judged(120, Verdict.FORGOTTEN),
            judged(240, Verdict.REMEMBERED),
        )
    )

    assert (found.remembered, found.contradictory) == (59, True)


def test_inconclusive_gaps_teach_nothing() -> None:
    found = learned(probe(judged(60, Verdict.INCONCLUSIVE)))

    assert not found.anything
    assert found.proposed is None
    assert not found.endangered_by(timedelta(hours=20))


@pytest.mark.parametrize(("horizon", "danger"), [(9, False), (10, False), (11, True)])
def test_a_horizon_beyond_what_was_proven_is_dangerous(horizon: int, danger: bool) -> None:
    found = Learned(10 * HOUR, None, contradictory=False)

    assert found.endangered_by(timedelta(hours=horizon)) is danger


@pytest.mark.parametrize(
    ("remembered", "proposed"),
    [
        (48 * HOUR, "38h"),
        (24 * HOUR, "19h"),
        (HOUR, "48min"),
        (75 * 60, "1h"),
        (60, "48s"),
        (2, "1s"),
        (1.25, "1s"),
        (1.2, None),
    ],
)
def test_four_fifths_are_proposed_rounded_down(remembered: float, proposed: str | None) -> None:
    assert Learned(remembered, None, contradictory=False).proposed == proposed


@pytest.mark.parametrize("seconds", [1, 3.9, 59, 61, 3599, 3600, 5000, 11000, 1e6])
def test_a_plain_duration_can_be_read_and_is_never_longer(seconds: float) -> None:
    told = plain(seconds)

    assert told is not None
    assert 0.74 * seconds <= duration_of(told).total_seconds() <= seconds


@pytest.mark.parametrize(
    ("seconds", "told"),
    [(None, "-"), (0.2, "200 ms"), (59.9, "59 s"), (60, "1 min"), (122880, "1 d 10 h")],
)  # fmt: skip
def test_lengths_are_told_in_two_units(seconds: float | None, told: str) -> None:
    assert length(seconds) == told


def test_gaps_grow_by_the_factor_and_end_with_the_longest() -> None:
    assert gaps(60, 2, 300) == [60, 120, 240, 300]
    assert gaps(60, 2, 240) == [60, 120, 240]
    assert gaps(60, 2, 60) == [60]
    assert len(gaps(60, 2, 48 * HOUR)) == 13


@pytest.mark.parametrize(
    ("after", "taken", "others", "found"),
    [
        (5, True, False, Verdict.REMEMBERED),
        (5, True, True, Verdict.REMEMBERED),
        (6, True, False, Verdict.FORGOTTEN),
        (6, True, True, Verdict.INCONCLUSIVE),
        (7, True, False, Verdict.INCONCLUSIVE),
        (4, True, False, Verdict.INCONCLUSIVE),
        (5, False, False, Verdict.INCONCLUSIVE),
    ],
)
def test_a_count_is_judged_and_never_guessed(
    after: int, taken: bool, others: bool, found: Verdict
) -> None:
    told, why = verdict(5, after, taken=taken, others=others)

    assert told == found
    assert bool(why) is (found is Verdict.INCONCLUSIVE)


# -- clocks ---------------------------------------------------------------------------------


async def _never(_: float) -> None:
    raise AssertionError


@pytest.mark.parametrize(("jump", "least", "most"), [(7200, 60, 7260), (-7200, 0, 60)])
def test_a_clock_that_is_set_makes_no_key_older(jump: float, least: float, most: float) -> None:
    clock = FakeClock()
    time = Time(clock, _never)
    began = time.now()
    clock.jump(jump)
    clock.advance(60)
    now = time.now()

    assert (now.least_since(began), now.most_since(began)) == (least, most)


def test_a_key_is_due_by_the_clock_that_nobody_sets() -> None:
    trial = Trial(gap=60, key=uuid4(), accepted=at(10, wall=99999))

    assert trial.due == T0 + timedelta(seconds=70)
