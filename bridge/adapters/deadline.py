"""A time limit around code that isn't ours.

In: seconds. Out: an exception in that code's place where it takes longer. Works by the alarm signal
of POSIX, in the main thread: it ends even a regular expression that runs away. Elsewhere nothing
can be ended, and nothing is.
"""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from bridge.errors import TranslationError

#: Longest time that an adapter may take for one message.
SECONDS = 1.0


class TooSlow(BaseException):
    """The time is over. No `Exception`, so that an adapter can't swallow it by mistake."""


class _Limit:
    """Whether the guarded code is still running; the alarm may come a moment too late."""

    def __init__(self) -> None:
        self.running = True

    def __call__(self, _number: int, _frame: FrameType | None) -> None:
        if self.running:
            raise TooSlow


@contextmanager
def limited(seconds: float = SECONDS) -> Iterator[None]:
    """Let what is inside take so many seconds at most.

    Raises:
        TranslationError: it took longer.
    """
    if (
        not hasattr(signal, "setitimer")
        or threading.current_thread() is not threading.main_thread()
    ):
        yield
        return
    limit = _Limit()
    before = signal.signal(signal.SIGALRM, limit)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    except TooSlow as slow:
        raise TranslationError(f"the adapter took longer than {seconds:g} s") from slow
    finally:
        limit.running = False
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
