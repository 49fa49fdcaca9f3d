"""For every test: `make test` says how many tests marked `system` it left out."""

from typing import Any

import pytest
from hypothesis import HealthCheck, settings

# A busy machine is no bug: no example fails for having been slow.
settings.register_profile("house", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("house")

LEFT_OUT = pytest.StashKey[int]()
_KEY = "left_out"


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
