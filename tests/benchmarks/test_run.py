"""Goals run one after another; what fails is told, and the others go on."""

from pathlib import Path

import pytest

from benchmarks.contract import Bench, Goal, Outcome
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
