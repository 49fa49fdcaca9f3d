"""The one spelling of every player. It is part of every key: a golden value here never changes."""

import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bridge.errors import MessageRejected
from bridge.players.canonical import LONGEST, STEAM_BASE, canonical_player

#: Account 22202 (odd and even differ in the STEAM_ form, so both are here).
STEAM = "steam:76561197960287930"
STEAM_ODD = "steam:76561197960287931"
UUID = "069a79f4-44e9-4726-a5be-fca90e38aaf5"


@pytest.mark.parametrize(
    "text",
    [
        "steam:76561197960287930",
        "STEAM:76561197960287930",
        "steam:STEAM_0:0:11101",
        "steam:STEAM_1:0:11101",
        "steam:steam_5:0:11101",
        "STEAM_0:0:11101",
        "STEAM_1:0:11101",
        "steam_0:0:11101",
        "STEAM_0:0:0000011101",
        "steam:[U:1:22202]",
        "steam:U:1:22202",
        "[U:1:22202]",
        "U:1:22202",
        "[u:1:22202]",
        "steam:1100001000056ba",
        "steam:1100001000056BA",
        "Steam:1100001000056Ba",
    ],
)
def test_every_form_of_a_steamid_is_one_number(text: str) -> None:
    assert canonical_player(text) == STEAM


@pytest.mark.parametrize("text", ["STEAM_0:1:11101", "[U:1:22203]", "steam:1100001000056bb"])
def test_the_y_of_a_steamid_is_its_lowest_bit(text: str) -> None:
    assert canonical_player(text) == STEAM_ODD


@given(st.integers(1, 0xFFFF_FFFF))
def test_all_forms_of_any_account_agree(account: int) -> None:
    forms = [
        f"steam:{STEAM_BASE + account}",
        f"STEAM_0:{account % 2}:{account // 2}",
        f"steam:STEAM_1:{account % 2}:{account // 2}",
        f"[U:1:{account}]",
        f"steam:U:1:{account}",
        f"steam:{STEAM_BASE + account:x}",
    ]

    assert {canonical_player(form) for form in forms} == {f"steam:{STEAM_BASE + account}"}


@pytest.mark.parametrize(
    "text",
    [
        f"minecraft:{UUID}",
        f"MineCraft:{UUID}",
        f"minecraft:{UUID.upper()}",
        f"minecraft:{UUID.replace('-', '')}",
        f"minecraft:{UUID.replace('-', '').upper()}",
    ],
)
def test_every_form_of_a_minecraft_uuid_is_dashed_and_lower_case(text: str) -> None:
    assert canonical_player(text) == f"minecraft:{UUID}"


def test_a_floodgate_uuid_keeps_its_leading_zeros() -> None:
    plain = "minecraft:00000000000000000009000000000001"

    assert canonical_player(plain) == "minecraft:00000000-0000-0000-0009-000000000001"


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        ("fivem:license2", "fivem:license2"),
        ("u:17", "u:17"),
        ("steam_family:17", "steam_family:17"),
        ("License:ABCDEF0123", "license:ABCDEF0123"),
        (f"hytale:{UUID.upper()}", f"hytale:{UUID}"),
        ("epic:0002ABCDEF0123456789ABCDEF012345", "epic:0002ABCDEF0123456789ABCDEF012345"),
        ("xbox:2535405290000000", "xbox:2535405290000000"),
        ("discord:80351110224678912", "discord:80351110224678912"),
        ("my-game.v2_x:17", "my-game.v2_x:17"),
        ("game:a:b:c", "game:a:b:c"),
        ("game: padded ", "game: padded "),
    ],
)
def test_another_namespace_is_lower_case_and_its_ids_are_left_alone(
    text: str, canonical: str
) -> None:
    assert canonical_player(text) == canonical


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        ("name:Alice", "name:Alice"),
        ("NAME:Alice", "name:Alice"),
        ("name:aLiCe", "name:aLiCe"),
        ("name:Zoe\u0308", "name:Zo\u00eb"),
        ("name:Zo\u00eb", "name:Zo\u00eb"),
        ("name:\u212bngstr\u00f6m", "name:\u00c5ngstr\u00f6m"),
        # Compatibility forms are another player's name: NFC, not NFKC.
        ("name:\ufb01sh", "name:\ufb01sh"),
        ("name:\uff21lice", "name:\uff21lice"),
        ("name:\U0001f1e9\U0001f1ea [clan] | \u738b", "name:\U0001f1e9\U0001f1ea [clan] | \u738b"),
        (f"name:{UUID.upper()}", f"name:{UUID.upper()}"),
        ("name:STEAM_0:0:11101", "name:STEAM_0:0:11101"),
        ("name:name:Alice", "name:name:Alice"),
    ],
)
def test_a_name_is_left_as_written_but_for_nfc(text: str, canonical: str) -> None:
    assert canonical_player(text) == canonical


def test_the_longest_id_is_taken_and_counted_in_nfc() -> None:
    assert canonical_player("name:" + "e\u0308" * LONGEST) == "name:" + "\u00eb" * LONGEST


# -- refusals -------------------------------------------------------------------------------

NOBODY = [
    "",
    ":",
    "Alice",
    ":Alice",
    "name:",
    "name:   ",
    "name:\u2003",
    "na me:Alice",
    " steam:76561197960287930",
    "1up:Alice",
    "-x:Alice",
    "sp\u00e9cial:Alice",
    "n" * 33 + ":Alice",
    "name:" + "a" * (LONGEST + 1),
    "name:Ali\nce",
    "name:Ali\0ce",
    "name:Ali\x7fce",
    "name:Ali\x85ce",
    "name:\ud83d",
    f"game:{UUID}\n",
    # A SteamID of nobody, of a bot, of a group, of another universe, or with a slip of the finger.
    "steam:",
    "steam:0",
    "steam:Alice",
    "steam:BOT",
    "BOT",
    "STEAM_ID_PENDING",
    "steam:STEAM_ID_LAN",
    f"steam:{STEAM_BASE}",
    f"steam:{STEAM_BASE + 0x1_0000_0000}",
    "steam:7656119796028793",
    "steam:765611979602879300",
    "steam: 76561197960287930",
    "steam:76561197960287930\n",
    "steam:7656119796028793\u0660",
    "steam:103582791429521408",
    "steam:22202",
    "[U:1:0]",
    "[U:1:4294967296]",
    "[G:1:4]",
    "[U:2:22202]",
    "[U:1:22202",
    "U:1:22202]",
    "steam:[U:1:22202",
    "STEAM_0:0:0",
    "STEAM_0:2:11101",
    "STEAM_6:0:11101",
    "STEAM_0:1:2147483648",
    "\u017fTEAM_0:0:11101",
    "steam:1100001000056b",
    "steam:1100001000056bag",
    "steam:0x1100001000056ba",
    # No UUID.
    "minecraft:",
    "minecraft:Alice",
    f"minecraft:{UUID}0",
    f"minecraft:{{{UUID}}}",
    f"minecraft:urn:uuid:{UUID}",
    "minecraft:069a79f444e9-4726-a5be-fca90e38aaf5",
    "minecraft:069a79f444e94726a5befca90e38aaf",
    "minecraft:\ud800\n",
]


@pytest.mark.parametrize("text", NOBODY)
def test_who_is_nobody_is_refused_at_the_player_field(text: str) -> None:
    with pytest.raises(MessageRejected) as rejected:
        canonical_player(text)

    (problem,) = rejected.value.fields
    assert problem.pointer == "/player"
    assert problem.detail
    assert problem.detail in str(rejected.value)


@pytest.mark.parametrize("text", [*NOBODY, "steam:" + "\n" * 1000, "minecraft:" + "\x1b[2J" * 9])
def test_a_refusal_is_short_and_printable(text: str) -> None:
    with pytest.raises(MessageRejected) as rejected:
        canonical_player(text)

    assert str(rejected.value).isprintable()
    assert len(str(rejected.value)) < 300


# -- whatever comes -------------------------------------------------------------------------

ANY_TEXT = st.text(st.characters())  # lone surrogates too
SPELLED = st.builds(
    "{}:{}".format,
    st.sampled_from(["steam", "Steam", "minecraft", "name", "NAME", "epic", "game.x", "", "é"]),
    st.one_of(
        ANY_TEXT,
        st.uuids().map(str),
        st.uuids().map(lambda uuid: uuid.hex.upper()),
        st.from_regex(r"\A(STEAM_[0-9]:[0-2]:[0-9]{1,11}|\[?U:[0-2]:[0-9]{1,11}\]?)\Z"),
        st.from_regex(r"\A[0-9A-Fa-f]{14,18}\Z"),
    ),
)


def named(text: str) -> str | None:
    """Return the canonical form, or None for who is refused as he should be."""
    try:
        return canonical_player(text)
    except MessageRejected:
        return None


@given(st.one_of(ANY_TEXT, SPELLED))
@example("name:" + "\u0344" * LONGEST)  # one character that NFC writes as two
def test_whatever_comes_is_canonical_for_good_or_refused(text: str) -> None:
    canonical = named(text)

    if canonical is None:
        return
    assert canonical_player(canonical) == canonical
    assert unicodedata.is_normalized("NFC", canonical)
    canonical.encode()


@given(SPELLED)
def test_text_that_looks_the_same_to_unicode_is_one_player(text: str) -> None:
    assert named(unicodedata.normalize("NFD", text)) == named(unicodedata.normalize("NFC", text))
