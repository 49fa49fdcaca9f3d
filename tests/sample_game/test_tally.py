"""The tally: on disk before anything is sent, readable after any stop."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from sample_game.achievements import Deed
from sample_game.tally import Tally, unanswered


def deed(number: int) -> Deed:
    when = "2026-11-23T12:00:00.000+00:00"
    return Deed("steam:76561197960265729", "frag", f"m/{number}", when, {"name": 'Zoë "<1>"'})


def lines(path: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in path.read_bytes().splitlines()]


def test_a_deed_is_in_the_file_as_soon_as_it_is_achieved(tmp_path: Path) -> None:
    with Tally(tmp_path / "t") as tally:
        tally.achieved(deed(1), "udp")

        assert lines(tmp_path / "t") == [{**deed(1).message(), "via": "udp"}]


def test_achieved_acknowledged_repeated_and_refused_can_be_told_apart(tmp_path: Path) -> None:
    with Tally(tmp_path / "t") as tally:
        tally.achieved(deed(1), "http")
        tally.acknowledged("m/1", "k", "stored", duplicate=False, attempts=3)
        tally.repeated("m/1", "udp", "k", duplicate=True)
        tally.refused("m/2", 422, "no such rule")

    assert lines(tmp_path / "t")[1:] == [
        {"acknowledged": "m/1", "key": "k", "state": "stored", "duplicate": False, "attempts": 3},
        {"repeated": "m/1", "via": "udp", "key": "k", "duplicate": True},
        {"refused": "m/2", "status": 422, "reason": "no such rule"},
    ]


def test_what_is_neither_acknowledged_nor_refused_is_unanswered(tmp_path: Path) -> None:
    with Tally(tmp_path / "t") as tally:
        for number in range(1, 5):
            tally.achieved(deed(number), "udp" if number % 2 else "http")
        tally.acknowledged("m/1", None, "counted", duplicate=False, attempts=1)
        tally.refused("m/2", 422, "no")

    assert unanswered(tmp_path / "t") == [(deed(3), "udp"), (deed(4), "http")]


def test_a_file_that_is_not_there_has_nothing_unanswered(tmp_path: Path) -> None:
    assert unanswered(tmp_path / "none") == []


def test_a_line_cut_short_is_skipped_and_does_not_spoil_the_next_one(tmp_path: Path) -> None:
    path = tmp_path / "t"
    path.write_bytes(b'{"player": "steam:7656')
    with Tally(path) as tally:
        tally.achieved(deed(1), "http")

    assert unanswered(path) == [(deed(1), "http")]


def test_lines_of_another_kind_are_no_deeds(tmp_path: Path) -> None:
    (tmp_path / "t").write_text('{"achievement": "frag"}\n[1]\n7\n\xff\n', encoding="latin-1")

    assert unanswered(tmp_path / "t") == []


@pytest.mark.parametrize(
    "write",
    [
        lambda tally: tally.achieved(deed(1), "http"),
        lambda tally: tally.acknowledged("m/1", "k", "stored", duplicate=False, attempts=1),
    ],
)
def test_a_full_disk_is_an_os_error(write: Callable[[Tally], None]) -> None:
    with Tally(Path("/dev/full")) as tally, pytest.raises(OSError, match="No space left"):
        write(tally)
