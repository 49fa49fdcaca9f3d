"""What an event's details say: conditions compare by kind, scopes by text."""

import pytest

from bridge.rules.details import found, named, sameness, says

DETAILS = {
    "mode": "ranked",
    "score": 17,
    "won": True,
    "weapon": {"name": "rail", "mods": {"scope": 2}},
    "team.name": "red",
    "list": [1],
    "none": None,
}


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("mode", "ranked"),
        ("weapon.name", "rail"),
        ("weapon.mods.scope", 2),
        ("team.name", "red"),
        ("weapon.none", None),
        ("mode.name", None),
        ("nothing", None),
    ],
)
def test_a_key_is_a_member_or_what_lies_at_its_dots(key: str, value: object) -> None:
    assert found(DETAILS, key) == value


@pytest.mark.parametrize(
    ("key", "value", "same"),
    [
        ("score", 17, True),
        ("score", 17.0, True),
        ("score", "17", False),
        ("score", 18, False),
        ("won", True, True),
        ("won", 1, False),
        ("won", "true", False),
        ("weapon.mods.scope", 2, True),
        ("mode", "ranked", True),
        ("mode", "Ranked", False),
        ("list", 1, False),
        ("none", "null", False),
    ],
)
def test_values_are_equal_only_where_their_kind_is(key: str, value: object, same: bool) -> None:
    assert says(DETAILS, key, (sameness(value),)) is same


def test_one_of_several_values_is_enough() -> None:
    assert says(DETAILS, "mode", (sameness("casual"), sameness("ranked")))


@pytest.mark.parametrize(("value", "text"), [(17, "17"), (17.0, "17"), ("17", "17"), (1.5, "1.5")])
def test_a_scope_is_named_by_text_however_the_engine_writes_numbers(
    value: object, text: str
) -> None:
    assert named({"match": value}, "match") == text


@pytest.mark.parametrize(
    "value",
    [None, "", [], {}, "x" * 201, "\ud800", 10**5000],
    ids=["none", "empty", "list", "table", "long", "broken", "huge"],
)
def test_what_no_key_could_be_made_of_names_no_scope(value: object) -> None:
    assert named({"match": value}, "match") is None
