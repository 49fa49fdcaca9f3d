"""What a run prints."""

from benchmarks.contract import Missing
from benchmarks.lines import HEADINGS
from benchmarks.record import Result
from benchmarks.report import done, show
from tests.benchmarks.fakes import paper, record, result, row


def test_the_table_has_each_line_and_names_what_is_missing_and_what_failed() -> None:
    out, written = paper()
    missing = Missing(1, "restate", "it is not installed", "npm install @restatedev/restate-server")
    failed = Result(2, "two", 0.1, None, "disk gone [now]")

    show(record(result(row(note="players are unlinked"), missing), failed), out)

    said = written.getvalue()
    heading, *rows = said.splitlines()
    assert heading.split() == list(HEADINGS)
    assert rows[0].split() == [
        *("1", "64", "callers", "700/s", "1,000/s", "E", "0.700", "(0.630\N{EN DASH}0.770)"),
        *("≥", "0.6", "≥", "0.75", "yes"),
    ]
    assert rows[1].split() == ["1", "restate", "missing"]
    assert rows[2].split() == ["2", "two", "failed"]
    assert "goal 1, 64 callers: players are unlinked" in said
    assert "restate: missing: it is not installed; npm install @restatedev/restate-server" in said
    assert "error: goal 2 (two) failed: disk gone [now]" in said
    assert "cpu a fast one" in said


def test_a_goal_that_is_done_says_how() -> None:
    out, written = paper()
    done(result(row()), out)
    done(Result(2, "two", 0.14, None, "disk gone"), out)

    assert written.getvalue() == ("goal 1 one: done, 1.5 s\ngoal 2 two: failed: disk gone, 0.1 s\n")
