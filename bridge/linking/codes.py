"""Codes that players read on one screen and type on another.

In: chance. Out: codes. Thirty-seven bits, in letters that are not taken for each other.
"""

import random
from typing import Final

ALPHABET: Final = "ACDEFGHJKMNPQRTWXYZ2346789"
LENGTH: Final = 8


def new_code(chance: random.Random) -> str:
    """Return a code, written as `ABCD-EFGH`; `chance` must be the system's for real ones."""
    signs = "".join(chance.choice(ALPHABET) for _ in range(LENGTH))
    return f"{signs[:4]}-{signs[4:]}"
