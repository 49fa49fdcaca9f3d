"""For every test: which loop turns it, and how many marked `system` `make test` left out."""

import asyncio
from collections.abc import Callable, Mapping
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

from tests.support import loops

# A busy machine is no bug: no example fails for having been slow.
settings.register_profile("house", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("house")

loops.obey()

LEFT_OUT = pytest.StashKey[int]()
_KEY = "left_out"


def pytest_asyncio_loop_factories(
    item: pytest.Item,
) -> Mapping[str, Callable[[], asyncio.AbstractEventLoop]]:
    """Run a test that is marked `both_loops` on each; a loop that is alone is in no test's name."""
    both = item.get_closest_marker("both_loops") is not None
    return loops.LOOPS if both else {"usual": asyncio.new_event_loop}


def pytest_deselected(items: list[pytest.Item]) -> None:
    if items:
        stash = items[0].config.stash
        left = sum(item.get_closest_marker("system") is not None for item in items)
        stash[LEFT_OUT] = stash.get(LEFT_OUT, 0) + left


def pytest_sessionfinish(session: pytest.Session) -> None:
    output = getattr(session.config, "workeroutput", None)
    if output is not None:
        output[_KEY] = session.config.stash.get(LEFT_OUT, 0)


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any, error: object) -> None:
    """Every worker of xdist has collected the same tests: the last one's number is all's."""
    left = getattr(node, "workeroutput", {}).get(_KEY, 0)
    node.config.stash[LEFT_OUT] = left


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    left = config.stash.get(LEFT_OUT, 0)
    if left:
        terminalreporter.write_line(
            f"left out: {left} tests marked `system` (`make test-system` runs them)"
        )
