"""Probing a real sandbox: the boundary, interruptions, strangers, a host that is away."""

import stat
from pathlib import Path

import pytest

from bridge.cli.probe.kept import Shelf
from bridge.cli.probe.learned import learned
from bridge.errors import CampaignError, CommandError
from tests.cli.probe.rig import SETTLE, DyingShelf, Killed, Rig, rigged, verdicts, wanted

R, F, I, NOT_ASKED = "remembered", "forgotten", "inconclusive", ""  # noqa: E741  # in a table


# -- the boundary ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("remembers", "found", "remembered", "forgotten", "proposed"),
    [
        (59.9, [F, F, NOT_ASKED, NOT_ASKED], None, 60.0, None),
        (60.1, [R, F, F, NOT_ASKED], 60.0, 120.0, "48s"),
        (119.9, [R, F, F, NOT_ASKED], 60.0, 120.0, "48s"),
        (240.1, [R, R, R, F], 240.0, 480.0, "3min"),
        (86400.0, [R, R, R, R], 480.0, None, "6min"),
    ],
)
async def test_the_boundary_is_found_exactly(
    tmp_path: Path,
    remembers: float,
    found: list[str],
    remembered: float | None,
    forgotten: float | None,
    proposed: str | None,
) -> None:
    async with rigged(tmp_path, remembers) as rig:
        probe = await rig.run()

    told = learned(probe)
    assert verdicts(probe) == found
    assert (told.remembered, told.forgotten, told.proposed) == (remembered, forgotten, proposed)
    assert probe.done


async def test_all_first_events_are_sent_at_once_and_each_key_twice(tmp_path: Path) -> None:
    async with rigged(tmp_path, 200) as rig:
        probe = await rig.run(wanted(60, 120, 300))
        paid = await rig.play.paid_keys()

    keys = [str(trial.key) for trial in probe.trials]
    assert len(set(keys)) == 3
    assert paid == [*keys, keys[2]]
    assert {trial.accepted.wall for trial in probe.trials if trial.accepted} == {rig.began}
    assert rig.passed == pytest.approx(300 + 10)


async def test_after_two_forgotten_keys_nothing_more_is_paid_and_nothing_waited_for(
    tmp_path: Path,
) -> None:
    async with rigged(tmp_path, 30) as rig:
        await rig.run(wanted(60, 120, 172800))

        assert rig.passed < 200
        assert len(await rig.play.paid_keys()) == 5


async def test_slow_payouts_make_the_counts_wait_longer(tmp_path: Path) -> None:
    """A payout that takes 25 s would come after a settle of 10 s, and the key look remembered."""
    async with rigged(tmp_path, 30) as rig:
        await slow(rig, 25)
        probe = await rig.run(wanted(300, 600))

    assert probe.lag >= 25
    assert verdicts(probe) == [F, F]


async def slow(rig: Rig, seconds: float) -> None:
    """Let a payout be made so long after its 202, by the clock of the test."""
    jobs, promise = rig.play.sandbox.jobs, rig.play.sandbox.jobs.promise

    async def made(number: int) -> None:
        promise(number)
        await jobs.settled()

    def later(number: int) -> None:
        rig.at[rig.passed + seconds + number / 1000] = lambda: made(number)

    jobs.promise = later  # type: ignore[method-assign]  # the job's delay is real time otherwise


# -- stopped and resumed --------------------------------------------------------------------


@pytest.mark.parametrize("written", [False, True])
async def test_killed_at_any_write_it_goes_on_and_finds_the_same(
    tmp_path: Path, written: bool
) -> None:
    reached = 0
    for number in range(1, 100):
        folder = tmp_path / str(number)
        folder.mkdir()
        async with rigged(folder, 100) as rig:
            rig.shelf = dying = rig.kept(DyingShelf)
            dying.left, dying.written = number, written
            try:
                await rig.run(wanted(60, 120))
            except Killed:
                reached = number
            else:
                break
            if not rig.kept(Shelf).read():  # killed before anything was kept: nothing was sent
                assert await rig.play.paid_keys() == []
                continue
            rig.shelf = None
            probe = await rig.run(wanted(user=None))
            paid = await rig.play.paid_keys()

        keys = [str(trial.key) for trial in probe.trials]
        assert verdicts(probe) == [R, F], number
        assert sorted(filter(None, paid)) == sorted([*keys, keys[1]]), number
    assert reached >= 10


async def test_what_is_kept_is_for_its_owner_alone_and_there_before_anything_is_sent(
    tmp_path: Path,
) -> None:
    async with rigged(tmp_path, 100) as rig:
        rig.shelf = dying = rig.kept(DyingShelf)
        dying.left, dying.written = 2, True
        with pytest.raises(Killed):
            await rig.run()

        probe = dying.read()
        assert probe is not None
        assert probe.trials[0].first is not None
        assert await rig.play.paid_keys() == []
        assert stat.S_IMODE(dying.path.stat().st_mode) == 0o600
        assert stat.S_IMODE(dying.path.parent.stat().st_mode) == 0o700


async def test_once_does_what_is_due_and_ends(tmp_path: Path) -> None:
    async with rigged(tmp_path, 100) as rig:
        first = await rig.run(wanted(60, 120, once=True))
        rig.clock.turn(30)
        early = await rig.run(wanted(user=None, once=True))
        rig.clock.turn(25)
        second = await rig.run(wanted(user=None, once=True))
        rig.clock.turn(3600)
        third = await rig.run(wanted(user=None, once=True))

    assert verdicts(first) == verdicts(early) == ["", ""]
    assert verdicts(second) == [R, ""]
    assert verdicts(third) == [R, F]
    assert third.trials[1].forgotten_within == pytest.approx(3600 + 75)
    assert third.done


async def test_a_gap_that_is_judged_late_counts_as_long_as_it_was(tmp_path: Path) -> None:
    async with rigged(tmp_path, 7200) as rig:
        await rig.run(wanted(60, 120, once=True))
        rig.clock.turn(3000)
        probe = await rig.run(wanted(user=None, once=True))

    # All naps but those of the last verdict: where a payout comes after the first look for it, the
    # count has to stand still anew.
    assert learned(probe).remembered == pytest.approx(3000 + sum(rig.naps) - SETTLE)
    assert learned(probe).proposed == "40min"


async def test_a_probe_that_is_done_is_shown_again_and_sends_nothing(tmp_path: Path) -> None:
    async with rigged(tmp_path, 100) as rig:
        done = await rig.run()
        paid = await rig.play.paid_keys()

        assert await rig.run(wanted(user=None)) == done
        assert await rig.play.paid_keys() == paid


@pytest.mark.parametrize("other", [wanted(user="usr_2"), wanted(60, 600)])
async def test_another_probe_is_refused_while_one_is_here(tmp_path: Path, other: object) -> None:
    async with rigged(tmp_path, 100) as rig:
        await rig.run(wanted(60, 120, once=True))
        with pytest.raises(CommandError, match="is here already") as refused:
            await rig.run(other)  # type: ignore[arg-type]  # parametrized

        assert "--forget" in refused.value.hint


# -- a host that is away, answers that are lost ---------------------------------------------


@pytest.mark.parametrize(
    "fault", ["error_500", "reset_before", "reset_after", "answer_lost", "html_error", "rate_limit"]
)
@pytest.mark.parametrize("begins", [5.0, 55.0, 62.0, 118.0])
async def test_a_host_that_is_away_is_waited_for(tmp_path: Path, fault: str, begins: float) -> None:
    async with rigged(tmp_path, 150) as rig:
        rig.at[begins] = lambda: rig.faults(**{fault: 1.0})
        rig.at[begins + 8] = lambda: rig.faults(**{fault: 0.0})
        probe = await rig.run(wanted(60, 120, 240))
        keys = [str(trial.key) for trial in probe.trials]

        assert verdicts(probe) == [R, R, F]
        assert await rig.play.paid_keys() == [*keys, keys[2]]


async def test_a_lost_answer_at_the_beginning_is_asked_for_again(tmp_path: Path) -> None:
    async with rigged(tmp_path, 150) as rig:
        rig.shelf = dying = rig.kept(DyingShelf)
        dying.left = 2
        with pytest.raises(Killed):
            await rig.run(wanted(60, 240, 480))
        rig.shelf = None
        await rig.faults(reset_after=1.0)
        rig.at[0.5] = lambda: rig.faults(reset_after=0.0)
        probe = await rig.run(wanted(user=None))

    assert verdicts(probe) == [R, F, F]


async def test_once_does_not_wait_for_ever_for_a_host(tmp_path: Path) -> None:
    async with rigged(tmp_path, 150) as rig:
        await rig.run(wanted(60, 120, once=True))
        await rig.faults(error_500=1.0)
        rig.clock.turn(60)
        with pytest.raises(CampaignError, match="500"):
            await rig.run(wanted(user=None, once=True))

        assert 60 <= sum(rig.naps) < 300


async def test_a_host_that_is_away_at_the_beginning_is_told_at_once(tmp_path: Path) -> None:
    async with rigged(tmp_path, 150) as rig:
        await rig.faults(error_500=1.0)
        with pytest.raises(CampaignError, match="500"):
            await rig.run()

        assert rig.naps == []
        assert rig.kept(Shelf).read() is None


async def test_a_campaign_that_is_stopped_meanwhile_ends_it_and_it_goes_on_later(
    tmp_path: Path,
) -> None:
    async with rigged(tmp_path, 300) as rig:
        await rig.run(wanted(60, 120, once=True))
        await rig.play.done("stop")
        with pytest.raises(CommandError, match="Stopped, not Active"):
            await rig.run(wanted(user=None))
        await rig.play.done("start")
        probe = await rig.run(wanted(user=None))

    assert verdicts(probe) == [R, R]


# -- other payers ---------------------------------------------------------------------------


async def test_a_payout_of_somebody_else_while_one_is_judged_is_not_guessed_away(
    tmp_path: Path,
) -> None:
    async with rigged(tmp_path, 90) as rig:
        rig.at[125] = rig.pay
        probe = await rig.run(wanted(60, 120, 240))

    assert verdicts(probe) == [R, I, I]
    assert "from 3 to 5" in probe.trials[1].why
    assert "somebody else pays" in probe.trials[2].why
    assert probe.others
    assert (learned(probe).remembered, learned(probe).forgotten) == (60, None)


async def test_a_payout_between_two_gaps_makes_the_last_verdict_doubtful(tmp_path: Path) -> None:
    """It may be the payout of the key that was sent again, only late."""
    async with rigged(tmp_path, 7200) as rig:
        rig.at[90] = rig.pay
        probe = await rig.run(wanted(60, 120, 240))

    assert verdicts(probe) == [I, R, R]
    assert "after it was judged" in probe.trials[0].why


async def test_payouts_of_somebody_else_at_the_beginning_leave_only_what_is_certain(
    tmp_path: Path,
) -> None:
    async with rigged(tmp_path, 90) as rig:
        rig.at[5] = rig.pay
        probe = await rig.run(wanted(60, 120, 240))

    assert verdicts(probe) == [R, I, I]


async def test_earlier_payouts_and_other_events_are_not_counted(tmp_path: Path) -> None:
    async with rigged(tmp_path, 90) as rig:
        await rig.pay()
        rig.at[61] = lambda: rig.play.event(body=b'{"eventCode":"EARN5","userRef":"usr_2"}')
        probe = await rig.run(wanted(60, 120, 240))

    assert probe.base == 1
    assert verdicts(probe) == [R, F, F]


async def test_first_payouts_that_do_not_come_are_told(tmp_path: Path) -> None:
    async with rigged(tmp_path, 90) as rig:
        await rig.faults(payout_fails=1.0)
        with pytest.raises(CommandError, match="of 4 first events only 0 are paid") as failure:
            await rig.run()

        assert rig.passed >= 600
        assert "--forget" in failure.value.hint


# -- what it costs --------------------------------------------------------------------------


async def test_a_campaign_that_could_not_pay_is_refused_before_anything_is_sent(
    tmp_path: Path,
) -> None:
    """With 100 left, 11 gaps of 5 could come to 110: a payout that fails looks like none."""
    async with rigged(tmp_path, 90) as rig:
        with pytest.raises(CommandError, match=r"100\.00 left, and 110\.00 may be needed"):
            await rig.run(wanted(*map(float, range(1, 12))))

        assert await rig.play.paid_keys() == []


async def test_an_event_that_is_not_paid_for_is_refused(tmp_path: Path) -> None:
    async with rigged(tmp_path, 90) as rig:
        asked = wanted()
        object.__setattr__(asked, "event", "NOTHING")
        with pytest.raises(CommandError, match="no event 'NOTHING'; it pays for: EARN5"):
            await rig.run(asked)


async def test_a_user_whom_the_campaign_does_not_know_is_refused(tmp_path: Path) -> None:
    async with rigged(tmp_path, 90) as rig:
        with pytest.raises(CampaignError, match="Unknown userRef"):
            await rig.run(wanted(user="usr_nobody"))

        assert rig.kept(Shelf).read() is None
