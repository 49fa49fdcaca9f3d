"""Money as the outbox keeps it: whole millionths of a token unit, so that sums are exact.

In: `Decimal` amounts in token units. Out: integers, and back. Source of the six decimals: our
reading of the API reference, 8.9.
"""

from decimal import Decimal

DECIMALS = 6
_SCALE = Decimal(10) ** DECIMALS
#: The largest amount that fits SQLite's integers with room for sums.
_MOST = 10**17


def millionths(amount: Decimal | None) -> int | None:
    """Return an amount as it is kept; None where it is unknown, too fine or too large."""
    if amount is None or not amount.is_finite():
        return None
    scaled = amount * _SCALE
    whole = int(scaled) if abs(scaled) <= _MOST else None
    return whole if whole is not None and whole == scaled else None


def token_units(kept: int | None) -> Decimal | None:
    """Return a kept amount in token units, without needless zeros; None stays None."""
    return None if kept is None else tokens(kept)


def tokens(kept: int) -> Decimal:
    """Return a kept amount in token units, without needless zeros."""
    amount = Decimal(kept).scaleb(-DECIMALS)
    return amount.quantize(Decimal(1)) if amount == amount.to_integral() else amount.normalize()
