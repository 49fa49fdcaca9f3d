"""The event loops that a daemon may turn on: asyncio's own, and uvloop where that is installed."""

import asyncio
import os
from collections.abc import Callable
from importlib import import_module
from importlib.util import find_spec

LOOPS: dict[str, Callable[[], asyncio.AbstractEventLoop]] = {"asyncio": asyncio.SelectorEventLoop}
if find_spec("uvloop") is not None:
    LOOPS["uvloop"] = import_module("uvloop").new_event_loop


def obey() -> None:
    """Let what runs in the tests' own process turn on the loop that daemons are told to take.

    Where the environment says nothing, daemons turn on uvloop if it is there, and tests don't.
    """
    if os.environ.get("CAMPAIGN_BRIDGE_LOOP") == "uvloop":
        asyncio.set_event_loop_policy(import_module("uvloop").EventLoopPolicy())
