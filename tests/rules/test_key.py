"""The key, pinned for ever: a value here that must change means feats that are paid twice."""

import hashlib
import os
import subprocess
import sys
from pathlib import Path
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.rules.key import payout_key, wire_key

FIVE = ("camp_1", "steam:76561197960265729", "first_blood", "first_blood", "once")

#: The five inputs, the bytes that are hashed as the design writes them, and the key. The keys were
#: made by hand: `printf '%s' 'BYTES' | sha256sum`, the first 32 digits, the 13th one set to 4 and
#: the two upper bits of the 17th to 10.
GOLDEN = [
    (
        FIVE,
        '["v1","camp_1","steam:76561197960265729","first_blood","first_blood","once"]',
        "e9743fbd-3361-4467-9384-6dfcd0b4fd8e",
    ),
    (
        (
            "camp_1",
            "minecraft:069a79f4-44e9-4726-a5be-fca90e38aaf5",
            "EARN5",
            "nether/find_fortress",
            "day:2026-11-23",
        ),
        (
            '["v1","camp_1","minecraft:069a79f4-44e9-4726-a5be-fca90e38aaf5","EARN5",'
            '"nether/find_fortress","day:2026-11-23"]'
        ),
        "e8e812df-649c-41a4-9b2b-ea2915f7e724",
    ),
    (
        ("camp_1", 'name:Zoë "Z" Łuk', "quest_win", "quest_win", 'id:["eu-1","match-42/17"]'),
        (
            '["v1","camp_1","name:Zoë \\"Z\\" Łuk","quest_win","quest_win",'
            '"id:[\\"eu-1\\",\\"match-42/17\\"]"]'
        ),
        "6e6b1991-b97c-44dc-9f9b-26025724333c",
    ),
    (
        ("camp_1", "steam:76561197960265729", "kill", "kill", "week:2026-W53"),
        '["v1","camp_1","steam:76561197960265729","kill","kill","week:2026-W53"]',
        "409b0786-6a9c-4e3d-b76c-4d0d07683fa1",
    ),
]


def by_hand(text: str) -> UUID:
    """Make a key bit by bit, with nothing of the code under test."""
    octets = bytearray(hashlib.sha256(text.encode("utf-8")).digest()[:16])
    octets[6] = octets[6] & 0x0F | 0x40
    octets[8] = octets[8] & 0x3F | 0x80
    return UUID(bytes=bytes(octets))


@pytest.mark.parametrize(("five", "text", "key"), GOLDEN)
def test_a_key_never_changes(five: tuple[str, str, str, str, str], text: str, key: str) -> None:
    assert str(by_hand(text)) == key
    assert str(payout_key(*five)) == key


def test_a_key_looks_like_a_random_uuid() -> None:
    key = payout_key(*FIVE)

    assert (key.version, key.variant) == (4, "specified in RFC 4122")


@pytest.mark.parametrize(
    ("binding", "text", "key"),
    [
        (
            1,
            '["v1","e9743fbd-3361-4467-9384-6dfcd0b4fd8e",1]',
            "50b0baf6-de8b-48f1-91b2-c11c9042b56e",
        ),
        (
            12,
            '["v1","e9743fbd-3361-4467-9384-6dfcd0b4fd8e",12]',
            "95524199-2c1f-4572-a8ae-3f0318a3138d",
        ),
    ],
)
def test_the_wire_key_of_a_binding_never_changes(binding: int, text: str, key: str) -> None:
    assert str(by_hand(text)) == key
    assert str(wire_key(payout_key(*FIVE), binding)) == key


def test_the_first_wire_key_is_the_key_itself() -> None:
    key = payout_key(*FIVE)

    assert wire_key(key, 0) == key


def test_every_binding_has_a_wire_key_of_its_own() -> None:
    key = payout_key(*FIVE)

    assert len({wire_key(key, binding) for binding in range(1000)}) == 1000


def test_a_key_depends_on_no_process_timezone_language_or_folder(tmp_path: Path) -> None:
    code = f"from bridge.rules.key import payout_key; print(payout_key(*{GOLDEN[2][0]!r}))"
    root = Path(__file__).parents[2]
    keys = set()
    for number, zone, language in ((1, "Pacific/Kiritimati", "C"), (2, "UTC", "tr_TR.UTF-8")):
        surroundings = {
            "PATH": os.environ["PATH"],
            "PYTHONPATH": str(root),
            "PYTHONHASHSEED": str(number),
            "TZ": zone,
            "LC_ALL": language,
        }
        done = subprocess.run(
            [sys.executable, "-c", code],
            cwd=tmp_path,
            env=surroundings,
            capture_output=True,
            text=True,
            check=True,
        )
        keys.add(done.stdout.strip())

    assert keys == {GOLDEN[2][2]}


# -- nothing else gives the same key --------------------------------------------------------

#: Text that tries to look like the end of one field and the beginning of the next.
HOSTILE = st.text(alphabet='",[]\\/: \n\0\x7f\u2028aé\u0301', max_size=6)
FIELD = st.one_of(st.text(max_size=8), HOSTILE)
FIELDS = st.tuples(FIELD, FIELD, FIELD, FIELD, FIELD)


@given(FIELDS)
def test_the_same_five_give_the_same_key(five: tuple[str, str, str, str, str]) -> None:
    copies = ["".join(list(part)) for part in five]

    assert payout_key(*five) == payout_key(*copies)


@given(FIELDS, st.integers(0, 4), FIELD)
def test_a_key_differs_where_one_of_the_five_differs(
    five: tuple[str, str, str, str, str], place: int, other: str
) -> None:
    changed = [*five[:place], other, *five[place + 1 :]]

    assert (payout_key(*five) == payout_key(*changed)) == (five[place] == other)


@given(FIELDS, st.permutations(range(5)))
def test_the_order_of_the_five_matters(
    five: tuple[str, str, str, str, str], order: list[int]
) -> None:
    turned = tuple(five[place] for place in order)

    assert (payout_key(*five) == payout_key(*turned)) == (five == turned)


CUTS = st.lists(st.integers(0, 20), min_size=4, max_size=4).map(sorted)


@given(st.text(alphabet='",[]\\:a', max_size=20), CUTS, CUTS)
def test_where_one_field_ends_and_the_next_begins_matters(
    text: str, cuts: list[int], others: list[int]
) -> None:
    one, other = cut(text, cuts), cut(text, others)

    assert (payout_key(*one) == payout_key(*other)) == (one == other)


def cut(text: str, places: list[int]) -> list[str]:
    """Cut `text` into five at four places."""
    ends = zip([0, *places], [*places, len(text)], strict=True)
    return [text[begin:end] for begin, end in ends]
