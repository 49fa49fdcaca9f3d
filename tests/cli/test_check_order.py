"""Rules that can never match, since one above them takes all that they are for."""

from fnmatch import fnmatchcase
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.cli.check.findings import Level
from bridge.cli.check.order import _covers, check_order, reached
from bridge.rules.book import Rule, where_of
from bridge.rules.counter import Counter
from bridge.rules.occurrence import Repeat
from tests.cli.conftest import Cli
from tests.cli.play import Site


def rule(match: str, counter: Counter | None = None, **where: Any) -> Rule:
    repeat = Repeat.ALWAYS if counter else Repeat.PER_ID
    values = {key: tuple(ones) for key, ones in where.items()}
    return Rule(match, "c", "CODE", None, repeat, "UTC", where=where_of(values), counter=counter)


@pytest.mark.parametrize(
    ("above", "below"),
    [
        (rule("*"), rule("boss_slain")),
        (rule("*"), rule("quest_*")),
        (rule("quest_*"), rule("quest_[ab]?")),
        (rule("*"), rule("win", mode=["ranked"])),
        (rule("win"), rule("win")),
        (rule("win", mode=["ranked", "duel"]), rule("win", mode=["duel"], size=[1])),
    ],
    ids=str,
)
def test_a_rule_that_another_leaves_nothing_is_warned_of(above: Rule, below: Rule) -> None:
    (found,) = check_order([above, below])

    assert found.level is Level.WARNING
    assert found.text.startswith(f"`{below}` never matches: `{above}`")
    assert reached([above, below]) == [above]


@pytest.mark.parametrize(
    ("above", "below"),
    [
        (rule("boss_slain"), rule("*")),
        (rule("quest_a*"), rule("quest_*")),
        (rule("win", mode=["ranked"]), rule("win")),
        (rule("win", mode=["ranked"]), rule("win", mode=["ranked", "duel"])),
        (rule("*", Counter(10)), rule("win")),
        (rule("*"), rule("win", Counter(10))),
        (rule("quest_?"), rule("quest_*")),
    ],
    ids=str,
)
def test_a_rule_that_is_left_something_is_not(above: Rule, below: Rule) -> None:
    assert list(check_order([above, below])) == []
    assert reached([above, below]) == [above, below]


_GLOBS = st.text("ab*?[]", max_size=5)


@given(_GLOBS, _GLOBS, st.text("ab[]", max_size=5))
def test_what_is_said_to_cover_another_glob_matches_each_of_its_names(
    above: str, match: str, name: str
) -> None:
    if _covers(above, match) and fnmatchcase(name, match):
        assert fnmatchcase(name, above)


def test_check_does_not_say_that_it_is_paid_for(here: Cli, live: Site) -> None:
    text = live.config.read_text()
    rules = '[[rules]]\nmatch = "*"\n\n[[rules]]\nmatch = "boss"\nevent_code = "first_blood"\n'
    live.config.write_text(f"{text}\n{rules}")
    try:
        told = here("check").out
    finally:
        live.config.write_text(text)

    assert "`boss → first_blood (once)` never matches" in told
    assert "`boss → first_blood (once)` is paid for" not in told
