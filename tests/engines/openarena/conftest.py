"""The live test runs only where it is asked for, `-m openarena`: it needs 430 MB of packages."""

import pytest

MARK = "openarena"


def pytest_configure(config: pytest.Config) -> None:
    about = "plays on a real OpenArena server; run by `make test-openarena` only"
    config.addinivalue_line("markers", f"{MARK}: {about}")


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if MARK in config.option.markexpr:
        return
    live = [item for item in items if item.get_closest_marker(MARK)]
    if live:
        items[:] = [item for item in items if item not in live]
        config.hook.pytest_deselected(items=live)
