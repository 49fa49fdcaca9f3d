"""What strangers wrote, shown without harm."""

import json
import unicodedata

import click
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.cli.printing import harmless, one_line, print_error, print_json, span
from bridge.cli.tables import print_table
from bridge.errors import FieldProblem, MessageRejected


@given(st.text(st.characters(codec=None)))
def test_nothing_that_a_terminal_acts_on_passes(text: str) -> None:
    shown = one_line(text, 10_000)

    assert not [char for char in shown if unicodedata.category(char)[0] == "C"]
    assert "\n" not in shown


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("\x1b]0;owned\x07", "\\x1b]0;owned\\x07"),
        ("\x9b2J", "\\x9b2J"),
        ("abc\u202egnp.exe", "abc\\u202egnp.exe"),
        ("\u2066x\u2069", "\\u2066x\\u2069"),
        ("zero\u200bwidth\ufeff", "zero\\u200bwidth\\ufeff"),
        ("line\u2028two\r", "line\\u2028two\\r"),
        ("\udcff", "\\udcff"),
        ("Ünï ✕ 🦊 אבג", "Ünï ✕ 🦊 אבג"),
    ],
)
def test_a_hostile_text_is_escaped_and_a_foreign_one_is_not(written: str, shown: str) -> None:
    assert harmless(written) == shown


def test_a_letter_carries_a_few_marks_and_not_a_tower() -> None:
    shown = harmless("Z" + "\u0300" * 50)

    assert shown.count("\u0300") == 3


def test_a_very_long_value_is_cut_and_says_how_long_it_was() -> None:
    shown = one_line("x" * 10_240)

    assert len(shown) < 150
    assert shown.endswith("… (10240 characters)")


def test_a_message_keeps_its_lines_and_a_cell_does_not() -> None:
    assert (harmless("a\nb"), one_line("a\nb"), one_line(None)) == ("a\nb", "a\\nb", "-")


def test_a_table_is_plain_aligned_text_where_there_is_no_terminal(
    capsys: pytest.CaptureFixture[str],
) -> None:
    print_table(("NAME", "N"), [("日本", 1), ("x\x1b[31m", 22)])

    assert capsys.readouterr().out == "NAME       N\n日本       1\nx\\x1b[31m  22\n"


def test_json_is_one_ascii_document(capsys: pytest.CaptureFixture[str]) -> None:
    print_json({"player": "name:\u202e\x1b"})
    out = capsys.readouterr().out

    assert out.isascii()
    assert "\x1b" not in out
    assert json.loads(out) == {"player": "name:\u202e\x1b"}


def test_an_error_shows_its_fields_and_its_hint(capsys: pytest.CaptureFixture[str]) -> None:
    print_error(
        MessageRejected("2 fields are bad", fields=[FieldProblem("/id", "no\x1b")], hint="mend")
    )

    assert click.unstyle(capsys.readouterr().err) == (
        "error: 2 fields are bad\n  /id: no\\x1b\nhint: mend\n"
    )


@pytest.mark.parametrize(
    ("seconds", "told"),
    [(None, "-"), (0.25, "250 ms"), (90, "90 s"), (600, "10 min"), (7200, "2 h"), (3e5, "3 d")],
)
def test_a_span_is_told_in_the_unit_of_a_person(seconds: float | None, told: str) -> None:
    assert span(seconds) == told
