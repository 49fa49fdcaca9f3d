"""Exact amounts: whole micro-units inside, decimal numbers with at most six places outside.

In: JSON numbers (as int or Decimal) and decimal strings. Out: integers, and Decimals to print.
Knows nothing of who owns the money.
"""

import re
from decimal import Context, Decimal, Inexact, InvalidOperation, localcontext

from bridge.sandbox.readings import DECIMALS, LARGEST_AMOUNT

MICRO = Decimal(1).scaleb(-DECIMALS)
LARGEST_MICROS = LARGEST_AMOUNT * 10**DECIMALS

_WRITTEN = re.compile(r"[0-9]{1,13}(\.[0-9]{1,6})?", re.ASCII)
#: Traps every digit that would be lost.
_EXACT = Context(prec=40, traps=[Inexact, InvalidOperation])


def micros(value: object) -> int:
    """Return a positive amount in micro-units.

    Raises:
        ValueError: it is no number, not positive, too large or has more than six decimals.
    """
    amount = _decimal(value)
    if not amount.is_finite() or amount <= 0:
        raise ValueError("an amount must be a number greater than 0")
    if amount > LARGEST_AMOUNT:
        raise ValueError(f"an amount may not exceed {LARGEST_AMOUNT}")
    try:
        with localcontext(_EXACT):
            return int(amount.quantize(MICRO).scaleb(DECIMALS))
    except (Inexact, InvalidOperation) as lost:
        raise ValueError(f"an amount has at most {DECIMALS} decimals") from lost


def units(amount: int) -> Decimal:
    """Return micro-units as the number that goes out: no exponent, no needless zero."""
    with localcontext(_EXACT):
        value = Decimal(amount).scaleb(-DECIMALS)
        whole = value.to_integral_value()
        return whole if value == whole else value.normalize()


def _decimal(value: object) -> Decimal:
    if isinstance(value, str) and _WRITTEN.fullmatch(value):
        return Decimal(value)
    if isinstance(value, int | Decimal) and not isinstance(value, bool):
        return Decimal(value)
    raise ValueError("an amount must be a number or a decimal string")
