"""Goals run one after another; what fails is told, and the others go on."""

from dataclasses import replace
from pathlib import Path

import pytest

from benchmarks.catalog import Listed
from benchmarks.contract import Bench, Goal, Missing, Outcome
from benchmarks.record import Result
from benchmarks.run import run
from bridge.errors import CommandError
from tests.benchmarks.fakes import LISTED, hangs, of, raises, row, says


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path, quick=True, pairs=3)


async def only(bench: Bench, goal: Goal, limit: float = 30) -> Result:
    [result] = await run(LISTED[:1], of(one=goal), bench, limit)
    return result


async def test_each_result_is_told_and_returned_in_turn(bench: Bench) -> None:
    told: list[Result] = []

    results = await run(LISTED, of(one=says(row(1)), two=says(row(2))), bench, 30, told.append)

    assert told == results
    assert [result.name for result in results] == ["one", "two"]
    assert [found.goal for result in results for found in result.rows] == [1, 2]


async def test_a_goal_that_raises_is_reported_and_the_next_one_runs(bench: Bench) -> None:
    first, second = await run(
        LISTED, of(one=raises(OSError("disk gone")), two=says(row(2))), bench, 30
    )

    assert first.outcome is None
    assert "OSError: disk gone" in first.error
    assert second.error == ""
    assert len(second.rows) == 1


async def test_a_goal_that_cannot_be_loaded_is_reported(bench: Bench) -> None:
    results = await run(LISTED, of(two=says(row(2))), bench, 30)

    assert [bool(result.error) for result in results] == [True, False]


async def test_a_goal_that_hangs_is_ended(bench: Bench) -> None:
    assert "not done after 0.01 s" in (await only(bench, hangs, limit=0.01)).error


async def test_a_timeout_of_the_goals_own_is_its_error(bench: Bench) -> None:
    result = await only(bench, raises(TimeoutError("the daemon is silent")))

    assert "TimeoutError: the daemon is silent" in result.error


async def test_errors_of_a_group_are_named_with_their_hints(bench: Bench) -> None:
    inner = CommandError("the daemon ended", hint="See its log.")
    result = await only(bench, raises(ExceptionGroup("some", [inner, KeyError("x")])))

    assert result.error.startswith("the daemon ended (See its log.); KeyError: 'x'; ")


async def test_an_error_names_no_folder_of_this_machine(bench: Bench) -> None:
    path = bench.folder / "campaign-bridge-bench-one" / "daemon.log"

    assert str(bench.folder) not in (await only(bench, raises(OSError(f"see {path}")))).error


def beside(listed: bool) -> Listed:
    return Listed(1, "one", "What one measures.", "How it does.", free=listed)


async def test_what_is_not_pinned_is_told_beside_what_is_and_held_to_nothing(bench: Bench) -> None:
    gone = Missing(1, "a peer", "it is not installed")

    async def measure(given: Bench) -> Outcome:
        ratio = 0.1 if given.free else 0.7
        return Outcome([row(1, ratio), gone], facts={"said": str(sorted(given.cores))})

    full = replace(bench, quick=False, pairs=5)
    [result] = await run([beside(True)], of(one=measure), full, 30, free=(0, 1, 2))
    [alone] = await run([beside(False)], of(one=measure), full, 30, free=(0, 1, 2))

    assert result.outcome
    assert alone.outcome
    assert [found.figure for found in result.rows] == [0.7]
    assert result.outcome.facts == {
        "said": "[0]",
        "not pinned, 64 callers": "100/s against 1,000/s E: 0.100 (0.090\N{EN DASH}0.110)",
    }
    assert alone.outcome.facts == {"said": "[0]"}


async def test_one_that_fails_when_it_is_not_pinned_fails_with_its_figures(bench: Bench) -> None:
    async def measure(given: Bench) -> Outcome:
        if given.free:
            raise OSError("events are lost")
        return Outcome([row(1)])

    [result] = await run([beside(True)], of(one=measure), bench, 30, free=(0, 1))

    assert "events are lost" in result.error
    assert [found.figure for found in result.rows] == [0.7]


@pytest.mark.parametrize(
    "unfit",
    [
        (),
        (row(reference=[1.0]),),
        (row(reference=[0.0, 1.0, 1.0]),),
        (row(ours=[], reference=()),),
        (row(ours=[float("inf")], reference=()),),
    ],
)
async def test_figures_that_cannot_be_compared_are_an_error(
    bench: Bench, unfit: tuple[object, ...]
) -> None:
    async def measure(_: Bench) -> Outcome:
        return Outcome(unfit)  # type: ignore[arg-type]

    result = await only(bench, measure)

    assert result.outcome is None
    assert result.error


async def test_the_folder_of_a_goal_is_empty_before_and_gone_after(bench: Bench) -> None:
    folder = bench.folder / "campaign-bridge-bench-one"
    await only(bench, raises(OSError("its logs stay")))
    (folder / "log").touch()

    result = await only(bench, says(row()))  # it asserts that its folder is empty

    assert result.error == ""
    assert not folder.exists()
