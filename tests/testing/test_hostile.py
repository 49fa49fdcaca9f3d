"""The hostile world is hostile enough, and the same every time."""

from collections.abc import Callable
from itertools import islice

import pytest

from bridge.testing import damaged, hostile_bytes, hostile_names

AWARD = '12:00:01 AWARD 3: "Zoë" <steam:76561198000000001> got "first_blood"'
KILL = b"12:00:02 KILL 3 4: Zo\xab killed Bob"
LOG = [b"JOIN 3 Zo\xc3\xab", b"AWARD 3 first_blood", b"PART 3"]


def is_utf8(name: bytes) -> bool:
    try:
        name.decode()
    except UnicodeDecodeError:
        return False
    return True


# -- names ----------------------------------------------------------------------------------


def test_one_seed_gives_the_same_names_and_another_seed_others() -> None:
    first = list(hostile_names(2000, seed=1, lines=[AWARD]))

    assert first == list(hostile_names(2000, seed=1, lines=[AWARD]))
    assert first != list(hostile_names(2000, seed=2, lines=[AWARD]))
    assert list(hostile_bytes(500, seed=1)) == list(hostile_bytes(500, seed=1))


def test_a_name_is_text_of_1_to_300_characters_without_a_line_end() -> None:
    names = list(hostile_names(20_000, lines=[AWARD, KILL, "a\r\nb\0", "\ud800", "", "x" * 999]))

    assert len(names) == 20_000
    assert {len(name) for name in names} >= {1, 2, 300}
    assert max(map(len, names)) == 300
    assert min(map(len, names)) == 1
    assert all(name.encode() and not {"\n", "\r", "\0"} & set(name) for name in names)


def test_the_given_lines_are_the_first_names() -> None:
    assert list(hostile_names(2, lines=[AWARD, KILL])) == [AWARD, KILL.decode("utf-8", "replace")]


def test_names_imitate_lines_with_pieces_of_them() -> None:
    names = list(hostile_names(5000, lines=[AWARD]))

    assert sum('got "first_blood"' in name for name in names) > 100
    assert sum(name.startswith("12:00:01 AWARD 3") for name in names) > 20
    assert sum(AWARD in name and name != AWARD for name in names) > 20


PIECES = [
    "<",
    ">",
    "[",
    "]",
    ":",
    '"',
    "'",
    "\\",
    "|",
    ";",
    "=",
    ",",
    "^1",
    "§a",
    "\x1b[",
    "\u202e",
]
PIECES += [
    "\u200d",
    "\u0301",
    "\t",
    "\u2028",
    "\x85",
    "[U:1:",
    "<STEAM_",
    "steam:7656",
    '""',
    "\u05d0",
]


@pytest.mark.parametrize("piece", PIECES)
def test_every_kind_of_oddity_is_among_few_names(piece: str) -> None:
    assert any(piece in name for name in hostile_names(1000))


def test_some_names_are_blank() -> None:
    assert sum(not name.strip() for name in hostile_names(500)) >= 4


def test_every_second_name_in_bytes_is_no_utf_8() -> None:
    names = list(hostile_bytes(4000, lines=[AWARD, KILL]))

    assert [is_utf8(name) for name in names] == [True, False] * 2000
    assert all(name and not {0, 10, 13} & set(name) for name in names)


# -- damages --------------------------------------------------------------------------------


def test_every_line_is_cut_at_every_byte_first() -> None:
    cuts = list(islice(damaged(LOG), sum(map(len, LOG))))

    assert [b"", *LOG[1:]] in cuts
    assert [b"JOIN 3 Zo\xc3", *LOG[1:]] in cuts
    assert [LOG[0], b"AWARD 3 first_bloo", LOG[2]] in cuts
    assert len({tuple(cut) for cut in cuts}) == sum(map(len, LOG))


def test_then_come_as_many_others_as_were_asked_for_the_same_for_one_seed() -> None:
    made = list(damaged(LOG, seed=7, count=300))

    assert len(made) == sum(map(len, LOG)) + 300
    assert made == list(damaged(LOG, seed=7, count=300))
    assert made != list(damaged(LOG, seed=8, count=300))


SEEN: dict[str, Callable[[list[bytes]], bool]] = {
    "swapped": lambda lines: lines == [LOG[1], LOG[0], LOG[2]],
    "repeated": lambda lines: lines == [LOG[0], LOG[1], LOG[1], LOG[2]],
    "all of it twice": lambda lines: lines == LOG * 2,
    "a burst": lambda lines: lines.count(LOG[1]) > 20,
    "crlf": lambda lines: lines == [line + b"\r" for line in LOG],
    "nuls": lambda lines: any(b"\0\0\0" in line for line in lines),
    "left out": lambda lines: lines == LOG[1:],
    "glued": lambda lines: any(LOG[1] in line and len(line) > len(LOG[1]) + 1 for line in lines),
    "beheaded": lambda lines: b"WARD 3 first_blood" in lines,
    "blank": lambda lines: b"" in lines,
    "wrong bytes": lambda lines: any(not is_utf8(line) for line in lines),
}


@pytest.mark.parametrize("seen", SEEN.values(), ids=SEEN)
def test_every_kind_of_damage_is_done(seen: Callable[[list[bytes]], bool]) -> None:
    assert any(seen(lines) for lines in islice(damaged(LOG), sum(map(len, LOG)), None))


def test_the_lines_themselves_stay_as_they_are() -> None:
    lines = list(LOG)
    list(damaged(lines))

    assert lines == LOG
    assert list(damaged([], count=3)) == [[], [], []]


def test_of_a_long_log_few_lines_are_cut_and_another_seed_cuts_others() -> None:
    log = [f"AWARD {number}".encode() for number in range(1000)]
    cuts = list(damaged(log, count=0, cut=3))
    first = {tuple(line for line in lines if line not in log) for lines in cuts}

    assert cuts == list(damaged(log, count=0, cut=3))
    assert cuts != list(damaged(log, count=0, cut=3, seed=1))
    assert len(cuts) < 40
    assert all(len(odd) <= 1 for odd in first)
