"""What can't be used in a declaration is told with the file, the table and the key."""

from pathlib import Path

import pytest

from bridge.adapters.declared import declared
from bridge.errors import AdapterLoadError
from tests.adapters.declared.play import ARENA, one


def refused(toml: str, name: str = "arena.toml") -> str:
    with pytest.raises(AdapterLoadError) as wrong:
        declared(Path("/etc/x") / name, toml.encode())
    return str(wrong.value)


def test_the_spec_is_called_as_the_file_and_says_what_it_says() -> None:
    spec = declared(Path("/x/arena.toml"), ARENA.encode())

    assert (spec.name, spec.description, spec.identity) == (
        "arena",
        "Log of the arena game",
        "platform",
    )


def test_identities_are_names_unless_it_says_more() -> None:
    assert declared(Path("arena.toml"), one().encode()).identity == "name"


@pytest.mark.parametrize(
    ("toml", "said"),
    [
        ("description = ", "arena.toml is not TOML: "),
        ('description = "x"\n', "arena.toml: events: is missing"),
        ('description = "x"\nevents = {}\n', "arena.toml: events: "),
        ("[events.it]\nline = 'x'", "arena.toml: description: is missing"),
        (one(player=""), "arena.toml: [events.it] player: is missing"),
        (one(name="3"), "arena.toml: [events.it] name: Input should be a valid string"),
        (one(plyer='"x"'), "[events.it] plyer: no such key; did you mean 'player'?"),
        ("identiy = 'name'\n" + one(), "identiy: no such key; did you mean 'identity'?"),
        ("identity = 'steam'\n" + one(), "identity: Input should be 'platform', 'client' or"),
        (one(player='"{whom}"'), "[events.it] player: names the group 'whom', which `line` has"),
        (one(player='"{whom}"'), "did you mean 'who'?"),
        (one(name='"{what"'), "[events.it] name: can't be read from '{what' on"),
        (one(name='"{what.__class__}"'), "[events.it] name: can't be read from"),
        (one(name='"{what:int}"'), "[events.it] name: only a detail can be a number"),
        (one(details='{ n = "x{what:int}" }'), "[events.it] details: n: only a detail"),
        (one(details='{ n = "{no}" }'), "[events.it] details: n: names the group 'no'"),
        (one(details="{ n = 2026-01-01 }"), "[events.it.details"),
        (one(details="{ n = inf }"), "[events.it] details: /details/n "),
        (one(id='"{nr}"'), "[events.it] id: names the group 'nr'"),
        (one(occurred_at='"{at}"'), "[events.it] occurred_at: names the group 'at'"),
        (one(time_format='"%Y"'), "[events.it] time_format: is of no use without `occurred_at`"),
        (one(occurred_at='"{what}"', time_format='"%H:%M"'), "must say year, month and day"),
        (one(occurred_at='"{what}"', time_format='"%Y-%m-%d"'), "`timezone` is needed"),
        (one(occurred_at='"{what}"', time_format='"%Q"'), "is no format of a moment"),
        (one(occurred_at='"{what}"', timezone='"Mars"'), "'Mars' is no timezone"),
        ("refuse = ['(']\n" + one(), "arena.toml: refuse: is no pattern of the RE2 syntax"),
    ],
)
def test_an_error_names_file_table_and_key(toml: str, said: str) -> None:
    told = refused(toml)

    assert said in told
    assert told.startswith("arena.toml")


@pytest.mark.parametrize(
    ("pattern", "said"),
    [
        (r"(?=x)x(?P<who>.)(?P<what>.)", "uses lookaround"),
        (r"(?<!x)(?P<who>.)(?P<what>.)", "uses lookaround"),
        (r"(?<=x)(?P<who>.)(?P<what>.)", "uses lookaround"),
        (r"(?P<who>.)(?P<what>.)\1", "refers back to a group"),
        (r"(?P<who>.)(?P<what>.)(?P=who)", "refers back to a group"),
        (r"(?P<who>.)(?P<what>.)\Z", "a pattern always fits the whole line"),
        (r"(?P<who>.)(?P<who>.)(?P<what>.)", "has two groups called 'who'"),
        (r"(?P<who>.)(?P<what>.", "is no pattern of the RE2 syntax: missing )"),
        (r"(?P<who>.)(?P<what>.{1,5000})", "invalid repetition size"),
    ],
)
def test_a_pattern_that_cannot_be_used_is_told_in_words(pattern: str, said: str) -> None:
    assert refused(one(line=f"'{pattern}'")).startswith("arena.toml: [events.it] line: ")
    assert said in refused(one(line=f"'{pattern}'"))


def test_a_file_name_that_is_no_adapters_name_is_told() -> None:
    assert "My-Arena.toml: AdapterSpec 'My-Arena': `name` must be" in refused(
        one(), "My-Arena.toml"
    )


def test_a_file_that_is_no_text_is_told() -> None:
    with pytest.raises(AdapterLoadError, match=r"arena\.toml is not UTF-8"):
        declared(Path("arena.toml"), b"\xff\xfe")
