"""A word left for the next start: something in this outbox was found damaged.

In: what a running outbox stumbled over. Out: the same, at the next start, which then looks at every
page and index before anything is opened. The word lies beside the file, and goes once it has been
looked into.
"""

from contextlib import suppress
from pathlib import Path
from typing import Final

from bridge.sqlite.files import beside, give_to_owner, sync

DAMAGED: Final = ".damaged"
#: More of it helps nobody (characters).
_MOST: Final = 2000


def suspect(path: Path, why: str) -> None:
    """Leave word that the outbox at `path` is damaged; where the disk refuses, it is in the log."""
    word = beside(path, DAMAGED)
    with suppress(OSError):
        word.write_text(why[:_MOST], encoding="utf-8", errors="replace")
        sync(word)
        sync(path.parent)
        give_to_owner(path.parent, word)


def suspicion(path: Path) -> str | None:
    """Return what was found in the outbox at `path` while it was open; None where nothing was."""
    try:
        return beside(path, DAMAGED).read_text(encoding="utf-8", errors="replace")
    except FileNotFoundError:
        return None
    except OSError as failure:  # a word that can't be read is one all the same
        return f"what was found can't be read: {failure.strerror}"


def acquit(path: Path) -> None:
    """Take the word back: it was looked into."""
    with suppress(OSError):
        beside(path, DAMAGED).unlink(missing_ok=True)
