"""Amounts are exact or refused."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.sandbox.answers import encoded
from bridge.sandbox.money import LARGEST_MICROS, micros, units


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        (5, 5_000_000),
        (Decimal("0.000001"), 1),
        (Decimal("1E+2"), 100_000_000),
        ("0.1", 100_000),
        ("100.000001", 100_000_001),
        (Decimal("0.1000000000"), 100_000),
        ("1000000000000", LARGEST_MICROS),
    ],
)
def test_an_amount_is_kept_to_the_last_micro_unit(written: object, kept: int) -> None:
    assert micros(written) == kept


@pytest.mark.parametrize(
    "written",
    [
        0,
        -1,
        True,
        None,
        0.5,
        "",
        "1e3",
        "1_000",
        "-5",
        "NaN",
        " 5",
        "\u0665",  # a digit elsewhere
        "0.0000001",
        Decimal("0.0000001"),
        Decimal("1.0000000000000000000000000000000000000000001"),
        Decimal("NaN"),
        Decimal("Infinity"),
        Decimal("1E+400"),
        Decimal("1E-400"),
        "1000000000000.000001",
    ],
)
def test_what_is_no_exact_positive_amount_is_refused(written: object) -> None:
    with pytest.raises(ValueError, match="an amount"):
        micros(written)


@given(st.integers(min_value=1, max_value=LARGEST_MICROS))
def test_an_amount_goes_out_as_the_same_number_without_exponent(amount: int) -> None:
    text = encoded(units(amount))

    assert micros(text) == amount
    assert "E" not in text.upper()
