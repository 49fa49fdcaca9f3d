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
        ("timezone = 'Mars'\n" + one(occurred_at='"{what}"'), "arena.toml: timezone: 'Mars' is no"),
        (one(occurred_at='"{what}"', timezone='"Mars"'), "[events.it] timezone: 'Mars' is no"),
        (
            "[memory]\nslot = 1\n" + one().replace('description = "x"', ""),
            "memory: a declaration re",
        ),
        (one(line='"(?P<who>\\d)"'), "write patterns in '…' quotes, where a \\ stands for itself"),
        (one(player='"{who}"'), "[events.it] player: has no namespace, so nobody could be paid"),
        (one(player='"x{who}y"'), "[events.it] player: has no namespace"),
        (one(player='":{who}"'), "[events.it] player: has no namespace"),
        (one(player='"my game:{who}"'), "[events.it] player: has no namespace"),
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


def test_all_that_is_wrong_is_told_at_once() -> None:
    keys = refused('descripton = "x"\n[events.it]\nlin = "x"\n')
    values = refused(
        "timezone = 'Mars'\nrefuse = ['(']\n"
        + one(player='"{whom}"', id='"{nr}"', occurred_at='"{what}"', time_format='"%Q"')
        + "[events.other]\nline = '('\nplayer = 'name:{x}'\nname = 'x'\n"
    )

    assert [keys.count(key) for key in ("descripton", "lin:", "[events.it] player: is")] == [
        1,
        1,
        1,
    ]
    assert values.count("Mars") == 1
    for place in ("player", "id", "time_format"):
        assert f"[events.it] {place}: " in values
    assert "[events.other] line: " in values
    assert "[events.other] player" not in values
    assert "; refuse: is no pattern" in values


@pytest.mark.parametrize(
    ("pattern", "player"),
    [
        (r"(?P<who>\S+) (?P<what>\w+)", "{who}"),
        (r"(?P<who>steam:\d{17}) (?P<what>\w+)", "{who}"),
        (r"(?P<who>(?:[a-z]+[:])?\d+) (?P<what>\w+)", "{who}"),
        (r"(?P<who>[^ ]+) (?P<what>\w+)", "{who}"),
        (r"(?P<who>[!-~]+) (?P<what>\w+)", "{who}"),
        (r"(?P<who>\Qx:\E\d+) (?P<what>\w+)", "{who}"),
        (r"(?P<who>\w+) (?P<what>\w+)", "{what}:{who}"),
        (r"(?P<who>\w+) (?P<what>\w+)", "[U:1:{who}]"),
        (r"(?P<who>\w+) (?P<what>\w+)", "my.game-2:{who}"),
    ],
)
def test_a_player_who_may_have_a_namespace_is_let_pass(pattern: str, player: str) -> None:
    text = one(line=f"'{pattern}'", player=f'"{player}"')

    assert declared(Path("arena.toml"), text.encode()).name == "arena"


@pytest.mark.parametrize(
    "pattern", [r"(?P<who>[\w.]+)", r"(?P<who>(?:a|b)+)", r"(?i:x)(?P<who>\]x)"]
)
def test_the_pattern_around_a_group_gives_it_no_namespace(pattern: str) -> None:
    told = refused(one(line=f"'{pattern}: (?P<what>.*)'", player='"{who}"'))

    assert "player: has no namespace" in told
