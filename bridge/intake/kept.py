"""What of a call's headers a message keeps: what it is, who wrote it, what its adapter asks for.

In: headers. Out: some of them, cut short. Knows nothing of adapters.
"""

from collections.abc import Mapping, Sequence
from typing import Final

_KEPT: Final = ("content-type", "user-agent")
_LENGTH: Final = 200


def kept_headers(headers: Mapping[str, str], more: Sequence[str] = ()) -> dict[str, str]:
    """Return the headers that a message keeps, `more` of them where its adapter asks for it."""
    return {name: headers[name][:_LENGTH] for name in (*_KEPT, *more) if name in headers}
