"""What failed in an adapter and where in its code, without a word of the message.

In: an exception, whose code it was, the message's bytes. Out: one line of text.
"""

import re
from pathlib import Path

from bridge.adapters.plugins import reason

_QUOTED = re.compile(r"'[^']*'|\"[^\"]*\"")
_WORD = re.compile(r"\w+")


def placed(failure: BaseException, owner: object, body: bytes = b"") -> str:
    """Say in one line what `failure` was and where: `KeyError: '…' (adapter.py:41)`.

    The place is the last one in the package of `owner`, an adapter or what makes one; none where
    it did not come that far. What stands in quotes and is in `body` becomes `…`: Python's own
    errors quote what they were given, and the line goes into logs.
    """
    told = _without(reason(failure), body)
    place = _place(failure, owner)
    return f"{told} ({place})" if place else told


def _without(told: str, body: bytes) -> str:
    words = {*_WORD.findall(body.decode("utf-8", "replace"))}

    def hidden(quoted: re.Match[str]) -> str:
        mark = quoted[0][0]
        said = words.isdisjoint(_WORD.findall(quoted[0]))
        return quoted[0] if said else f"{mark}…{mark}"

    return _QUOTED.sub(hidden, told) if words else told


def _place(failure: BaseException, owner: object) -> str:
    package = _package(getattr(owner, "__module__", ""))
    place, step = "", failure.__traceback__
    while step is not None:
        if _package(step.tb_frame.f_globals.get("__name__", "")) == package:
            place = f"{Path(step.tb_frame.f_code.co_filename).name}:{step.tb_lineno}"
        step = step.tb_next
    return place


def _package(module: object) -> str:
    return str(module).partition(".")[0]
