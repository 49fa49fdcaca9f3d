"""Entries looked at and decided about, without a daemon; with one: test_with_daemon.py."""

import re
from pathlib import Path
from typing import Any

import pytest

from bridge.outbox.contract import Outbox
from tests.cli.conftest import Cli
from tests.cli.play import Site, entry, in_outbox, make_uncertain

NO_KEY = "00000000-0000-4000-8000-000000000000"


@pytest.fixture
def held(configured: Site) -> str:
    """The key of a held entry."""
    new = entry()
    in_outbox(configured.outbox, lambda outbox: _put(outbox, new))
    return str(new.key)


@pytest.fixture
def uncertain(configured: Site) -> str:
    """The key of an entry of which nobody knows whether it was paid."""
    new = entry()
    in_outbox(configured.outbox, lambda outbox: make_uncertain(outbox, new))
    return str(new.key)


async def _put(outbox: Outbox, *new: Any) -> None:
    await outbox.put(new)


def test_the_list_is_filtered_and_cut(cli: Cli, configured: Site) -> None:
    entries = [entry(player, id_=str(n)) for n in range(3) for player in ("name:Alice", "name:Bob")]
    in_outbox(configured.outbox, lambda outbox: _put(outbox, *entries))

    def listed(*arguments: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = cli("outbox", "list", "--json", *arguments).json["entries"]
        return found

    assert len(listed()) == 6
    assert {each["player"] for each in listed("--player", "name:Bob")} == {"name:Bob"}
    assert (len(listed("--state", "held")), listed("--state", "dead")) == (6, [])
    assert listed("--campaign", "another") == []
    assert "the newest 2; --limit shows more" in cli("outbox", "list", "--limit", "2").out


def test_the_list_names_key_state_player_and_cause(cli: Cli, held: str) -> None:
    out = cli("outbox", "list").out.splitlines()

    assert out[0].split() == ["KEY", "STATE", "SINCE", "PLAYER", "EVENT", "TRIES", "WHY"]
    assert out[1].startswith(f"{held}  held")
    assert out[1].endswith("unlinked")


def test_an_empty_outbox_is_said(cli: Cli, configured: Site) -> None:
    assert cli("outbox", "list").out == "no entries\n"
    assert cli("outbox", "list", "--json").json == {"entries": []}


def test_an_unknown_key_is_told_with_a_hint(cli: Cli, held: str) -> None:
    for key in (NO_KEY, "nonsense", "\x1b]0;owned\x07"):
        ran = cli("outbox", "show", key)
        assert ran.code == 1
        assert "hint: Run `campaign-bridge outbox list`" in ran.err
        assert "\x1b]" not in ran.err


# -- decisions ------------------------------------------------------------------------------


def test_what_can_not_be_decided_is_told_with_the_next_step(cli: Cli, held: str) -> None:
    ran = cli("outbox", "retry", held)

    assert ran.code == 1
    assert "can't be retried" in ran.err
    assert "players link PLAYER USERREF" in ran.err


def test_an_entry_is_shown_by_the_beginning_of_its_key(cli: Cli, held: str) -> None:
    ran = cli("outbox", "show", held[:8])

    assert ran.code == 0
    assert f"entry      {held}" in ran.out


def test_one_refused_key_stops_no_other(cli: Cli, held: str) -> None:
    ran = cli("outbox", "discard", "--yes", "--json", NO_KEY, held)
    results = ran.json["results"]

    assert ran.code == 1
    assert results[0]["key"] == NO_KEY
    assert results[0]["error"]["code"] == "entry-not-found"
    told = {"entry_state": "discarded", "state": "discarded", "lane": None}
    assert results[1] == {"key": held, **told}


def test_discarding_is_asked_about(cli: Cli, held: str) -> None:
    asked = cli("outbox", "discard", held)  # nobody is there to answer

    assert asked.code == 1
    assert "hint: Add --yes" in asked.err
    assert cli("outbox", "show", held, "--json").json["entry_state"] == "held"


def test_a_decision_is_in_the_story_with_who_made_it(cli: Cli, held: str) -> None:
    cli("outbox", "discard", "--yes", held)
    out = cli("outbox", "show", held).out

    assert "decided that it is never paid (held → discarded)" in out
    assert "operator " in out


@pytest.mark.parametrize(
    ("answer", "state"), [("--paid", "accepted"), ("--unpaid", "due"), ("--resend", "due")]
)
def test_an_uncertain_entry_is_resolved(cli: Cli, uncertain: str, answer: str, state: str) -> None:
    ran = cli("outbox", "resolve", uncertain, answer, "--yes")

    assert ran.code == 0, ran.err
    assert ran.out == f"{uncertain}  {state}\n"
    assert ("may be paid a second time" in ran.err) is (answer == "--resend")


def test_resolving_needs_an_answer_and_a_yes(cli: Cli, uncertain: str) -> None:
    without = cli("outbox", "resolve", uncertain, "--yes")
    unconfirmed = cli("outbox", "resolve", uncertain, "--paid")

    assert (without.code, unconfirmed.code) == (2, 1)
    assert "--paid, --unpaid or --resend" in without.err
    assert cli("outbox", "show", uncertain, "--json").json["entry_state"] == "uncertain"


def test_only_what_is_uncertain_is_resolved(cli: Cli, held: str) -> None:
    ran = cli("outbox", "resolve", held, "--paid", "--yes")

    assert ran.code == 1
    assert "Only uncertain entries are in doubt" in ran.err


# -- the story ------------------------------------------------------------------------------


def test_the_story_tells_message_attempt_and_what_can_be_done(cli: Cli, uncertain: str) -> None:
    out = cli("outbox", "show", uncertain).out

    assert "state      uncertain: nobody can tell whether it was paid" in out
    assert "why        too old to be sent again without knowing (past_key_horizon)" in out
    assert "read by the adapter json as first_blood, id 1" in out
    assert '{"player": "name:Alice", "achievement": "first_blood", "id": "1"}' in out
    assert "attempt 1: to be tried again, timeout (no answer" in out
    assert "what can be done: look the payout up in the campaign's history" in out
    assert f"`outbox resolve {uncertain}` with" in out
    for choice, risk in (("paid", "nothing more is"), ("unpaid", "twice"), ("resend", "twice")):
        assert re.search(rf"^  --{choice} .*{risk}", out, re.MULTILINE)


def test_a_hostile_message_is_shown_harmlessly_and_cut(cli: Cli, configured: Site) -> None:
    new = entry("name:\u202eeve", code="x" * 10_000)
    in_outbox(configured.outbox, lambda outbox: _put(outbox, new))
    shown, listed = cli("outbox", "show", str(new.key)).out, cli("outbox", "list").out

    assert "\u202e" not in shown + listed
    assert "name:\\u202eeve" in shown
    assert "… (10000 characters)" in shown
    assert max(map(len, listed.splitlines())) < 400


def test_a_story_is_json_too(cli: Cli, uncertain: str) -> None:
    told = cli("outbox", "show", uncertain, "--json").json

    assert set(told) >= {"key", "entry_state", "message", "history", "journal", "rule", "wire_keys"}


def test_the_outbox_is_found_below_an_odd_path(cli: Cli, configured: Site, tmp_path: Path) -> None:
    odd = tmp_path / "a b" / "ünï.db"
    odd.parent.mkdir()
    in_outbox(odd, lambda outbox: _put(outbox, entry()))
    text = configured.config.read_text()
    configured.config.write_text(text.replace(str(configured.outbox), str(odd).replace(" ", "%20")))

    assert len(cli("outbox", "list", "--json").json["entries"]) == 1
