from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markupsafe import Markup

from bridge.look.filters import NONE, count, moment, money, printable, short, shown


@pytest.mark.parametrize(
    ("amount", "said"),
    [
        (Decimal("1234.5"), "1,234.50 USDC"),
        (Decimal(0), "0.00 USDC"),
        (Decimal("-0.00"), "0.00 USDC"),
        (5, "5.00 USDC"),
        (Decimal("0.000001"), "0.000001 USDC"),
        (Decimal("0.100000"), "0.10 USDC"),
        (Decimal("1E+6"), "1,000,000.00 USDC"),
        (Decimal("-12.345"), "-12.345 USDC"),
    ],
)
def test_money_is_shown_with_two_decimals_and_more_only_where_it_has_more(
    amount: Decimal | int, said: str
) -> None:
    assert money(amount) == said


def test_money_without_a_unit_is_the_amount_alone() -> None:
    assert money(Decimal("2.5"), "") == "2.50"


@given(st.decimals(allow_nan=False, allow_infinity=False, places=6))
def test_money_loses_no_digit(amount: Decimal) -> None:
    assert Decimal(money(amount, "").replace(",", "")) == amount


@pytest.mark.parametrize("wrong", [1.5, True, "1.5"])
def test_money_is_never_a_float_or_a_text(wrong: Any) -> None:
    with pytest.raises(TypeError, match="Decimal"):
        money(wrong)


@pytest.mark.parametrize("wrong", ["NaN", "Infinity"])
def test_money_is_finite(wrong: str) -> None:
    with pytest.raises(ValueError, match="finite"):
        money(Decimal(wrong))


def test_a_count_has_its_thousands_apart() -> None:
    assert count(1234567) == "1,234,567"


@pytest.mark.parametrize(
    "given_as",
    [
        "2026-11-23T10:15:42.500Z",
        "2026-11-23T12:15:42.5+02:00",
        datetime(2026, 11, 23, 10, 15, 42, 500_000, tzinfo=UTC),
        datetime(2026, 11, 23, 5, 15, 42, 500_000, tzinfo=timezone(timedelta(hours=-5))),
    ],
)
def test_a_moment_is_shown_in_utc_however_it_was_written(given_as: datetime | str) -> None:
    assert moment(given_as) == (
        '<time datetime="2026-11-23T10:15:42.500Z">23 Nov 2026, 10:15 UTC</time>'
    )


def test_a_moment_can_be_shown_to_the_second() -> None:
    assert "10:15:42 UTC" in moment("2026-11-23T10:15:42Z", seconds=True)


@pytest.mark.parametrize(
    "text", ["<b>soon</b>", "2026-11-23T10:15:42", "0001-01-01T00:00:00+14:00"]
)
def test_text_that_names_no_instant_is_shown_as_text(text: str) -> None:
    told = moment(text)

    assert told == text
    assert not isinstance(told, Markup)


def test_a_moment_without_a_timezone_is_a_mistake_of_the_program() -> None:
    with pytest.raises(ValueError, match="timezone"):
        moment(datetime(2026, 11, 23))  # noqa: DTZ001 - the case that is tested


@pytest.mark.parametrize("nothing", [None, ""])
def test_no_moment_and_no_id_are_a_dash_that_is_read_as_none(nothing: str | None) -> None:
    assert moment(nothing) == NONE
    assert short(nothing) == NONE
    assert shown(nothing) == NONE
    assert "none" in NONE


def test_a_long_id_is_cut_in_the_middle_and_whole_in_its_tooltip() -> None:
    assert short("cmp_8f14e45fceea167a", 6, 3) == (
        '<code title="cmp_8f14e45fceea167a">cmp_8f…67a</code>'
    )


def test_an_id_that_would_not_get_shorter_is_left_whole() -> None:
    assert short("usr_1234567890", 9, 4) == "<code>usr_1234567890</code>"


def test_a_long_id_can_be_shown_by_its_head_alone() -> None:
    assert short("abcdefghij", 3, 0) == '<code title="abcdefghij">abc…</code>'


def test_a_hostile_id_stays_text_in_the_tooltip_too() -> None:
    told = short('"><script>alert(1)</script>\u202e' + "x" * 40)

    assert "<script" not in told
    assert '"><' not in told.removeprefix("<code title=")
    assert "\u202e" not in told


@pytest.mark.parametrize(
    ("text", "seen"),
    [
        ("a\x00b", "a⟨U+0000⟩b"),
        ("a\x1b[31mb", "a⟨U+001B⟩[31mb"),
        ("a\nb\tc", "a↵b⇥c"),
        ("gpj\u202eexe", "gpj⟨U+202E⟩exe"),
        ("\u2066x\u2069", "⟨U+2066⟩x⟨U+2069⟩"),
        ("\u200bAlice", "⟨U+200B⟩Alice"),
        ("\u3164", "⟨U+3164⟩"),
        ("a\ud800b", "a⟨U+D800⟩b"),
        ("\U000e0041", "⟨U+E0041⟩"),
        ("a\u00a0b", "a b"),
        ("a\u2028b", "a⟨U+2028⟩b"),
        ("Zoë 😀 王", "Zoë 😀 王"),
    ],
)
def test_what_cannot_be_seen_is_spelled_out(text: str, seen: str) -> None:
    assert printable(text) == seen


def test_a_tower_of_marks_is_cut_short() -> None:
    assert printable("Z" + "\u0301" * 60 + "x") == "Z" + "\u0301" * 4 + "⟨…⟩x"


def test_a_text_of_ten_thousand_letters_is_cut_and_says_so() -> None:
    assert printable("x" * 10_000) == "x" * 200 + "…"
    assert printable("x" * 10_000, limit=None) == "x" * 10_000
    assert printable("x" * 200) == "x" * 200


def test_line_ends_and_tabs_can_be_kept() -> None:
    assert printable("a\r\n\tb\x00", lines=True) == "a\n\tb⟨U+0000⟩"


@given(st.text(st.characters(), max_size=60))
def test_whatever_strangers_write_can_be_sent_and_seen(text: str) -> None:
    seen = printable(text)

    assert all(character.isprintable() for character in seen)
    assert seen.encode("utf-8").decode() == seen


def test_parts_keep_markup_and_escape_text() -> None:
    assert shown(Markup("<b>1</b>")) == Markup("<b>1</b>")
    assert shown("<b>") == Markup("&lt;b&gt;")
    assert shown(Decimal("1.50")) == Markup("1.50")
