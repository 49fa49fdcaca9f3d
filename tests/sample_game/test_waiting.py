"""The line in which calls wait."""

import threading
import time

from sample_game.waiting import Line


def test_the_call_that_is_due_first_is_taken_first() -> None:
    line: Line[str] = Line()
    line.put("late", 0.05)
    line.put("now")

    assert [line.take(), line.take()] == ["now", "late"]


def test_of_two_calls_that_are_due_the_older_goes_first() -> None:
    line: Line[int] = Line()
    for number in range(20):
        line.put(number)

    assert [line.take() for _ in range(20)] == list(range(20))


def test_a_held_line_gives_nothing_before_its_time() -> None:
    line: Line[str] = Line()
    began = time.monotonic()
    line.hold(0.1)
    line.hold(0.01)
    line.put("call")

    assert line.take() == "call"
    assert time.monotonic() - began >= 0.1


def test_closing_sends_away_who_waits_now_and_later() -> None:
    line: Line[str] = Line()
    taken: list[str | None] = []
    waiting = threading.Thread(target=lambda: taken.append(line.take()))
    waiting.start()
    line.put("far", 3600)
    line.close()
    waiting.join(20)

    assert taken == [None]
    assert line.take() is None
