"""The road in memory pays what the bridge would pay."""

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import pytest
from pydantic import BaseModel, ConfigDict

from bridge import Adapter, AdapterSpec, GameEvent, MessageRejected, RawMessage, RememberingAdapter
from bridge.errors import SettingsError
from bridge.testing import FakeClock, Payout, Refusal, Road

ALICE, BOB = "steam:76561198000000001", "steam:76561198000000002"


class Options(BaseModel):
    model_config = ConfigDict(extra="forbid")

    prefix: str = ""


class Seats(BaseModel):
    by_slot: dict[str, str] = {}


class Arena(RememberingAdapter[Seats]):
    """`join SLOT PLAYER`, `award SLOT NAME [ID]`, `bad`, `crash`."""

    def __init__(self, options: Options) -> None:
        self._prefix = options.prefix

    def translate_with(self, message: RawMessage, memory: Seats) -> Iterable[GameEvent]:
        word, *rest = message.body.decode().split()
        if word == "join":
            memory.by_slot[rest[0]] = rest[1]
        elif word == "bad":
            raise MessageRejected("a bad line")
        elif word == "crash":
            raise ZeroDivisionError
        elif rest[0] in memory.by_slot:
            number = rest[2] if len(rest) > 2 else None
            return [GameEvent(memory.by_slot[rest[0]], self._prefix + rest[1], number)]
        return []


class Named(Adapter):
    def translate(self, message: RawMessage) -> Iterable[GameEvent]:
        return [GameEvent(f"name:{message.body.decode()}", message.headers.get("x-won", "won"))]


SPEC = AdapterSpec("arena", "x", Arena, options=Options, memory=Seats)
NAMED = AdapterSpec("named", "x", Named, identity="name", headers=("x-won",))
LOG = f"join 3 {ALICE}\njoin 4 {BOB}\r\naward 3 win\n\naward 4 win\naward 3 win\n".encode()


def test_lines_become_the_payouts_that_the_rules_say() -> None:
    road = Road(SPEC, rules='[[rules]]\nmatch = "win"\nevent_code = "EARN5"\nrepeat = "once"\n')
    new = road.lines(LOG)

    assert new == [
        Payout(ALICE, "EARN5", "once", "held", "unlinked", "win"),
        Payout(BOB, "EARN5", "once", "held", "unlinked", "win"),
    ]
    assert road.payouts == new
    assert road.refused == []


def test_each_line_is_an_occurrence_of_its_own_where_the_rule_says_always() -> None:
    road = Road(SPEC, rules=[{"match": "*", "repeat": "always"}])

    assert [payout.player for payout in road.lines(LOG)] == [ALICE, BOB, ALICE]
    assert [payout.player for payout in road.lines(b"award 3 win\naward 3 win")] == [ALICE, ALICE]
    assert len({payout.occurrence for payout in road.payouts}) == 5


def test_a_line_that_is_paid_and_fills_a_counter_makes_two_payouts() -> None:
    second = {"match": "win", "feat": "pair", "repeat": "always", "counter": {"to": 2}}
    road = Road(SPEC, rules=[second, {"match": "win", "repeat": "always"}])

    assert [payout.feat for payout in road.lines(LOG)] == ["win", "win", "win", "pair"]
    assert road.lines(b"join 4 " + BOB.encode()) == []
    assert [payout.feat for payout in road.lines(b"award 4 win")] == ["win", "pair"]


def test_without_rules_the_name_is_the_event_code() -> None:
    assert [payout.event_code for payout in Road(SPEC).lines(LOG)] == ["win", "win"]


def test_a_linked_player_is_due() -> None:
    road = Road(SPEC)
    road.link(BOB)
    road.lines(LOG)

    assert [(p.player, p.state) for p in road.payouts] == [(ALICE, "held"), (BOB, "due")]


def test_a_message_that_comes_again_pays_nothing_new() -> None:
    road = Road(SPEC, rules=[{"match": "*", "repeat": "per_id"}])
    road.message(f"join 1 {ALICE}".encode())

    assert len(road.message(b"award 1 win 17")) == 1
    assert road.message(b"award 1 win 17") == []
    assert len(road.message(b"award 1 win 18")) == 1


def test_what_is_refused_is_told_with_the_number_of_its_message() -> None:
    road = Road(SPEC, rules=[{"match": "win"}])
    road.lines(b"bad\n" + LOG + b"crash\naward 3 lost\n")

    first, failed, last = road.refused
    assert (first, last) == (
        Refusal(1, "a bad line"),
        Refusal(8, "no rule matches the achievement 'lost'"),
    )
    assert failed.message == 7
    assert road.failures == [failed]
    assert "the adapter failed: ZeroDivisionError (test_road.py:" in failed.error
    assert len(road.payouts) == 2


def test_options_and_headers_reach_the_adapter() -> None:
    road = Road(SPEC, options={"prefix": "my_"})
    (won,) = Road(NAMED).message(b"Al", headers={"x-won": "cup"})

    assert road.lines(LOG)[0].event_code == "my_win"
    assert won.event_code == "cup"


def test_ids_that_are_worth_less_than_trust_earn_nothing() -> None:
    road = Road(replace(NAMED, identity="platform"))

    assert road.message(b"Al") == []
    assert len(road.refused) == 1
    assert len(Road(NAMED).message(b"Al")) == 1


def test_an_adapter_whose_ids_are_worth_less_than_trust_is_refused_as_the_daemon_does() -> None:
    with pytest.raises(SettingsError, match="no more than a name, and the source trusts a client"):
        Road(NAMED, trust="client")


def test_a_misspelt_trust_is_told() -> None:
    with pytest.raises(SettingsError, match="trust can't be 'clent'; did you mean 'client'"):
        Road(NAMED, trust="clent")  # type: ignore[arg-type]  # what is tested


class Loose(BaseModel):
    by_slot: dict[Any, str] = {}


class Loosely(RememberingAdapter[Loose]):
    def translate_with(self, message: RawMessage, memory: Loose) -> Iterable[GameEvent]:
        memory.by_slot[3] = "Alice"
        return []


def test_a_memory_that_is_another_one_after_a_restart_fails_the_test() -> None:
    road = Road(AdapterSpec("loose", "x", Loosely, memory=Loose))

    with pytest.raises(AssertionError, match="not the same after a restart: 'by_slot' is read as"):
        road.lines(b"x")


def test_a_state_file_has_a_memory_of_its_own() -> None:
    road = Road(SPEC)
    road.lines(LOG)

    assert road.file("a.json", b"award 3 found") == []
    assert road.file("a.json", f"join 3 {BOB}".encode()) == []
    assert [p.player for p in road.file("a.json", b"award 3 found")] == [BOB]
    assert road.file("b.json", b"award 3 found") == []
    assert road.file("a.json", b"bad") == []
    assert road.refused[-1].error == "a bad line"


def test_the_clock_is_the_tests_own() -> None:
    clock = FakeClock()
    road = Road(SPEC, rules=[{"match": "*", "repeat": "daily"}], clock=clock)
    road.message(f"join 1 {ALICE}".encode())
    road.message(b"award 1 win 1")
    clock.advance(86_400)
    road.message(b"award 1 win 2")

    assert [p.occurrence for p in road.payouts] == ["day:2026-01-01", "day:2026-01-02"]


@pytest.mark.parametrize(
    ("rules", "said"),
    [
        ("[[rules", "not TOML"),
        (
            '[[rules]]\nmatch = "x"\nrepaet = "once"',
            "[rules.1] repaet: no such setting; did you mean 'repeat'?",
        ),
        ('[http]\nlisten = "x"', "only [[rules]] are taken here, not http"),
        ([{"match": "x"}, {"event_code": "x"}], "[rules.2] match: is missing"),
        ([{"match": "x", "counter": {"to": 1}}], "[rules] 1: a rule with a counter needs `feat`"),
        (
            [{"match": "x", "feat": "x", "counter": {"to": 1, "time": 1}}],
            "[rules.1.counter] time: no such setting; did you mean 'times'?",
        ),
        ("rules = 3", "  rules: Input should be"),
        ([3], "[rules] 1: "),
    ],
)
def test_rules_that_cannot_be_used_are_told_in_the_words_of_check(rules: str, said: str) -> None:
    with pytest.raises(SettingsError) as wrong:
        Road(SPEC, rules=rules)
    told = str(wrong.value)

    assert said in told
    assert "pydantic" not in told
    assert wrong.value.hint
