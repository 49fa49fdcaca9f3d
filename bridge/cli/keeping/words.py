"""Sizes and numbers in words that a person would use.

In: values. Out: text.
"""

from collections.abc import Mapping

from bridge.cli.printing import one_line


def in_bytes(number: int) -> str:
    """Return a size."""
    for size, unit in ((1 << 30, "GiB"), (1 << 20, "MiB"), (1 << 10, "KiB")):
        if number >= size:
            return f"{number / size:.1f} {unit}"
    return f"{number} bytes"


def states(found: Mapping[str, int]) -> str:
    """Return how many entries are in which state, in brackets; nothing where there are none."""
    told = ", ".join(f"{n} {one_line(state)}" for state, n in found.items())
    return f" ({told})" if told else ""
