"""The express lane: whatever it takes, the road would have made the very same entry of it."""

import json
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from bridge.adapters.builtin import JsonAdapter
from bridge.errors import NotJson
from bridge.events import RawMessage, Together
from bridge.outbox.memory import MemoryOutbox
from bridge.outbox.values import NewEntry
from bridge.pipeline import LINK_CODE, Pipeline, Speaker
from bridge.pipeline.express import Express
from bridge.rules.book import Rule, RuleBook
from bridge.rules.brakes import Terms
from bridge.rules.counter import Counter
from bridge.rules.occurrence import Repeat
from bridge.settings.models import BrakeSettings
from bridge.testing import START
from tests.pipeline.play import CAMPAIGN, PLAYER, Road, rule, spoken
from tests.support.clock import FakeClock

RULES = [
    rule("once*"),
    rule("daily*", Repeat.DAILY),
    rule("id*", Repeat.PER_ID, feat="a \"feat\" of 'é'"),
    rule("always*", Repeat.ALWAYS, event_code="EARN\\5"),
    rule("where*", Repeat.DEFAULT, where=(("map", ('"x"',)),)),
    rule("capped*", Repeat.DEFAULT, caps=Terms(player_day=1)),
    rule("counted*", counter=Counter(2), feat="two", event_code="TWO"),
    rule("reset", counter=Counter(2, reset_on=("once_more",)), feat="r", event_code="R"),
    rule("*", Repeat.DEFAULT),
]
NAMES = ["once", "once_more", "daily", "id", "always", "where", "capped", "counted", "x y", "é"]


def lane(messages: Sequence[RawMessage], rules: Sequence[Rule] = RULES) -> list[NewEntry | None]:
    return Express("json", LINK_CODE).entries(messages, RuleBook(rules))


def heard(body: bytes) -> RawMessage:
    return RawMessage("", body, START, "127.0.0.1:4000")


def hold_equal(body: bytes, rules: Sequence[Rule] = RULES) -> bool:
    """See that the road agrees with the lane; return whether the lane took it."""
    pipeline = Pipeline(Speaker("json", JsonAdapter()), RuleBook(rules), MemoryOutbox(FakeClock()))
    (entry,) = lane([heard(body)], rules)
    if entry is None:
        return False
    (step,) = pipeline._steps(heard(body))

    assert step.result == entry
    assert step.message_id == entry.message_id
    return True


# -- what it takes --------------------------------------------------------------------------


@pytest.mark.parametrize(
    "more",
    [
        {},
        {"id": "match-42/17"},
        {"id": "m", "details": {"map": "de_dust2", "score": [16, 14], "acc": 0.42, "mvp": True}},
        {"id": "m", "details": {"b": {"d": None, "c": -0.0}, "a": [1e16, 1e-5, 2**70, 1.5e300]}},
        {"id": "m", "occurred_at": "2026-11-23T19:00:00.25+01:00"},
        {"id": "m", "details": {"said": 'a "quoted" \\ word\n\t\r\b\f', "\u0001": "\u001f"}},
        {"id": "m", "details": {}},
        {"id": None, "occurred_at": None, "details": None},
        {"player": "name:Alice"},
        {"player": "[U:1:5]"},
        {"player": "STEAM_0:1:2"},
        {"player": "Minecraft:069A79F444E94726A5BEFCA90E38AAF5"},
    ],
)
def test_what_games_say_takes_the_lane(more: dict[str, Any]) -> None:
    assert hold_equal(spoken("first_blood", **more))
    assert hold_equal(b" " + spoken("first_blood", **more).replace(b'": ', b'" :\n\t') + b"\n")


@pytest.mark.parametrize(
    "rules", [[rule("*", repeat)] for repeat in Repeat], ids=[str(repeat) for repeat in Repeat]
)
def test_each_repeat_makes_the_same_occurrence(rules: Sequence[Rule]) -> None:
    for more in ({}, {"id": "m"}, {"occurred_at": "2026-11-23T18:00:00Z"}):
        hold_equal(spoken("x", **more), rules)


def test_the_deepest_of_short_messages_is_plain() -> None:
    body = spoken("x", id="m").replace(b'"m"', b'"m","details":{"a":%s}')
    depth = (384 - len(body) + len("%s")) // 2

    assert hold_equal(body % (b"[" * depth + b"]" * depth))


def test_escapes_that_mean_plain_text_are_plain() -> None:
    body = b'{"player":"steam:76561197960265729","achievement":"\\u0061b","id":"m\\/1"}'

    assert hold_equal(body)


# -- what it leaves to the road -------------------------------------------------------------


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"\xef\xbb\xbf" + spoken("x"),
        spoken("x", token="t"),
        spoken("x", ack=True),
        spoken("x", more=1),
        spoken("x", id=17),
        spoken("x", id=" x"),
        spoken("x", id='"'),
        spoken("x", id="é"),
        spoken("x", id="\x7f"),
        spoken("x", id="m", details={"a": "\x7f"}),
        spoken("x", id="m", details={"é": 1}),
        spoken("x", id="m", details={"a": float("nan")}),
        spoken("x", id="m").replace(b'"m"', b'"m","details":{"a":1e999}'),
        spoken("x", id="m").replace(b'"m"', b'"m","details":{"a":"\\ud800"}'),
        spoken("x").replace(b"}", b',"details":{"a":"\\ud800"}}'),
        spoken("x", details={"a": "x" * 5000}),
        spoken("x", details={"a": json.loads("[" * 80 + "]" * 80), "b": "x" * 200}),
        spoken("x", occurred_at="yesterday"),
        spoken("x", occurred_at=1795411667),
        spoken("x", player="steam:1"),
        spoken("x", player="name:A B"),
        spoken("x", player='name:"'),
        spoken("x", player="Alice"),
        spoken(" "),
        spoken("x" * 201),
        spoken(LINK_CODE, id="ABCD"),
        spoken("where", id="m"),
        spoken("capped", id="m"),
        spoken("counted", id="m"),
        spoken("once_more", id="m"),
        spoken("daily", id="m"),
        spoken("id"),
        spoken("always"),
        spoken("é", id="m"),
    ],
)
def test_what_is_not_plain_is_the_road_s(body: bytes) -> None:
    assert lane([heard(body)]) == [None]


def test_a_name_without_a_rule_is_the_road_s() -> None:
    assert lane([heard(spoken("y"))], [rule("x")]) == [None]


# -- anything at all ------------------------------------------------------------------------

_PLAIN = st.text("abcXYZ019_-/ .:", min_size=1, max_size=12)
_ODD = st.text(max_size=8) | st.sampled_from(['"', "\\", "\x7f", "\x85", " ", "\u3000"])
_LEAF = st.none() | st.booleans() | st.integers() | st.floats() | _PLAIN | _ODD
_JSON = st.recursive(
    _LEAF,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_PLAIN | _ODD, inner, max_size=4),
    max_leaves=12,
)
_PLAYERS = st.sampled_from(
    [
        PLAYER,
        "steam:76561197960265728",
        "steam:76561202255233023",
        "steam:76561202255233024",
        "STEAM_0:1:2",
        "[U:1:5]",
        "steam:1100001000000FF",
        "steam:11000010000000FF",
        "minecraft:069a79f4-44e9-4726-a5be-fca90e38aaf5",
        "guid:069A79F4-44E9-4726-A5BE-FCA90E38AAF5",
        "name:069A79F4-44E9-4726-A5BE-FCA90E38AAF5",
        "Name:Alice",
        "name:e\u0301",
    ]
) | _PLAIN.map(lambda text: f"name:{text}")
_MOMENTS = st.sampled_from(
    ["2026-11-23T18:00:00Z", "2026-11-23 18:00:00.5-00:30", "2026-11-23T18:00:61Z", "now"]
)
_MESSAGES = st.fixed_dictionaries(
    {"player": _PLAYERS | _ODD, "achievement": st.sampled_from(NAMES) | _PLAIN | _ODD},
    optional={
        "id": _PLAIN | _ODD | _LEAF,
        "occurred_at": _MOMENTS | _LEAF,
        "details": st.dictionaries(_PLAIN | _ODD, _JSON, max_size=5) | _LEAF,
    },
)
_WRITTEN = st.builds(
    lambda said, ascii_, separators: json.dumps(
        said, ensure_ascii=ascii_, separators=separators
    ).encode("utf-8", "surrogatepass"),
    _MESSAGES,
    st.booleans(),
    st.sampled_from([(",", ":"), (", ", ": "), (" ,\n", " :\t")]),
)


@settings(deadline=None, max_examples=400)
@given(_WRITTEN)
def test_any_message_becomes_the_same_entry(body: bytes) -> None:
    hold_equal(body)


@settings(deadline=None, max_examples=400)
@given(st.floats(allow_nan=False) | st.integers())
@example(1e16)
@example(9007199254740993.0)
@example(5e-324)
def test_a_number_s_spelling_is_no_other_content(number: float) -> None:
    """Written by JSON, by C's printf and with a capital: one value, one digest."""
    spellings = {json.dumps(number), f"{number!r}".upper(), f"{float(number):.17g}"}
    for spelling in spellings - {"INF", "-INF", "inf", "-inf"}:
        hold_equal(
            spoken("x", id="m").replace(b'"m"', b'"m","details":{"a":%s}' % spelling.encode())
        )


@settings(deadline=None, max_examples=300)
@given(_WRITTEN, st.data())
def test_a_damaged_message_becomes_the_same_entry_or_none(body: bytes, data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(body) - 1))
    piece = data.draw(st.binary(max_size=3) | st.sampled_from([b'"', b"\\", b"{", b"}", b","]))
    hold_equal(body[:at] + piece + body[at + data.draw(st.integers(0, 3)) :])


@settings(deadline=None)
@given(_MESSAGES, _MESSAGES)
def test_of_fields_that_stand_twice_the_last_counts(one: dict[str, Any], two: Any) -> None:
    hold_equal(json.dumps(one).encode()[:-1] + b"," + json.dumps(two).encode()[1:])


_ANY = _WRITTEN | st.sampled_from(
    [
        b"",
        b" ",
        b"\n",
        b"?",
        spoken("x", id="m") + b"\n" + spoken("y", id="m"),
        spoken("x", id="m").replace(b", ", b",\n"),
        spoken("x", id='"'),
        spoken("x", id="m", details={"a": "\u2028\n"}),
        spoken("x", id="m", details={"a": "b" * 1000}),
        *(spoken("x", id=str(number)) for number in range(5)),
    ]
)


@settings(deadline=None, max_examples=300)
@given(st.lists(_ANY, max_size=8))
@example([spoken("x", id="1")] * 200)
@example([*[spoken("x", id="1")] * 70, b"?", *[spoken("y", id="2")] * 70])
@example([spoken("x") + b"\n" + spoken("y"), b""])
def test_messages_make_together_what_each_makes_alone(bodies: list[bytes]) -> None:
    together = Together(bodies, START, "127.0.0.1:4000")

    assert lane(together) == [entry for body in bodies for entry in lane([heard(body)])]


# -- the road around it ---------------------------------------------------------------------


def test_messages_together_are_what_each_is_alone() -> None:
    bodies = [spoken("x", id=str(number)) for number in range(3)]
    together = Together(bodies, START, ["127.0.0.1:4000"] * 3)

    assert list(together) == [heard(body) for body in bodies]
    assert list(together[1:]) == [heard(body) for body in bodies[1:]]
    assert lane(together) == lane([heard(body) for body in bodies])


async def test_plain_and_odd_messages_mix(road: Road) -> None:
    said = [heard(spoken("x", id="1")), heard(b"?"), heard(spoken("x", id=2))]

    (first,), (second,), (third,) = await road.pipeline.accept(said)

    assert isinstance(second, NotJson)
    assert [entry[2] for entry in await road.entries()] == ['id:["","1"]', 'id:["","2"]']
    assert first.key != third.key


async def test_what_comes_again_with_other_content_is_counted(road: Road) -> None:
    await road.achieved("x", id="1")
    taken = await road.achieved("x", id="1", details={"a": 1})

    assert (taken.duplicate, taken.differs, road.pipeline.differing) == (True, True, 1)


async def test_new_rules_are_in_force_at_once(road: Road) -> None:
    await road.achieved("x", id="1")
    road.pipeline.rules = RuleBook([rule("*", event_code="NEW")])
    await road.achieved("x", id="2")

    assert [entry[0] for entry in await road.entries()] == ["x", "NEW"]


@pytest.mark.parametrize(
    ("speaker", "brakes"),
    [
        (Speaker("json", JsonAdapter(), id_scope="arena"), None),
        (Speaker("json", JsonAdapter(), trust="platform"), None),
        (Speaker("json", JsonAdapter()), BrakeSettings(source_minute=5)),
    ],
)
def test_the_lane_is_closed_where_more_is_asked(
    speaker: Speaker, brakes: BrakeSettings | None
) -> None:
    pipeline = Pipeline(speaker, RuleBook(RULES), MemoryOutbox(FakeClock()), brakes)

    assert pipeline._plain([heard(spoken("x", id="1"))]) == [None]


def test_the_lane_does_not_ask_when_an_event_occurred() -> None:
    """`once` and ids have no day: a wrong clock refuses nothing, on the road either."""
    old = (START - timedelta(days=400)).isoformat()

    assert hold_equal(spoken("x", id="1", occurred_at=old))


def test_names_are_forgotten_before_they_fill_the_memory() -> None:
    book = RuleBook([Rule("*", CAMPAIGN, None, None, Repeat.ONCE, "UTC")])
    for number in range(5000):
        assert book.fixed(f"name{number}") is not None

    assert len(book._fixed) <= 4096
